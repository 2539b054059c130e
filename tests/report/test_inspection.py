"""`hwgen inspect` shows every operation, also those that cannot be built yet."""

import re

import numpy as np
from rich.console import Console

from hwgen.ir import Add, Graph, Input, MaxPool2d
from hwgen.numeric import IntType, Range
from hwgen.report.inspection import inspection, inspection_table
from hwgen.report.inspection_columns import COLUMNS
from tests.tiny_nets import conv2d

LONGEST = max(len(name) for name, _ in COLUMNS)


def test_an_image_network():
    weight = np.tile([[[[1, -2], [0, 4]]]], (6, 1, 1, 1))
    nodes = (
        conv2d("conv", "input", weight, Range(0, 15), padding=(1, 1), stride=(2, 2), groups=3),
        MaxPool2d(name="max", inputs=("conv",), kernel_size=(2, 2), stride=(1, 1)),
        Add(name="add", inputs=("max", "max")),
    )
    kind = IntType.parse("u4")
    net = Graph(name="net", input=Input(shape=(3, 8, 8), type=kind), nodes=nodes, output="add")
    document = inspection(net)
    conv, pool, add = document["nodes"]
    assert [node["op"] for node in document["nodes"]] == ["conv2d", "max_pool2d", "add"]
    assert conv["shape"] == [6, 5, 5]
    assert conv["weight_shape"] == [6, 1, 2, 2]
    assert (conv["stride"], conv["padding"], conv["groups"]) == ([2, 2], [1, 1], 3)
    assert conv["bits"]["signed"] == 8  # [-30, 75]
    assert conv["bits"]["offset"] == 7
    assert conv["l1_norm"]["max"] == 7
    assert conv["sparsity"] == 0.25
    assert pool["type"] == "s8"
    assert add["inputs"] == ["max", "max"]
    console = Console(width=200, record=True)
    console.print(inspection_table(document))
    text = console.export_text()
    assert "6x1x2x2" in text
    headings = text[: text.index("┡")]
    for name, meaning in COLUMNS:
        assert f"\n{name:{LONGEST}}  {meaning}" in text
        assert all(word in headings for word in re.split("[ ,]+", name))
    assert "max_pool2d" in text

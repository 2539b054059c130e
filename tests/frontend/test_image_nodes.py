"""Nodes on images in a document: written, read back the same, refused where a key is wrong."""

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.frontend.document import from_document, to_document
from hwgen.ir import (
    Add,
    Concat,
    Graph,
    Input,
    MaxPool2d,
    PixelShuffle,
    SumPool2d,
    UpsampleNearest,
)
from hwgen.numeric import IntType, Range
from tests.tiny_nets import conv2d

WHERE = "net.pt"


def document():
    kernel = {"kernel_size": (2, 1), "stride": (2, 1)}
    nodes = (
        conv2d(
            "conv", "input", np.ones((4, 1, 3, 1)), Range(0, 1), stride=(1, 2), padding=(1, 0),
            groups=2, padding_value=1,
        ),
        Add(name="add", inputs=("conv", "conv"), multipliers=(1, -3)),
        Concat(name="concat", inputs=("add", "conv")),
        MaxPool2d(name="max", inputs=("concat",), padding=(1, 0, 0, 0), **kernel),
        SumPool2d(name="sum", inputs=("max",), **kernel),
        UpsampleNearest(name="up", inputs=("sum",), factor=3),
        PixelShuffle(name="shuffle", inputs=("up",), factor=2),
    )  # fmt: skip
    kind = IntType.parse("u1")
    spec = Input(shape=(2, 4, 4), type=kind)
    return to_document(Graph(name="net", input=spec, nodes=nodes, output="shuffle"))


def test_reading_is_the_inverse_of_writing():
    first = document()
    again = to_document(from_document(first, WHERE))
    ops = [node["op"] for node in first["nodes"]]
    assert ops == [
        "conv2d", "add", "concat", "max_pool2d", "sum_pool2d", "upsample_nearest", "pixel_shuffle"
    ]  # fmt: skip
    for one, other in zip(first["nodes"], again["nodes"], strict=True):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)
    assert first["nodes"][0]["stride"] == [1, 2]


@pytest.mark.parametrize(
    ("node", "key"),
    [(0, "stride"), (0, "padding"), (0, "groups"), (0, "weight"), (3, "kernel_size"),
     (4, "stride"), (5, "factor"), (6, "factor")],
)  # fmt: skip
def test_a_missing_key(node, key):
    changed = document()
    name = changed["nodes"][node]["name"]
    del changed["nodes"][node][key]
    with pytest.raises(ModelError) as caught:
        from_document(changed, WHERE)
    assert str(caught.value) == (
        f"net.pt: nodes[{node}]: {name}: key {key!r} is missing; export the model again"
    )


@pytest.mark.parametrize(
    ("node", "key", "value", "expected"),
    [
        (0, "stride", [1], "stride must be two integers, not 1"),
        (
            0,
            "padding",
            [0, 0, 0],
            "padding must be two integers, or four: top, left, bottom and right; not 3",
        ),
        (0, "stride", 1, "stride must be a list of integers, not int"),
        (0, "groups", "2", "groups must be an integer, not str"),
        (3, "stride", [1, 1.0], "stride must be a list of integers"),
        (5, "factor", True, "factor must be an integer, not bool"),
    ],
)
def test_a_wrong_value(node, key, value, expected):
    changed = document()
    name = changed["nodes"][node]["name"]
    changed["nodes"][node][key] = value
    with pytest.raises(ModelError) as caught:
        from_document(changed, WHERE)
    assert str(caught.value) == f"net.pt: nodes[{node}]: {name}: {expected}"


def test_a_conv_without_bias():
    changed = document()
    del changed["nodes"][0]["bias"]
    assert from_document(changed, WHERE).node("conv").bias.tolist() == [0] * 4

"""Files for the tests: those of the shared data where they are, and small ones made here."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hwgen.frontend.model_options import ModelOptions
from hwgen.frontend.onnx.read import imported
from hwgen.numeric import IntType

SHARED = next(
    (
        parent / "shared" / "data" / "onnx"
        for parent in Path(__file__).parents
        if (parent / "shared" / "data" / "onnx" / "index.json").exists()
    ),
    None,
)


def entries(*expected):
    """Every file of the shared data with one of these expectations, as (path, entry)."""
    if SHARED is None:
        return []
    index = json.loads((SHARED / "index.json").read_text())
    return [
        (SHARED / folder / entry["file"], entry)
        for folder, listed in index.items()
        for entry in listed
        if any(entry["expect"].startswith(word) for word in expected)
    ]


def read(path, *, keep_all=False, label=False, target=None, option=""):
    """Import a file, with options as on the command line."""
    words = option.split()
    given = dict(zip(words[::2], words[1::2], strict=True))
    kind = IntType.parse(given["--input"]) if "--input" in given else None
    scale = Fraction(given["--input-scale"]) if "--input-scale" in given else None
    options = ModelOptions(input_scale=scale, label=label, accumulator_target=target)
    return imported(path, kind, options, keep_all)


QONNX = "qonnx.custom_op.general"


class Maker:
    """Makes a model node by node; constants get names of their own."""

    def __init__(self, shape, kind=TensorProto.FLOAT):
        self.nodes, self.constants, self.count = [], [], 0
        self.input = helper.make_tensor_value_info("x", kind, shape)

    def constant(self, value, kind=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def node(self, op, *inputs, domain="", output=None, **attributes):
        self.count += 1
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        output = output or f"t{self.count}"
        name = f"{op}_{self.count}"
        self.nodes.append(
            helper.make_node(op, names, [output], name=name, domain=domain, **attributes)
        )
        return output

    def quant(self, x, scale, bits, *, zero=0, signed=1, narrow=0, mode="ROUND", output=None):
        return self.node(
            *("Quant", x, scale, zero, bits),
            domain=QONNX,
            signed=signed,
            narrow=narrow,
            rounding_mode=mode,
            output=output,
        )

    def model(self, output, opset=13):
        out = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "g", [self.input], [out], self.constants)
        imports = [helper.make_opsetid("", opset), helper.make_opsetid(QONNX, 2)]
        return helper.make_model(graph, opset_imports=imports)

    def save(self, path, output, opset=13):
        onnx.save(self.model(output, opset), path)
        return path

"""Networks of other tools at random: bytes, nodes, attributes and tensors changed."""

import json

import numpy as np
import onnx
from onnx import helper, numpy_helper

from hwgen import reference
from hwgen.errors import ModelError
from tests.frontend.onnx.files import QONNX, SHARED, Maker, read
from tests.fuzz.cases import limits, run
from tests.fuzz.damage import damaged_bytes

OPERATORS = (
    *("Quant", "BipolarQuant", "Trunc", "MultiThreshold", "QuantizeLinear", "DequantizeLinear"),
    *("MatMul", "Gemm", "Conv", "Add", "Sub", "Mul", "Div", "Relu", "Clip", "LeakyRelu", "Sigmoid"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "Concat", "Flatten", "Reshape"),
    *("Transpose", "Squeeze", "Unsqueeze", "Slice", "Gather", "Expand", "Tile", "Resize", "Pad"),
    *("Softmax", "ArgMax", "TopK", "BatchNormalization", "Shape", "Cast", "Split", "DepthToSpace"),
    *("ConstantOfShape", "Range", "Loop", "QLinearConv", "QLinearAdd", "ConvInteger", "Nonsense"),
)
NUMBERS = (0, 1, -1, 2, 3, 7, 8, 63, 1 << 20, 1 << 40, (1 << 63) - 1, -(1 << 63))
FLOATS = (0.0, 0.5, -1.0, 1e-45, 1e38, 3e38, float("nan"), float("inf"), -float("inf"))
SMALL_FILE = 40_000  # bytes: of the shared files those that are read in a moment


def make_files(home):
    """Write the files that are damaged."""
    (home / "onnx").mkdir()
    rng = np.random.default_rng(0)
    m = Maker([1, 6])
    x = m.quant("x", 0.25, 4)
    y = m.node("Add", m.node("MatMul", x, m.quant(rng.normal(size=(6, 5)), 0.25, 3)), [0.1] * 5)
    y = m.node("BatchNormalization", y, [1.0, -1, 2, 1, 1], [0.1] * 5, [0.2] * 5, [0.5] * 5)
    y = m.node("MatMul", m.quant(y, 0.5, 3), m.quant(rng.normal(size=(5, 3)), 0.25, 3))
    m.save(home / "onnx" / "dense.onnx", m.node("Softmax", y, output="y"))
    m = Maker([1, 2, 6, 6])
    x = m.quant("x", 0.3, 4, zero=2, signed=0)
    w = m.quant(rng.normal(size=(4, 2, 3, 3)), 0.2, 3)
    y = m.quant(m.node("Conv", x, w, pads=[1, 1, 1, 1]), 0.7, 4)
    z = m.quant(m.node("Conv", x, m.quant(rng.normal(size=(4, 2, 1, 1)), 0.2, 3)), 0.4, 4)
    y = m.node("MaxPool", m.node("Add", y, z), kernel_shape=[2, 2], strides=[2, 2])
    y = m.node("Concat", m.quant(y, 0.5, 4), m.quant(y, 0.25, 4), axis=1)
    y = m.node(
        "Reshape", m.node("AveragePool", y, kernel_shape=[3, 3]), m.constant([1, 8], np.int64)
    )
    y = m.node(
        "Gemm", y, m.quant(rng.normal(size=(3, 8)), 0.2, 3), [1.0, 2, 3], transB=1, output="y"
    )
    m.save(home / "onnx" / "maps.onnx", y)
    m = Maker([1, 6])
    s, z = m.constant(0.1), m.constant(17, np.uint8)
    x = m.node("DequantizeLinear", m.node("QuantizeLinear", "x", s, z), s, z)
    w = m.node("DequantizeLinear", m.constant(rng.integers(-9, 9, (6, 4)), np.int8), 0.5)
    y = m.node("Sigmoid", m.node("LeakyRelu", m.node("Gemm", x, w), alpha=0.1))
    y = m.node("DequantizeLinear", m.node("QuantizeLinear", y, s, z), s, z, output="y")
    m.save(home / "onnx" / "qdq.onnx", y)


def sources(home):
    """Give the files: those made here, and small shared ones."""
    found = sorted((home / "onnx").glob("*.onnx"))
    if SHARED is not None:
        index = json.loads((SHARED / "index.json").read_text())
        for folder in ("operators", "generated", "public"):
            for entry in index[folder]:
                path = SHARED / folder / entry["file"]
                if entry["expect"] == "build" and path.stat().st_size < SMALL_FILE:
                    found.append(path)
    return found


def an_onnx_file_as_bytes(home, place, seed):
    """Damage the bytes."""
    rng = np.random.default_rng(seed)
    found = sources(home)
    content = found[int(rng.integers(0, len(found)))].read_bytes()
    (place / "m.onnx").write_bytes(damaged_bytes(rng, content))
    try_file(rng, place / "m.onnx")


def an_onnx_file_as_a_graph(home, place, seed):
    """Change nodes, names, attributes, shapes and values."""
    rng = np.random.default_rng(seed)
    found = sources(home)
    model = onnx.load(found[int(rng.integers(0, len(found)))])
    for _ in range(int(rng.integers(1, 4))):
        change(rng, model.graph)
    onnx.save(model, place / "m.onnx")
    try_file(rng, place / "m.onnx")


def change(rng, graph):
    """Change one thing of a graph."""
    node = graph.node[int(rng.integers(0, len(graph.node)))] if graph.node else None
    if node is None:
        return
    names = [name for one in graph.node for name in (*one.input, *one.output)] + ["", "missing"]
    match rng.integers(0, 10):
        case 0:
            graph.node.remove(node)
        case 1 if node.input:
            node.input[int(rng.integers(0, len(node.input)))] = str(rng.choice(names))
        case 2:
            node.op_type = str(rng.choice(OPERATORS))
            node.domain = QONNX if node.op_type in OPERATORS[:4] else ""
        case 3 if node.input:
            del node.input[int(rng.integers(0, len(node.input)))]
        case 4 | 5 if node.attribute:
            change_attribute(rng, node)
        case 6:
            where = node.attribute
            where.append(helper.make_attribute("axis", int(rng.choice((-9, -1, 0, 1, 2, 3, 99)))))
        case 7 if graph.input and graph.input[0].type.tensor_type.shape.dim:
            dims = graph.input[0].type.tensor_type.shape.dim
            dims[int(rng.integers(0, len(dims)))].dim_value = int(rng.choice(NUMBERS))
        case _ if graph.initializer:
            change_tensor(rng, graph.initializer[int(rng.integers(0, len(graph.initializer)))])
        case _:
            graph.node.append(node)


def change_attribute(rng, node):
    index = int(rng.integers(0, len(node.attribute)))
    item = node.attribute[index]
    match rng.integers(0, 4):
        case 0:
            del node.attribute[index]
        case 1 if item.ints:
            item.ints[int(rng.integers(0, len(item.ints)))] = int(rng.choice(NUMBERS))
        case 2 if item.ints:
            del item.ints[-1]
        case _:
            item.i, item.f = int(rng.choice(NUMBERS)), float(rng.choice(FLOATS))


def change_tensor(rng, tensor):
    match rng.integers(0, 5):
        case 0 if tensor.dims:
            tensor.dims[int(rng.integers(0, len(tensor.dims)))] = int(rng.choice(NUMBERS))
        case 1:
            tensor.data_type = int(rng.integers(0, 26))
        case 2 if tensor.dims:
            tensor.dims.reverse()
        case _:
            try:
                array = numpy_helper.to_array(tensor).copy()
            except (TypeError, ValueError, KeyError):  # it was damaged before
                return
            if array.size and array.dtype.kind in "fiu":
                place = int(rng.integers(0, array.size))
                with np.errstate(all="ignore"):
                    value = rng.choice(FLOATS if array.dtype.kind == "f" else NUMBERS[:7])
                    array.reshape(-1)[place] = np.asarray(value).astype(array.dtype)
                tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def try_file(rng, path):
    """Inspect a file; where it is read, both ways to read it give the same integers."""
    option = [] if rng.random() < 0.7 else ["--input", "u8", "--input-scale", "1/255"]
    label = ["--label"] if rng.random() < 0.2 else []
    if run("inspect", path, *option, *label):
        return
    with limits():
        try:
            found = [
                read(path, option=" ".join(option), label=bool(label), keep_all=keep)
                for keep in (False, True)
            ]
        except ModelError as error:
            raise AssertionError("inspected, and refused") from error
        kind = found[0].graph.input
        if np.prod(kind.shape) > 20_000:
            return
        x = rng.integers(kind.type.lo, kind.type.hi + 1, (3, *kind.shape))
        outputs = [reference.outputs(one.graph, x) for one in found]
    np.testing.assert_array_equal(*outputs)

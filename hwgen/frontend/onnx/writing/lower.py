"""A file as plain ONNX operators, which a float runtime can run, with its quantizers as outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

from hwgen.errors import ModelError
from hwgen.frontend.onnx.arithmetic.rounding import Mode, parse_mode

CUSTOM = {"Quant", "IntQuant", "BipolarQuant", "Trunc", "MultiThreshold"}
QLINEAR = {"QLinearConv", "QLinearMatMul", "QGemm"}  # inputs 2, 3, 5: zero, weights, their zero
CHANNELS_LAST = "qonnx.custom_op.channels_last"


def lowered(path: Path, tensors: Mapping[str, int], opset: int | None = None) -> bytes:
    """Give the model in operators of the standard, with more tensors among its outputs.

    Parameters
    ----------
    tensors
        Outputs of quantizers, and how many axes each has.
    opset
        Version to take the standard operators as, where the file's own will not run.

    Raises
    ------
    ModelError
        Where the file cannot be read.
    """
    try:
        model = onnx.load(path)
    except (ValueError, TypeError, OSError, onnx.checker.ValidationError) as error:
        raise ModelError(f"{path.name}: must be a file that runs, and is not ({error})") from None
    lowering = _Lowering(model, tensors)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes += lowering.node(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(lowering.constants)
    _free_batches(model.graph)
    del model.graph.value_info[:]
    del model.graph.quantization_annotation[:]
    have = {output.name for output in model.graph.output}
    for name in tensors:
        if name not in have:
            model.graph.output.append(helper.make_empty_tensor_value_info(name))
            have.add(name)
    standard = max(opset or 0, lowering.opset)
    others = [entry for entry in model.opset_import if entry.domain == "com.microsoft"]
    used = {node.domain for node in nodes}
    if "com.microsoft" in used and not others:
        others = [helper.make_opsetid("com.microsoft", 1)]
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("", standard), *others])
    return bytes(model.SerializeToString())


def _raised(codes: np.ndarray) -> np.ndarray:
    return (codes.astype(np.int16) + 128).astype(np.uint8)


def _free_batches(graph: GraphProto) -> None:
    """Let a batch of 0, which old exporters wrote where it may be any, be any."""
    for port in (*graph.input, *graph.output):
        shape = port.type.tensor_type.shape
        if shape.dim and shape.dim[0].HasField("dim_value") and not shape.dim[0].dim_value:
            shape.dim[0].dim_param = "batch"


class _Lowering:
    """Makes nodes of the standard of those of QONNX and FINN."""

    def __init__(self, model: onnx.ModelProto, ranks: Mapping[str, int]) -> None:
        self.ranks = ranks
        self.stored = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        for node in model.graph.node:
            given = node.attribute if node.op_type == "Constant" else ()
            for attribute in given:
                if attribute.name == "value":
                    self.stored[node.output[0]] = numpy_helper.to_array(attribute.t)
        imports = model.opset_import
        standard = [entry.version for entry in imports if entry.domain in ("", "ai.onnx")]
        self.opset = max(standard, default=13)
        self.constants: list[onnx.TensorProto] = []
        self.made: list[NodeProto] = []
        self.count = 0

    def node(self, node: NodeProto) -> list[NodeProto]:
        """Give the nodes that stand for one of the file."""
        self.made = []
        if node.domain == CHANNELS_LAST:
            self._channels_last(node)
        elif node.op_type in CUSTOM:
            self._custom(node)
        else:
            plain = NodeProto()
            plain.CopyFrom(node)
            if plain.domain not in ("com.microsoft",):
                plain.domain = ""
            self._without_saturation(plain)
            return [plain]
        return self.made

    def _without_saturation(self, node: NodeProto) -> None:
        """Give unsigned inputs unsigned weights, 128 higher like their zero.

        Of unsigned by signed bytes, x86 without VNNI sums two products in 16 bits that saturate
        (`pmaddubsw`), and onnxruntime lets it.
        """
        if node.op_type in QLINEAR:
            zero, at, zero_at = self.stored.get(node.input[2]), 3, 5
        elif node.op_type == "MatMulInteger":
            zero, at, zero_at = np.zeros((), np.uint8), 1, 3  # by inputs of either sign exact
        else:
            return
        weights = self.stored.get(node.input[at])
        if zero is None or zero.dtype != np.uint8 or weights is None or weights.dtype != np.int8:
            return
        node.input.extend([""] * (zero_at + 1 - len(node.input)))
        own_zero = self.stored.get(node.input[zero_at])
        if own_zero is None and node.input[zero_at]:
            return
        node.input[at] = self.constant(_raised(weights))
        node.input[zero_at] = self.constant(
            _raised(np.zeros((), np.int8) if own_zero is None else own_zero)
        )

    def constant(self, value: np.ndarray | float) -> str:
        self.count += 1
        name = f"hwgen_constant_{self.count}"
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        self.count += 1
        output = output or f"hwgen_tensor_{self.count}"
        self.made.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def _custom(self, node: NodeProto) -> None:
        given = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        x, output = node.input[0], node.output[0]
        if node.op_type == "BipolarQuant":
            self._bipolar(x, node.input[1], output)
        elif node.op_type == "MultiThreshold":
            self._multi_threshold(node, given)
        elif node.op_type == "Trunc":
            self._trunc(node, given)
        else:
            self._quant(node, given)

    def _floats(self, names: Iterable[str]) -> list[str]:
        """Give tensors as float32, in which a file may have its scales, zeros and widths or not."""
        return [self.add("Cast", name, to=onnx.TensorProto.FLOAT) for name in names]

    def _bipolar(self, x: str, scale: str, output: str) -> None:
        below = self.add("Less", x, self.constant(0.0))
        minus = self.add("Neg", scale)
        self.add("Where", below, minus, scale, output=output)

    def _quant(self, node: NodeProto, given: dict[str, object]) -> None:
        scale, zero, bits = self._floats(node.input[1:4])
        x, output, signed = node.input[0], node.output[0], bool(given.get("signed", 1))
        one, two = self.constant(1.0), self.constant(2.0)
        narrow = self.constant(float(bool(given.get("narrow", 0))))
        power = self.add("Pow", two, self.add("Sub", bits, one) if signed else bits)
        high = self.add("Sub", power, one)
        if signed:
            low = self.add("Add", self.add("Neg", power), narrow)
        else:
            low, high = self.constant(0.0), self.add("Sub", high, narrow)
        raw = self.add("Add", self.add("Div", x, scale), zero)
        cut = self.add("Max", self.add("Min", raw, high), low)
        codes = self._rounded(cut, _mode(given, "ROUND"))
        if signed:  # one bit: -1 or 1
            negative = self.add("Less", raw, self.constant(0.0))
            sign = self.add("Where", negative, self.add("Neg", one), one)
            single = self.add("Less", bits, self.constant(1.5))
            codes = self.add("Where", single, sign, codes)
        self.add("Mul", self.add("Sub", codes, zero), scale, output=output)

    def _rounded(self, x: str, mode: Mode) -> str:
        if mode in (Mode.half_even, Mode.floor, Mode.ceil):
            op = {Mode.half_even: "Round", Mode.floor: "Floor", Mode.ceil: "Ceil"}[mode]
            return self.add(op, x)
        sign, size, half = self.add("Sign", x), self.add("Abs", x), self.constant(0.5)
        match mode:
            case Mode.half_up:
                size = self.add("Floor", self.add("Add", size, half))
            case Mode.half_down:
                size = self.add("Ceil", self.add("Sub", size, half))
            case Mode.up:
                size = self.add("Ceil", size)
            case _:
                size = self.add("Floor", size)
        return self.add("Mul", sign, size)

    def _trunc(self, node: NodeProto, given: dict[str, object]) -> None:
        scale, zero, *rest = self._floats(node.input[1:])
        x, output, two = node.input[0], node.output[0], self.constant(2.0)
        inner = self.add("Round", self.add("Add", self.add("Div", x, scale), zero))
        mode = _mode(given, "FLOOR")
        if len(rest) == 2:
            power = self.add("Pow", two, self.add("Sub", rest[0], rest[1]))
            codes = self._rounded(self.add("Div", inner, power), mode)
            self.add("Mul", self.add("Sub", codes, zero), scale, output=output)
            return
        _, out, bits = rest
        ratio = self.add("Log", self.add("Div", out, scale))
        exponent = self.add("Round", self.add("Div", ratio, self.constant(float(np.log(2.0)))))
        power, one = self.add("Pow", two, exponent), self.constant(1.0)
        signed, narrow = bool(given.get("signed", 1)), float(bool(given.get("narrow", 0)))
        top = self.add("Pow", two, self.add("Sub", bits, one) if signed else bits)
        high, low = self.add("Sub", top, one), self.constant(0.0)
        if signed:
            low = self.add("Add", self.add("Neg", top), self.constant(narrow))
        else:
            high = self.add("Sub", high, self.constant(narrow))
        cut = self.add("Max", self.add("Min", self.add("Div", inner, power), high), low)
        codes = self._rounded(cut, mode)
        self.add("Mul", self.add("Sub", codes, self.add("Div", zero, power)), out, output=output)

    def _multi_threshold(self, node: NodeProto, given: dict[str, object]) -> None:
        """Compare with each threshold along one more axis, and count."""
        table, rank = self.stored.get(node.input[1]), self.ranks[node.output[0]]
        if table is None:
            raise ModelError(f"{node.name}: thresholds must be stored as they are; clean the file")
        layout = given.get("data_layout", b"")
        text = layout.decode() if isinstance(layout, bytes) else ""
        axis = text.find("C") if "C" in text else (rank - 1 if rank == 3 else 1)
        rows, steps = table.shape
        shape = [rows if i == axis else 1 for i in range(rank)]
        bounds = self.constant(table.reshape(*shape, steps))
        sizes = self.constant(np.array([0] * rank + [1]))
        below = self.add("Less", self.add("Reshape", node.input[0], sizes), bounds)
        reached = self.add("Cast", self.add("Not", below), to=onnx.TensorProto.FLOAT)
        if self.opset >= 13:
            last = self.constant(np.array([rank]))
            count = self.add("ReduceSum", reached, last, keepdims=0)
        else:
            count = self.add("ReduceSum", reached, axes=[rank], keepdims=0)
        scale, bias = (
            self.constant(float(str(given.get(name, default))))
            for name, default in (("out_scale", 1.0), ("out_bias", 0.0))
        )
        self.add("Add", self.add("Mul", count, scale), bias, output=node.output[0])

    def _channels_last(self, node: NodeProto) -> None:
        """Put a node on channels first between two transpositions."""
        first = self.add("Transpose", node.input[0], perm=[0, 3, 1, 2])
        others = list(node.input[1:])
        if node.op_type == "Conv":
            others[0] = self.add("Transpose", others[0], perm=[0, 3, 1, 2])
        plain = NodeProto()
        plain.CopyFrom(node)
        plain.domain = ""
        self.count += 1
        output = f"hwgen_tensor_{self.count}"
        del plain.input[:], plain.output[:]
        plain.input.extend([first, *others])
        plain.output.append(output)
        self.made.append(plain)
        self.add("Transpose", output, output=node.output[0], perm=[0, 2, 3, 1])


def _mode(given: dict[str, object], default: str) -> Mode:
    name = given.get("rounding_mode", default.encode())
    found = parse_mode(name.decode() if isinstance(name, bytes) else str(name))
    return found or Mode.half_even

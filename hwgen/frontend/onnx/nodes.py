"""Reads one node of a file: which reader it goes to, and what is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx import attributes
from hwgen.frontend.onnx.activations import multi_threshold, quantize, trunc, uniform_staircase
from hwgen.frontend.onnx.beginning import begin
from hwgen.frontend.onnx.constants import Constant, integers
from hwgen.frontend.onnx.elementwise import activation, affine, batch_normalization, dequantize
from hwgen.frontend.onnx.ending import label
from hwgen.frontend.onnx.index_moves import MOVES, move_of
from hwgen.frontend.onnx.joins import add, concat
from hwgen.frontend.onnx.layers import weights_of
from hwgen.frontend.onnx.load import Node, shown
from hwgen.frontend.onnx.plain_values import no_quantizer
from hwgen.frontend.onnx.pools import average_pool, max_pool, reduce_mean
from hwgen.frontend.onnx.products import Operand, conv, exact_values, gemm, mat_mul
from hwgen.frontend.onnx.qoperators import QOPERATORS, read_qoperator
from hwgen.frontend.onnx.quantizers import Uniform, linear, uniform
from hwgen.frontend.onnx.value import Value
from hwgen.frontend.onnx.walk import Walk

Result = Value | Constant | None | tuple[Value | Constant | None, ...]

DOMAINS = {
    *("", "ai.onnx", "com.microsoft", "onnx.brevitas", "ai.onnx.contrib"),
    *("qonnx.custom_op.general", "qonnx.custom_op.channels_last", "finn.custom_op.general"),
}
KEEPS_ORDER = {"ArgMax", "TopK", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Cast"}
FUNCTIONS = {*("Relu", "Clip", "LeakyRelu", "PRelu", "HardSigmoid", "Sigmoid", "Tanh", "Neg")}
NOT_MONOTONE = {
    *("Gelu", "FastGelu", "Mish", "HardSwish", "Swish", "Silu", "QuickGelu"),
    *("Abs", "Sin", "Cos", "Celu", "Elu", "Selu", "Softplus", "Softsign", "Exp", "Erf", "Sqrt"),
}
LEAST_INPUTS = {
    **dict.fromkeys(("MatMul", "MatMulInteger", "Gemm", "Conv", "ConvInteger", "PRelu"), 2),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "DequantizeLinear", "MultiThreshold"), 2),
    **dict.fromkeys(("QuantizeLinear", "BipolarQuant", "Gather", "Expand", "Tile"), 2),
    **{"Quant": 4, "IntQuant": 4, "BatchNormalization": 5, "Trunc": 5, "Where": 3, "Range": 3},
}
PAST_IMPORT = {"RequantShift": "PULP", "RequantizedConv": "PULP"}


def read_node(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    """Read a node that depends on the data.

    Raises
    ------
    ModelError
        Where it has no exact integer meaning here; the text begins behind the node's name.
    """
    made = len(walk.nodes)
    result = _read(walk, node, operands)
    if isinstance(result, Value) and len(walk.nodes) == made:
        return replace(result, trail=(*result.trail, node.name))
    return result


def check_operator(node: Node) -> None:
    """Refuse what is known by its name to have no meaning here."""
    domain = node.domain
    if domain.startswith("finn.custom_op.fpgadataflow") or node.op in PAST_IMPORT:
        raise ModelError(
            f"{shown(node.op)} must not be there, an operator of another tool's hardware; "
            "give the file from before that tool's conversion to hardware"
        )
    if node.op == "FloatQuant":
        raise ModelError("FloatQuant must be Quant: minifloat is not integer; quantize to integers")
    if node.op == "DynamicQuantizeLinear":
        raise ModelError(
            "scale must be constant, not computed from the data (dynamic quantization); "
            "use static quantization"
        )
    least = LEAST_INPUTS.get(node.op, 0 if node.op == "Constant" else 1)
    if len(node.inputs) < least or not node.outputs:
        raise ModelError(
            f"{node.op} must have at least {least} inputs and an output, not {len(node.inputs)} "
            f"and {len(node.outputs)}; export the model again"
        )
    if domain not in DOMAINS:
        raise ModelError(
            f"operator {shown(node.op)} of domain {shown(domain)} must be a known one; "
            "build that part in software"
        )


def _read(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    match node.op:
        case "Quant" | "IntQuant" | "BipolarQuant" | "QuantizeLinear":
            return _quantizer(walk, node, operands)
        case "DequantizeLinear":
            return _dequantizer(walk, node, operands)
        case "MultiThreshold" | "Trunc":
            return _staircase(walk, node, operands)
        case "MatMul" | "MatMulInteger":
            return _mat_mul(walk, node, operands)
        case "Gemm":
            return gemm(walk, node, operands)
        case "Conv":
            return conv(walk, node, operands)
        case _:
            return _read_between(walk, node, operands)


def _read_between(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    """Read what stands between layers and quantizers."""
    value = operands[0] if operands else None
    match node.op:
        case "Add" | "Sub" | "Sum":
            return _sum(walk, node, operands)
        case "Mul" | "Div":
            return affine(walk, node, operands)
        case "BatchNormalization":
            return batch_normalization(walk, node, operands)
        case "Concat":
            return _concat(walk, node, operands)
        case "Pad":
            return _padded(node, operands)
        case "Softmax" | "LogSoftmax":
            return _softmax(walk, node, _data(node, value))
        case "ArgMax" | "TopK":
            return _label(walk, node, operands)
        case _ if node.op in FUNCTIONS:
            _data(node, value)
            return activation(walk, node, operands)
        case _ if node.op in QOPERATORS:
            return read_qoperator(walk, node, operands)
        case _:
            return _read_moving(walk, node, operands)


def _read_moving(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    """Read what moves elements about, and poolings."""
    value = operands[0] if operands else None
    match node.op:
        case "Split":
            return _split(node, operands)
        case "Shape":
            return Constant(np.array(_data(node, value).where.shape, np.int64))
        case "Cast":
            return _cast(walk, node, _data(node, value))
        case _ if node.op in MOVES:
            return _moved(walk, node, operands)
        case _:
            return _pooled(walk, node, operands)


def _pooled(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    value = operands[0] if operands else None
    match node.op:
        case "MaxPool" | "GlobalMaxPool":
            return max_pool(walk, node, _data(node, value))
        case "AveragePool" | "GlobalAveragePool":
            return average_pool(walk, node, _data(node, value))
        case "ReduceMean" | "ReduceSum":
            axes = attributes.integers(node, "axes")
            given = operands[1] if len(operands) > 1 else None
            if axes is None and isinstance(given, Constant):
                axes = [int(axis) for axis in given.array.ravel()]
            return reduce_mean(walk, node, _data(node, value), axes)
        case "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2":
            raise ModelError(
                "scale must be constant, not computed from the data (dynamic quantization), as "
                f"{node.op} of the data seems to be for; use static quantization"
            )
        case _ if node.op in NOT_MONOTONE:
            raise ModelError(f"{node.op} must rise or fall throughout before a quantizer; use Relu")
        case _:
            raise ModelError(
                f"operator {shown(node.op)} must be a known one; build that part in software"
            )


def _data(node: Node, operand: Operand) -> Value:
    if not isinstance(operand, Value):
        raise ModelError(
            f"{shown(node.op)} must read the data with its first input; export the model again"
        )
    return operand


def only_constants(node: Node, operands: Sequence[Operand]) -> list[Constant | None]:
    """Give the operands behind the first, which must not depend on the data."""
    found: list[Constant | None] = [None]
    for index, operand in enumerate(operands[1:], 1):
        if isinstance(operand, Value):
            names = {1: "scale", 2: "zero point", 3: "bit width"}
            what = names.get(index, f"input {index}")
            raise ModelError(
                f"{what} must be constant, not computed from the data (dynamic quantization); "
                "use static quantization"
            )
        found.append(operand)
    return found


def _quantizer(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    constants = only_constants(node, operands)
    value = _data(node, operands[0])
    return apply(walk, value, uniform(node, constants, value.where.ndim), node.outputs[0])


def apply(walk: Walk, value: Value, spec: Uniform, tensor: str) -> Value:
    """Quantize a value, or let hardware begin there."""
    value, stairs = uniform_staircase(walk, value, spec)
    if value.node is None:
        return begin(walk, value, stairs, tensor)
    return quantize(walk, value, stairs, tensor)


def _dequantizer(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    constants = only_constants(node, operands)
    value = _data(node, operands[0])
    if value.node is None:
        raise no_quantizer(walk)
    spec = linear(node, constants, value.where.ndim)
    return dequantize(walk, value, spec.scale, spec.zero)


def _staircase(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    constants = only_constants(node, operands)
    value = _data(node, operands[0])
    if node.op == "MultiThreshold":
        value, stairs = multi_threshold(walk, node, value, constants[1])
        if value.node is None:
            return begin(walk, value, stairs, node.outputs[0])
        return quantize(walk, value, stairs, node.outputs[0])
    if value.node is None:
        raise no_quantizer(walk)
    if len(operands) not in (5, 6):
        raise ModelError(f"Trunc must have 5 or 6 inputs, not {len(operands)}; export it again")
    return quantize(walk, value, trunc(node, value, constants, walk.limits(value)), node.outputs[0])


def _mat_mul(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    left, right = operands[0], operands[1]
    if not isinstance(left, Value):
        raise ModelError("the first input must depend on the data; exchange the two")
    if node.op == "MatMulInteger":
        for index in (2, 3):
            zero = operands[index] if index < len(operands) else None
            if isinstance(zero, Value) or (zero is not None and zero.array.any()):
                raise ModelError("zero points must be 0; export with QuantizeLinear instead")
    return mat_mul(walk, left, weights_of(right, node.inputs[1]))


def _sum(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    total: Operand = operands[0]
    for operand in operands[1:]:
        if isinstance(total, Value) and isinstance(operand, Value):
            total = add(walk, total, operand, node.op == "Sub")
        else:
            op = replace(node, op="Add") if node.op == "Sum" else node
            total = affine(walk, op, [total, operand])
    return _data(node, total)


def _concat(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    values = [_data(node, operand) for operand in operands]
    rank = values[0].where.ndim
    axis = attributes.integer(node, "axis", 1)
    if not -rank <= axis < rank:
        raise ModelError(f"axis must be one of the {rank} of the tensor, not {axis}")
    return concat(walk, values, axis % rank) if len(values) > 1 else values[0]


def _padded(node: Node, operands: Sequence[Operand]) -> Value:
    value = _data(node, operands[0])
    sizes = attributes.integers(node, "pads")
    given = operands[1] if len(operands) > 1 else None
    if sizes is None:
        found = integers(given.array) if isinstance(given, Constant) else None
        if found is None:
            raise ModelError("pads must be constant; export the model again")
        sizes = [int(size) for size in found.ravel()]
    if attributes.text(node, "mode", "constant") != "constant":
        raise ModelError("mode must be constant; pad with zeros")
    rank = value.where.ndim
    if len(sizes) != 2 * rank or min(sizes) < 0 or max(sizes) > 1 << 12:
        raise ModelError(f"pads must be {2 * rank} sizes from 0 to 4096; export the model again")
    if len(operands) > 3 and operands[3] is not None:
        raise ModelError("axes must not be given; export the model with pads for every axis")
    fill = operands[2] if len(operands) > 2 else None
    if isinstance(fill, Value) or (fill is not None and fill.array.size != 1):
        raise ModelError("the value must be one constant; export the model again")
    number = attributes.number(node, "value", 0.0)
    exact = exact_values(Constant(np.array(number)) if fill is None else fill, node)
    if not any(sizes):
        return value
    if value.pad is not None:
        raise ModelError("must not follow another Pad; merge the two")
    around = list(zip(sizes[:rank], sizes[rank:], strict=True))
    if np.prod([n + a + b for n, (a, b) in zip(value.where.shape, around, strict=True)]) > 1 << 23:
        raise ModelError("tensors must have at most 8388608 elements; build a smaller network")
    where = np.pad(value.where, around, constant_values=-1)
    return replace(value, where=where, pad=exact.reshape(-1)[0])


def _softmax(walk: Walk, node: Node, value: Value) -> Value:
    readers = walk.readers.get(node.outputs[0], [])
    if any(reader and reader not in KEEPS_ORDER for reader in readers):
        raise ModelError(
            f"{node.op} must be the end of the network; build what follows in software"
        )
    walk.soft = True
    walk.dropped.append(f"{shown(node.name)}: {node.op} does not change which score is largest")
    return value


def _label(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    value = _data(node, operands[0])
    if node.op == "TopK":
        count = operands[1] if len(operands) > 1 else None
        given = count.array if isinstance(count, Constant) else np.array(node.attributes.get("k"))
        if given.size != 1 or given.dtype.kind not in "iu" or int(given.reshape(())) != 1:
            raise ModelError("k must be 1; take the other classes in software")
        if not attributes.integer(node, "largest", 1):
            raise ModelError("largest must be 1; negate the scores")
        if walk.readers.get(node.outputs[0]):
            raise ModelError("only the index of the largest must be read; drop the value")
    elif attributes.integer(node, "select_last_index", 0):
        raise ModelError("select_last_index must be 0; the lowest index among equals wins")
    rank = value.where.ndim
    axis = attributes.integer(node, "axis", -1 if node.op == "TopK" else 0)
    if not -rank <= axis < rank or value.where.shape[axis] != value.where.size:
        raise ModelError("axis must be that of the classes; take labels of pixels in software")
    if value.node in (None, "input"):
        raise no_quantizer(walk)
    found = label(walk, value)
    walk.soft = False
    if found is None:
        walk.soft = True
        return (None, value) if node.op == "TopK" else value
    keep = node.op == "TopK" or attributes.integer(node, "keepdims", 1)
    shape = tuple(1 for _ in range(rank if keep else rank - 1))
    found = replace(found, where=np.zeros(shape, np.int64))
    return (None, found) if node.op == "TopK" else found


def _split(node: Node, operands: Sequence[Operand]) -> Result:
    value = _data(node, operands[0])
    rank = value.where.ndim
    axis = attributes.integer(node, "axis", 0)
    given = operands[1] if len(operands) > 1 else None
    sizes = attributes.integers(node, "split")
    if sizes is None and isinstance(given, Constant):
        found = integers(given.array)
        sizes = None if found is None else [int(size) for size in found.ravel()]
    if not -rank <= axis < rank:
        raise ModelError(f"axis must be one of the {rank} of the tensor, not {axis}")
    length, parts = value.where.shape[axis], max(len(node.outputs), 1)
    if sizes is None:
        each = -(-length // parts)
        sizes = [min(each, max(length - i * each, 0)) for i in range(parts)]
    if sum(sizes) != length or min(sizes) < 1:
        raise ModelError(f"split must add up to {length}; export the model again")
    places = np.split(value.where, np.cumsum(sizes)[:-1], axis)
    return tuple(replace(value, where=part, shared=True) for part in places)


def _cast(walk: Walk, node: Node, value: Value) -> Value:
    kind = attributes.integer(node, "to")
    if kind not in (1, 10, 11, 16) and not all(
        channel.scale.denominator == 1 and channel.offset.denominator == 1
        for channel in value.channels
        if not channel.functions
    ):
        raise ModelError("must not cut fractions off; quantize in front of the cast")
    return value


def _moved(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    value = _data(node, operands[0])
    given = [operand.array if isinstance(operand, Constant) else None for operand in operands[1:]]
    try:
        move = move_of(node, value.where.shape, given, walk.file.opset)
        where = move(value.where)
    except (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError):
        batch = walk.file.inputs[0].shape
        where = _moved_batch(walk, node, value, given, batch[0] if batch else None)
    if where.size > 1 << 23 or not where.size:
        raise ModelError("tensors must have 1 to 8388608 elements; build a smaller network")
    return replace(value, where=where)


def _moved_batch(
    walk: Walk, node: Node, value: Value, given: list[np.ndarray | None], batch: int | None
) -> np.ndarray:
    """Try a Reshape that names the file's batch of several samples."""
    problem = ModelError("must suit the shape of its input; export the model again")
    shape = given[0] if given else None
    if node.op != "Reshape" or not batch or batch < 2 or shape is None or not shape.size:
        raise problem
    if int(shape.ravel()[0]) != batch:
        raise problem
    one = shape.copy()
    one.ravel()[0] = 1
    try:
        return np.asarray(move_of(node, value.where.shape, [one], walk.file.opset)(value.where))
    except (ValueError, IndexError, TypeError, OverflowError):
        raise problem from None

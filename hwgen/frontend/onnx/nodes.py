"""Reads one node of a file: which reader it goes to, and what is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.known import NOT_MONOTONE, NOT_READ, unread_reduction
from hwgen.frontend.onnx.file.load import Node, shown
from hwgen.frontend.onnx.folding.constants import Constant
from hwgen.frontend.onnx.folding.index_moves import MOVES
from hwgen.frontend.onnx.folding.quantizers import Uniform, linear, uniform
from hwgen.frontend.onnx.leaving.scores import Result, label_of, softmax
from hwgen.frontend.onnx.operators.elementwise import (
    activation,
    affine,
    batch_normalization,
    dequantize,
)
from hwgen.frontend.onnx.operators.joins import add, concat
from hwgen.frontend.onnx.operators.layers import weights_of
from hwgen.frontend.onnx.operators.movers import cast, data, moved, padded, split
from hwgen.frontend.onnx.operators.pools import average_pool, max_pool, reduce_mean
from hwgen.frontend.onnx.operators.products import Operand, conv, gemm, mat_mul
from hwgen.frontend.onnx.operators.qoperators import QOPERATORS, read_qoperator
from hwgen.frontend.onnx.quantizing.activations import (
    multi_threshold,
    quantize,
    trunc,
    uniform_staircase,
)
from hwgen.frontend.onnx.quantizing.beginning import begin, name_codes
from hwgen.frontend.onnx.quantizing.plain_values import no_quantizer
from hwgen.frontend.onnx.tensors.value import Value
from hwgen.frontend.onnx.tensors.walk import Walk

KEEPS_ORDER = {"ArgMax", "TopK", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Cast"}
FUNCTIONS = {*("Relu", "Clip", "LeakyRelu", "PRelu", "HardSigmoid", "Sigmoid", "Tanh", "Neg")}


def read_node(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    """Read a node that depends on the data.

    Raises
    ------
    ModelError
        Where it has no exact integer meaning here; the text begins behind the node's name.
    """
    made = len(walk.nodes)
    if walk.behind_softmax.intersection(node.inputs):
        result: Result = _behind_softmax(walk, node, operands)
    else:
        result = _read(walk, node, operands)
    if isinstance(result, Value) and len(walk.nodes) == made:
        return replace(result, trail=(*result.trail, node.name))
    return result


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
            return padded(node, operands)
        case "Softmax" | "LogSoftmax" | "QLinearSoftmax":
            return softmax(walk, node, data(node, value))
        case "ArgMax" | "TopK":
            return label_of(walk, node, operands)
        case _ if node.op in FUNCTIONS:
            data(node, value)
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
            return split(node, operands)
        case "Shape":
            return Constant(np.array(data(node, value).where.shape, np.int64))
        case "Cast":
            return cast(node, data(node, value))
        case _ if node.op in MOVES:
            return moved(walk, node, operands)
        case _:
            return _pooled(walk, node, operands)


def _pooled(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    value = operands[0] if operands else None
    match node.op:
        case "MaxPool" | "GlobalMaxPool":
            return max_pool(walk, node, data(node, value))
        case "AveragePool" | "GlobalAveragePool":
            return average_pool(walk, node, data(node, value))
        case "ReduceMean" | "ReduceSum":
            axes = attributes.integers(node, "axes")
            given = operands[1] if len(operands) > 1 else None
            if axes is None and isinstance(given, Constant):
                axes = [int(axis) for axis in given.array.ravel()]
            return reduce_mean(walk, node, data(node, value), axes)
        case "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2":
            raise unread_reduction(walk.file, node)
        case _ if node.op in NOT_MONOTONE:
            raise ModelError(f"{node.op} must rise or fall throughout before a quantizer; use Relu")
        case _ if node.op in NOT_READ:
            raise ModelError(
                f"operator {node.op} is not read; "
                "use Relu, LeakyRelu, PRelu, HardSigmoid, Sigmoid or Tanh"
            )
        case _:
            raise ModelError(
                f"operator {shown(node.op)} must be a known one; build that part in software"
            )


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
    value = data(node, operands[0])
    return apply(walk, value, uniform(node, constants, value.where.ndim), node.outputs[0])


def apply(walk: Walk, value: Value, spec: Uniform, tensor: str) -> Value:
    """Quantize a value, or let hardware begin there."""
    value, stairs = uniform_staircase(walk, value, spec)
    if value.node is None:
        return begin(walk, value, stairs, tensor)
    return quantize(walk, value, stairs, tensor)


def _dequantizer(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    constants = only_constants(node, operands)
    value = data(node, operands[0])
    if value.node is None:
        raise no_quantizer(walk)
    spec = linear(node, constants, value.where.ndim)
    made = dequantize(walk, value, spec.scale, spec.zero)
    name_codes(walk, made)
    return made


def _staircase(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    constants = only_constants(node, operands)
    value = data(node, operands[0])
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
    return data(node, total)


def _concat(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    values = [data(node, operand) for operand in operands]
    rank = values[0].where.ndim
    axis = attributes.integer(node, "axis", 1)
    if not -rank <= axis < rank:
        raise ModelError(f"axis must be one of the {rank} of the tensor, not {axis}")
    return concat(walk, values, axis % rank) if len(values) > 1 else values[0]


def _behind_softmax(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    """Read what may follow a softmax: moves of its elements, roundings, the largest."""
    value = data(node, operands[0])
    if node.op in ("QuantizeLinear", "DequantizeLinear", "Quant", "IntQuant"):
        walk.dropped.append(
            f"{shown(node.name)}: {node.op} of probabilities; the label is that of the scores"
        )
        result: Result = value
    elif node.op in KEEPS_ORDER:
        result = _read(walk, node, operands)
    else:
        raise ModelError("must not read a softmax, which ends the network; build it in software")
    walk.behind_softmax.update(node.outputs)
    return result

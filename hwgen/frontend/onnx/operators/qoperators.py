"""Reads the QOperator form: layers from codes to codes, with their scales beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.arithmetic.functions import Sigmoid
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.folding.constants import Constant, Grid, aligned, integers
from hwgen.frontend.onnx.folding.quantizers import check_fits, linear
from hwgen.frontend.onnx.operators.elementwise import checked, dequantize, leaky
from hwgen.frontend.onnx.operators.joins import add, concat
from hwgen.frontend.onnx.operators.layers import weights_of
from hwgen.frontend.onnx.operators.pools import average_pool
from hwgen.frontend.onnx.operators.products import Operand, conv, gemm, mat_mul
from hwgen.frontend.onnx.quantizing.activations import quantize, uniform_staircase
from hwgen.frontend.onnx.quantizing.beginning import name_codes
from hwgen.frontend.onnx.quantizing.plain_values import no_quantizer
from hwgen.frontend.onnx.tensors.value import Value
from hwgen.frontend.onnx.tensors.walk import Walk

QOPERATORS = {
    *("QLinearConv", "QLinearMatMul", "QGemm", "QLinearAdd", "QLinearAveragePool"),
    *("QLinearGlobalAveragePool", "QLinearLeakyRelu", "QLinearSigmoid", "QLinearConcat"),
    "ConvInteger",
}


def read_qoperator(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read one of the operators of QOPERATORS.

    Raises
    ------
    ModelError
        Where its scales are not constant, or its data are not codes.
    """
    padded = [*operands, *[None] * 12]
    match node.op:
        case "QLinearConv":
            return _conv(walk, node, padded)
        case "QLinearMatMul":
            value = _real(walk, node, padded, 0)
            weights = weights_of(_weights(node, padded[3:6]), node.inputs[3])
            return _coded(walk, node, mat_mul(walk, value, weights), padded[6:8])
        case "QGemm":
            return _gemm(walk, node, padded)
        case "QLinearAdd":
            total = add(walk, _real(walk, node, padded, 0), _real(walk, node, padded, 3))
            return _coded(walk, node, total, padded[6:8])
        case "QLinearAveragePool" | "QLinearGlobalAveragePool":
            value = _real(walk, node, padded, 0)
            plain = replace(node, op=node.op.removeprefix("QLinear"))
            return _coded(walk, node, average_pool(walk, plain, value), padded[3:5])
        case "QLinearLeakyRelu":
            slope = Fraction(attributes.number(node, "alpha", 0.01))
            value = checked(_real(walk, node, padded, 0).zipped([leaky(slope)]))
            return _coded(walk, node, value, padded[3:5])
        case "QLinearSigmoid":
            value = checked(_real(walk, node, padded, 0).zipped([Sigmoid()]))
            return _coded(walk, node, value, padded[3:5])
        case "QLinearConcat":
            return _concat(walk, node, operands)
        case _:
            return _conv_integer(walk, node, padded)


def _constants(operands: Sequence[Operand]) -> list[Constant | None]:
    for operand in operands:
        if isinstance(operand, Value):
            raise ModelError(
                "scales and zero points must be constant, not computed from the data "
                "(dynamic quantization); use static quantization"
            )
    return [operand if isinstance(operand, Constant) else None for operand in operands]


def _real(walk: Walk, node: Node, operands: Sequence[Operand], first: int) -> Value:
    """Give the real value of codes, with the scale and the zero point that follow them."""
    value = operands[first]
    if not isinstance(value, Value):
        raise ModelError(f"input {first} must depend on the data; export the model again")
    if value.node is None:
        raise no_quantizer(walk)
    spec = linear(node, [None, *_constants(operands[first + 1 : first + 3])], value.where.ndim)
    made = dequantize(walk, value, spec.scale, spec.zero)
    name_codes(walk, made)
    return made


def _coded(walk: Walk, node: Node, value: Value, operands: Sequence[Operand]) -> Value:
    """Quantize a result, with its scale and its zero point."""
    spec = linear(node, [None, *_constants(operands)], value.where.ndim)
    value, stairs = uniform_staircase(walk, value, spec)
    return quantize(walk, value, stairs, node.outputs[0])


def _weights(node: Node, operands: Sequence[Operand], axis: int = 1) -> Operand:
    """Give the exact values of weights, with the scale and the zero point that follow them."""
    if isinstance(operands[0], Value):
        return operands[0]
    stored, *others = _constants(operands)
    codes = None if stored is None else integers(stored.array)
    if stored is None or codes is None:
        raise ModelError("weights must be integers; export the model again")
    at_axis = replace(node, attributes={**node.attributes, "axis": axis})
    spec = linear(at_axis, [stored, *others], codes.ndim)
    check_fits(spec, codes.shape)
    centred = np.asarray(codes - spec.zero, np.int64)
    return Constant(centred, Grid(centred, aligned(spec.scale, codes.ndim)))


def _bias(operand: Operand, value: Value, weights: Operand, axis: int) -> Operand:
    """Give the exact bias of int32 codes, whose scale is that of input times weights."""
    if operand is None or isinstance(operand, Value):
        return operand
    assert isinstance(weights, Constant)
    assert weights.grid is not None
    codes = integers(operand.array)
    if codes is None:
        raise ModelError("bias must be integers; export the model again")
    scale = np.moveaxis(weights.grid.scale, axis, 0)
    if any(size > 1 for size in scale.shape[1:]) or len(value.channels) != 1:
        raise ModelError("scales must be one an output; quantize the weights so")
    units = value.channels[0].scale * scale.ravel()
    units = units if units.size in (1, codes.size) else units[:1]
    return Constant(codes, Grid(codes.ravel(), units))


def _conv(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    value = _real(walk, node, operands, 0)
    weights = _weights(node, operands[3:6], 0)
    bias = _bias(operands[8], value, weights, 0)
    plain = replace(node, inputs=(node.inputs[0], node.inputs[3], ""))
    return _coded(walk, node, conv(walk, plain, [value, weights, bias]), operands[6:8])


def _gemm(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    value = _real(walk, node, operands, 0)
    axis = 0 if attributes.integer(node, "transB", 0) else 1
    weights = _weights(node, operands[3:6], axis)
    bias = _bias(operands[6], value, weights, axis)
    if attributes.number(node, "alpha", 1.0) != 1.0:
        raise ModelError("alpha must be 1; export the model again")
    plain = replace(node, inputs=(node.inputs[0], node.inputs[3], ""))
    made = gemm(walk, plain, [value, weights, bias])
    return made if operands[7] is None else _coded(walk, node, made, operands[7:9])


def _concat(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    count = (len(operands) - 2) // 3
    if count < 1 or len(operands) != 2 + 3 * count:
        raise ModelError("must have a scale and a zero point for each input; export it again")
    values = [_real(walk, node, operands, 2 + 3 * i) for i in range(count)]
    rank = values[0].where.ndim
    axis = attributes.integer(node, "axis")
    if not -rank <= axis < rank:
        raise ModelError(f"axis must be one of the {rank} of the tensor, not {axis}")
    joined = concat(walk, values, axis % rank) if count > 1 else values[0]
    return _coded(walk, node, joined, operands[:2])


def _conv_integer(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    one = Constant(np.ones((), np.float32))
    value = operands[0]
    if not isinstance(value, Value):
        raise ModelError("input 0 must depend on the data; export the model again")
    value = _real(walk, node, [value, one, operands[2]], 0)
    weights = _weights(node, [operands[1], one, operands[3]], 0)
    plain = replace(node, inputs=node.inputs[:2])
    return conv(walk, plain, [value, weights])

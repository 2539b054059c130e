"""Reads what changes every element by itself: constants added and multiplied, activations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.arithmetic.functions import (
    Affine,
    Clip,
    Function,
    Leaky,
    Norm,
    Sigmoid,
    Tanh,
)
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.folding.constants import Constant, FractionArray
from hwgen.frontend.onnx.operators.products import Operand, exact_values, is_channels_last
from hwgen.frontend.onnx.quantizing.beginning import clipped_codes
from hwgen.frontend.onnx.tensors.value import ONE, ZERO, Value
from hwgen.frontend.onnx.tensors.walk import Walk, rational_list
from hwgen.numeric import IntArray

MOST_BITS = 1 << 14  # of a numerator: products of very many constants end here


def affine(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read Add, Sub, Mul or Div of a value and a constant."""
    left, right = operands[0], operands[1]
    constant, value = (left, right) if isinstance(left, Constant) else (right, left)
    if not isinstance(value, Value) or not isinstance(constant, Constant):
        raise ModelError(_two_from_data(node.op))
    exact = exact_values(constant, node)
    value, places = walk.per_channel(value, constant.array)
    numbers = rational_list(exact, places)
    return checked(value.zipped([_affine(node.op, n, constant is left) for n in numbers]))


def _two_from_data(op: str) -> str:
    return f"{op} must have one constant, not two inputs from the data; build that part in software"


def _affine(op: str, number: Fraction, constant_first: bool) -> Affine:
    match op:
        case "Add":
            return Affine(ONE, number)
        case "Sub":
            return Affine(-ONE, number) if constant_first else Affine(ONE, -number)
        case "Mul":
            return Affine(number, ZERO)
        case _:
            if constant_first:
                raise ModelError("must divide by a constant, not by the data; use a multiplication")
            if not number:
                raise ModelError("must not divide by 0; export the model again")
            return Affine(1 / number, ZERO)


def checked(value: Value) -> Value:
    """Give the value, whose numbers must not be products of very many constants."""
    for channel in value.channels:
        scale, offset = channel.scale, channel.offset
        longest = max(scale.numerator.bit_length(), scale.denominator.bit_length())
        longest = max(longest, offset.numerator.bit_length(), offset.denominator.bit_length())
        if longest > MOST_BITS or len(channel.functions) > 64:
            raise ModelError(
                "must not stand behind so many constants without a quantizer; put one between"
            )
    return value


def batch_normalization(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read BatchNormalization in its inference form."""
    value, *constants = operands
    if not isinstance(value, Value):
        raise ModelError("the first input must depend on the data; fold the constant")
    exact = []
    for constant in constants[:4]:
        if not isinstance(constant, Constant):
            raise ModelError("scale, bias, mean and variance must be constant; export it again")
        exact.append(exact_values(constant, node).ravel())
    if len(exact) != 4 or len({part.size for part in exact}) != 1:
        raise ModelError("scale, bias, mean and variance must have one size; export it again")
    gamma, beta, mean, variance = exact
    epsilon = Fraction(attributes.number(node, "epsilon", 1e-5))
    squares = [Fraction(number) + epsilon for number in variance]
    if min(squares, default=ONE) <= 0:
        raise ModelError("variances must be positive, and one is not; train the model again")
    axis = value.where.ndim - 1 if is_channels_last(node) else 1
    value, places = walk.per_channel(value, _along(len(squares), axis, value.where.ndim))
    functions: list[Function] = [
        Norm(mean[place], squares[place], gamma[place], beta[place]) for place in places
    ]
    return checked(value.zipped(functions))


def _along(size: int, axis: int, rank: int) -> IntArray:
    if axis >= rank:
        raise ModelError("must read a tensor with channels on axis 1; export the model again")
    return np.arange(size).reshape([size if i == axis else 1 for i in range(rank)])


def activation(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read an activation function, which must rise or fall throughout."""
    value = operands[0]
    assert isinstance(value, Value)
    match node.op:
        case "Relu":
            return _clipped(walk, value, Clip(ZERO, None))
        case "Clip":
            clip = _limits(node, operands)
            at_input = clipped_codes(walk, value, clip, node.outputs[0])
            return _clipped(walk, value, clip) if at_input is None else at_input
        case "LeakyRelu":
            return value.zipped([leaky(Fraction(attributes.number(node, "alpha", 0.01)))])
        case "PRelu":
            return _prelu(walk, node, value, operands)
        case "HardSigmoid":
            slope = Fraction(_float32(attributes.number(node, "alpha", float(np.float32(0.2)))))
            shift = Fraction(_float32(attributes.number(node, "beta", 0.5)))
            return _clipped(walk, value.zipped([Affine(slope, shift)]), Clip(ZERO, ONE))
        case "Sigmoid":
            return checked(value.zipped([Sigmoid()]))
        case "Tanh":
            return checked(value.zipped([Tanh()]))
        case _:
            return value.zipped([Affine(-ONE, ZERO)])  # Neg


def _float32(number: float) -> float:
    return float(np.float32(number))


def _clipped(walk: Walk, value: Value, clip: Clip) -> Value:
    if value.node is None:
        return checked(value.zipped([clip]))
    limits = walk.limits(value)
    return checked(value.each(lambda channel: channel.clipped(clip, limits.lo, limits.hi)))


def _limits(node: Node, operands: Sequence[Operand]) -> Clip:
    found: list[Fraction | None] = []
    for index, name in enumerate(("min", "max")):
        given = operands[index + 1] if index + 1 < len(operands) else None
        if isinstance(given, Value):
            raise ModelError(f"{name} must be constant, not from the data; export it again")
        if given is not None:
            found.append(_one(given, node))
        elif name in node.attributes:
            found.append(Fraction(attributes.number(node, name, 0.0)))
        else:
            found.append(None)
    lo, hi = found
    if lo is not None and hi is not None and lo > hi:
        lo = hi  # max is applied last
    return Clip(lo, hi)


def _one(constant: Constant, node: Node) -> Fraction:
    if constant.array.size != 1:
        raise ModelError("limits must be one number each; export the model again")
    return Fraction(exact_values(constant, node).reshape(-1)[0])


def leaky(slope: Fraction) -> Function:
    """Give LeakyRelu of a slope that is not negative."""
    if slope < 0:
        raise ModelError(
            f"must rise throughout, and a slope of {float(slope):.4g} below 0 does not; use Relu"
        )
    return Leaky(slope) if slope else Clip(ZERO, None)


def _prelu(walk: Walk, node: Node, value: Value, operands: Sequence[Operand]) -> Value:
    slopes = operands[1] if len(operands) > 1 else None
    if not isinstance(slopes, Constant):
        raise ModelError("slopes must be constant, not from the data; use fixed slopes")
    exact = exact_values(slopes, node)
    value, places = walk.per_channel(value, slopes.array)
    return checked(value.zipped([leaky(slope) for slope in rational_list(exact, places)]))


def dequantize(walk: Walk, value: Value, scale: FractionArray, zero: IntArray) -> Value:
    """Read `(code - zero) * scale` of codes from the data."""
    scales, zeros = np.broadcast_arrays(scale, zero)
    pairs = list(zip(scales.ravel().tolist(), zeros.ravel().tolist(), strict=True))
    if len(set(pairs)) == 1:
        pairs = pairs[:1]
        ids = np.zeros((1,) * scales.ndim, np.int64)
    else:
        ids = np.arange(len(pairs)).reshape(scales.shape)
    value, places = walk.per_channel(value, ids)
    chosen = [pairs[place] for place in places]
    return checked(value.zipped([Affine(s, -int(z) * s) for s, z in chosen]))

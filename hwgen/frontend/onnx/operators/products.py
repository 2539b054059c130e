"""Reads MatMul, Gemm and Conv: which elements they multiply with which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node, shown
from hwgen.frontend.onnx.folding.constants import Constant, aligned
from hwgen.frontend.onnx.operators.layers import Weights, Window, convolution, dense, weights_of
from hwgen.frontend.onnx.quantizing.plain_values import doubled, plain, zero_code
from hwgen.frontend.onnx.tensors.layouts import as_file, as_map, image
from hwgen.frontend.onnx.tensors.value import ZERO, Value
from hwgen.frontend.onnx.tensors.walk import Walk
from hwgen.numeric import IntArray

Operand = Constant | Value | None


def mat_mul(walk: Walk, value: Value, weights: Weights) -> Value:
    """Read the product of a tensor with a constant matrix (inputs, outputs) on its right.

    Rows that are more than one are the pixels of a map, of which each is multiplied alike.
    """
    if weights.codes.ndim != 2:
        raise ModelError(f"weights must be a matrix, not of {weights.codes.ndim} axes; reshape it")
    inputs, outputs = weights.codes.shape
    turned = transposed(weights)
    *leading, columns = value.where.shape
    if columns != inputs:
        raise ModelError(f"weights must have {columns} rows, not {inputs}; export the model again")
    none = [ZERO] * outputs
    if prod(leading) == 1:
        made = dense(walk, value, value.where, turned, none)
        return replace(made, where=made.where.reshape(*leading, outputs))
    if leading[0] != 1 or len(leading) > 3:
        raise ModelError(f"must read one sample, not {tuple(value.where.shape)}; export it so")
    places = np.moveaxis(value.where[0], -1, 0)
    places = places.reshape(inputs, *((1, leading[1]) if len(leading) == 2 else leading[1:]))
    value = image(walk, plain(walk, value), places)
    kernel = replace(
        turned,
        codes=turned.codes[:, :, np.newaxis, np.newaxis],
        scale=turned.scale[:, :, np.newaxis, np.newaxis],
    )
    window = Window(stride=(1, 1), padding=(0, 0, 0, 0), groups=1, padding_value=0)
    made = convolution(walk, value, kernel, none, window)
    return replace(made, where=np.moveaxis(made.where, 0, -1).reshape(*leading, outputs))


def transposed(weights: Weights) -> Weights:
    """Give a matrix with rows and columns exchanged."""
    return replace(weights, codes=weights.codes.T, scale=aligned(weights.scale, 2).T)


def gemm(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read `alpha A B + beta C`, A from the data and B constant."""
    value = operands[0]
    if not isinstance(value, Value):
        raise ModelError("the first input must depend on the data; exchange the two")
    if attributes.integer(node, "transA", 0):
        raise ModelError("transA must be 0; export the model again")
    weights = weights_of(operands[1], node.inputs[1])
    if weights.codes.ndim != 2 or value.where.ndim != 2 or value.where.shape[0] != 1:
        raise ModelError(f"must multiply one row with a matrix, not {value.where.shape}")
    if not attributes.integer(node, "transB", 0):
        weights = transposed(weights)
    alpha = Fraction(attributes.number(node, "alpha", 1.0))
    beta = Fraction(attributes.number(node, "beta", 1.0))
    outputs, inputs = weights.codes.shape
    if inputs != value.where.shape[1]:
        raise ModelError(f"weights must have {value.where.shape[1]} inputs, not {inputs}")
    bias = bias_of(operands[2] if len(operands) > 2 else None, outputs, node)
    scaled = replace(weights, scale=weights.scale * alpha)
    made = dense(walk, value, value.where, scaled, [beta * number for number in bias])
    return replace(made, where=made.where.reshape(1, outputs))


def bias_of(operand: Operand, outputs: int, node: Node) -> list[Fraction]:
    """Give the exact bias of each output."""
    if operand is None:
        return [ZERO] * outputs
    if isinstance(operand, Value):
        raise ModelError("bias must be constant, not from the data; add it behind the layer")
    exact = exact_values(operand, node)
    if exact.size not in (1, outputs):
        raise ModelError(f"bias must have 1 or {outputs} elements, not {exact.size}")
    return [Fraction(number) for number in np.broadcast_to(exact.ravel(), (outputs,))]


def exact_values(constant: Constant, node: Node) -> np.ndarray:
    """Give the rationals of a constant, which must be finite."""
    try:
        return constant.rationals()
    except ValueError:
        name = next((name for name in node.inputs[1:] if name), "")
        raise ModelError(
            f"constants must be finite; one of tensor {shown(name)} is not: train the model again"
        ) from None


def conv(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read a convolution in one or two dimensions."""
    value = operands[0]
    if not isinstance(value, Value):
        raise ModelError("the first input must depend on the data; fold the constant")
    weights = weights_of(operands[1], node.inputs[1])
    last = is_channels_last(node)
    rank = value.where.ndim
    codes, scale = weights.codes, aligned(weights.scale, weights.codes.ndim)
    if last:
        codes, scale = np.moveaxis(codes, -1, 1), np.moveaxis(scale, -1, 1)
    if codes.ndim != rank or rank not in (3, 4):
        raise ModelError(
            f"weights must have {rank} axes as the input, for 1 or 2 dimensions, not {codes.ndim}"
        )
    if rank == 3:
        codes, scale = codes[:, :, np.newaxis], scale[:, :, np.newaxis]
    groups = attributes.integer(node, "group", 1)
    bias = bias_of(operands[2] if len(operands) > 2 else None, len(codes), node)
    kernel = replace(weights, codes=codes, scale=scale)
    made = conv_over(walk, node, value, kernel, bias, groups, last)
    if len(made.shape) == 1:  # a map of one pixel
        shape = (1, -1, *([1] * (rank - 2))) if not last else (1, *([1] * (rank - 2)), -1)
        return replace(made, where=made.where.reshape(shape))
    return replace(made, where=as_file(made.shape, rank, last))


def conv_over(
    walk: Walk,
    node: Node,
    value: Value,
    weights: Weights,
    bias: Sequence[Fraction],
    groups: int,
    channels_last: bool,
) -> Value:
    """Append a convolution with the window that a node says."""
    value = plain(walk, value)
    places, around = unpadded(as_map(value.where, channels_last))
    outputs, inputs, *kernel = weights.codes.shape
    if groups < 1 or outputs % groups or inputs * groups != len(places):
        raise ModelError(
            f"group must divide {outputs} outputs and leave {len(places)} inputs, not {groups}"
        )
    size = (places.shape[1] + around[0] + around[2], places.shape[2] + around[1] + around[3])
    stride, dilation, pads = window_of(node, size, (kernel[0], kernel[1]))
    weights = _dilated(
        weights, dilation, (size[0] + pads[0] + pads[2], size[1] + pads[1] + pads[3])
    )
    value = image(walk, value, places)
    padding = tuple(a + b for a, b in zip(around, pads, strict=True))
    if len(value.shape) == 1:
        if any(padding) or weights.codes.shape[2:] != (1, 1) or groups != 1:
            raise ModelError("must not read a vector as a map again; leave the flatten out")
        scale = aligned(weights.scale, 4)[:, :, 0, 0]
        flat = replace(weights, codes=weights.codes[:, :, 0, 0], scale=scale)
        return dense(walk, value, np.arange(value.shape[0]), flat, bias)
    padding_value = 0
    if any(padding):
        real = value.pad if value.pad is not None and any(around) else ZERO
        if any(pads) and real:
            raise ModelError("Pad in front must have the value 0 where pads are too; use only one")
        value, padding_value = padding_code(walk, value, real)
    window = Window(
        stride=stride,
        padding=(padding[0], padding[1], padding[2], padding[3]),
        groups=groups,
        padding_value=padding_value,
    )
    return convolution(walk, value, weights, bias, window)


def padding_code(walk: Walk, value: Value, real: Fraction) -> tuple[Value, int]:
    """Give the code that stands for the padding, with codes two apart where it is in between."""
    code, limits = zero_code(value, real), walk.limits(value)
    if code is not None and code.denominator == 2 and limits.span == 1:
        value = doubled(walk, value)
        code, limits = zero_code(value, real), walk.limits(value)
    if code is None or code.denominator != 1 or not limits.lo <= code <= limits.hi:
        raise ModelError(
            f"padding must be a code of the input, and {float(real)} is none; "
            "put a quantizer with such a code in front"
        )
    return value, int(code)


def unpadded(places: IntArray) -> tuple[IntArray, tuple[int, int, int, int]]:
    """Give a map without the border that a Pad put around it, and how wide that is."""
    inside = places >= 0
    if inside.all():
        return places, (0, 0, 0, 0)
    rows = np.asarray(inside.any(axis=(0, 2)))
    columns = np.asarray(inside.any(axis=(0, 1)))
    if not rows.any():
        raise ModelError("Pad must leave some of the data; export the model again")
    top, left = int(rows.argmax()), int(columns.argmax())
    bottom, right = int(rows[::-1].argmax()), int(columns[::-1].argmax())
    kept = places[:, top : len(rows) - bottom, left : len(columns) - right]
    if (kept < 0).any():
        raise ModelError("Pad must be around rows and columns, not channels; export it again")
    return kept, (top, left, bottom, right)


def window_of(
    node: Node, size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int]]:
    """Give stride, dilation and (top, left, bottom, right) pads of a node on maps of this size."""
    stride = pair_of(attributes.integers(node, "strides"), "strides")
    dilation = pair_of(attributes.integers(node, "dilations"), "dilations")
    given = attributes.integers(node, "pads")
    if min(stride + dilation + kernel) < 1:
        raise ModelError("kernel, strides and dilations must be at least 1; export the model again")
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    mode = attributes.text(node, "auto_pad", "NOTSET") or "NOTSET"
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        pads = []
        for length, k, s in zip(size, reach, stride, strict=True):
            whole = max((-(-length // s) - 1) * s + k - length, 0)
            small, large = whole // 2, whole - whole // 2
            pads.append((small, large) if mode == "SAME_UPPER" else (large, small))
        return stride, dilation, (pads[0][0], pads[1][0], pads[0][1], pads[1][1])
    if mode not in ("NOTSET", "VALID"):
        raise ModelError(f"auto_pad must be a known mode, not {mode}; export the model again")
    given = [0, 0, 0, 0] if given is None or mode == "VALID" else given
    if len(given) == 2:
        given = [0, given[0], 0, given[1]]
    if len(given) != 4 or min(given) < 0 or max(given) > max(size) + max(reach):
        raise ModelError(f"pads must be 4 sizes from 0 on, not {given[:8]}; export the model again")
    return stride, dilation, (given[0], given[1], given[2], given[3])


def pair_of(given: list[int] | None, name: str) -> tuple[int, int]:
    """Give (vertical, horizontal) of an attribute, 1 where it is not given."""
    if given is None:
        return (1, 1)
    if len(given) == 1:
        return (1, given[0])
    if len(given) != 2:
        raise ModelError(f"{name} must be 1 or 2 sizes, not {len(given)}; export the model again")
    return (given[0], given[1])


def _dilated(weights: Weights, dilation: tuple[int, int], room: tuple[int, int]) -> Weights:
    """Put zeros between the weights of a kernel."""
    outputs, inputs, rows, columns = weights.codes.shape
    shape = ((rows - 1) * dilation[0] + 1, (columns - 1) * dilation[1] + 1)
    if shape[0] > room[0] or shape[1] > room[1]:
        raise ModelError(f"kernel {shape} must fit the padded map {room}; export the model again")
    if dilation == (1, 1):
        return weights
    codes = np.zeros((outputs, inputs, *shape), np.int64)
    codes[:, :, :: dilation[0], :: dilation[1]] = weights.codes
    return replace(weights, codes=codes)


def is_channels_last(node: Node) -> bool:
    """Whether the operator is that of QONNX whose maps are (1, height, width, channels)."""
    return node.domain == "qonnx.custom_op.channels_last"

"""Matrix products and convolutions: integer weights, and what their sums stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file.load import shown
from hwgen.frontend.onnx.folding.constants import Constant, FractionArray, aligned, integers
from hwgen.frontend.onnx.quantizing.plain_values import common_unit, plain
from hwgen.frontend.onnx.tensors.grids import WeightGrid
from hwgen.frontend.onnx.tensors.value import ONE, Channel, Value, one_if_equal, whole_map
from hwgen.frontend.onnx.tensors.walk import Walk, weight_bits
from hwgen.ir import Conv2d, Dense
from hwgen.numeric import IntArray, Range

MOST_WEIGHT = 1 << 31
MOST_RATIO = 1 << 16  # of scales that are added up as whole multiples of one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Integer weights, outputs on axis 0 and inputs on axis 1; their scale broadcasts.

    `declared` is what the file's quantizer of them could give, None where the file does not say.
    """

    codes: IntArray
    scale: FractionArray
    declared: Range | None = None


def weights_of(constant: Constant | Value | None, name: str) -> Weights:
    """Give the integers of a layer's weights.

    Raises
    ------
    ModelError
        Where they depend on the data or are not quantized.
    """
    if isinstance(constant, Value):
        raise ModelError(
            "one input must be constant, not both from the data (attention); "
            "build that part in software"
        )
    if constant is None:
        raise ModelError("must have weights; export the model again")
    if constant.grid is not None:
        grid = constant.grid
        return Weights(codes=grid.codes, scale=grid.scale, declared=grid.declared)
    array = constant.array
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelError(f"constants must be finite; tensor {shown(name)} is not: train again")
    codes = integers(array)
    if codes is None:
        raise ModelError(
            f"weights must be quantized; tensor {shown(name)} is {array.dtype} without Quant or "
            "DequantizeLinear: export the quantized model"
        )
    return Weights(codes=codes, scale=np.full((1,) * array.ndim, ONE, object))


def dense(
    walk: Walk, value: Value, places: IntArray, weights: Weights, bias: Sequence[Fraction]
) -> Value:
    """Append the product of a matrix (outputs, inputs) with the elements at `places`.

    The result has no place in the file's shape yet: `where` is that of a vector.
    """
    value = plain(walk, value)
    value = walk.flattened(value)
    kept = places.ravel()
    columns, scale, bias = weights.codes, aligned(weights.scale, 2), list(bias)
    if value.pad is not None and (kept < 0).any():
        lost, scale = kept < 0, np.broadcast_to(scale, columns.shape)
        for row in range(len(columns)):
            bias[row] += value.pad * sum(scale[row, lost] * columns[row, lost])
        columns, scale, kept = columns[:, ~lost], scale[:, ~lost], kept[~lost]
    sources = replace(value, channels=_picked(value, kept))
    matrix, channels = _summed(sources, columns, scale, 1, bias)
    if not np.array_equal(kept, np.arange(value.shape[0])):
        whole = np.zeros((len(matrix), value.shape[0]), np.int64)
        np.add.at(whole.T, kept, matrix.T)
        matrix = whole
    assert value.node is not None
    node = Dense(
        name=walk.name(),
        inputs=(value.node,),
        weight=matrix,
        weight_bits=weight_bits(matrix),
        bias=np.zeros(len(matrix), np.int64),
        accumulators=(),
    )
    shape = walk.weighted(node, value).shape
    walk.weights[node.name] = WeightGrid.of(weights.codes, weights.scale, weights.declared)
    return Value(node=node.name, shape=shape, where=whole_map(shape), channels=channels)


def _picked(value: Value, kept: IntArray) -> tuple[Channel, ...]:
    if len(value.channels) == 1:
        return value.channels
    return tuple(value.channels[place] for place in kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How a convolution goes over a map."""

    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    groups: int
    padding_value: int


def convolution(
    walk: Walk, value: Value, weights: Weights, bias: Sequence[Fraction], window: Window
) -> Value:
    """Append a convolution over a map whose elements lie in order.

    `weights` are (out_channels, in_channels / groups, kernel height, kernel width).
    """
    assert value.node is not None
    codes, scale = weights.codes, aligned(weights.scale, 4)
    if (np.array(scale.shape[2:]) > 1).any():
        raise ModelError("weights must have one scale a channel; quantize them so")
    kernel, channels = _summed(value, codes, scale, window.groups, bias)
    padding = window.padding
    node = Conv2d(
        name=walk.name(),
        inputs=(value.node,),
        weight=kernel,
        weight_bits=weight_bits(kernel),
        bias=np.zeros(len(kernel), np.int64),
        accumulators=(),
        stride=window.stride,
        padding=padding[:2] if padding[:2] == padding[2:] else padding,
        groups=window.groups,
        padding_value=window.padding_value,
    )
    shape = walk.weighted(node, value).shape
    walk.weights[node.name] = WeightGrid.of(weights.codes, weights.scale, weights.declared)
    return Value(node=node.name, shape=shape, where=whole_map(shape), channels=channels)


def _summed(
    value: Value, codes: IntArray, scale: FractionArray, groups: int, bias: Sequence[Fraction]
) -> tuple[IntArray, tuple[Channel, ...]]:
    """Give weights of one unit a row, and what their sums stand for.

    Where the scales of what a row adds up are unlike, its weights are taken times whole multiples
    of the largest unit that they have in common.
    """
    if int(np.abs(codes).max(initial=0)) >= MOST_WEIGHT:
        raise ModelError("weights must fit 32 bits; quantize to fewer")
    outputs = len(codes)
    sums = codes.reshape(outputs, codes.shape[1], -1).sum(axis=2)  # by output and input
    own = scale.reshape(len(scale), scale.shape[1], -1)[:, :, 0]  # (outputs or 1, inputs or 1)
    if len(value.channels) == 1 and not _varies(own):
        source = value.channels[0]
        totals = sums.sum(axis=1).tolist()
        rows = [own[row if len(own) > 1 else 0, 0] for row in range(outputs)]
        return codes, one_if_equal(
            Channel(source.scale * row, source.offset * row * total + extra)
            for row, total, extra in zip(rows, totals, bias, strict=True)
        )
    return _with_multiples(value, codes, own, sums, groups, bias)


def _varies(scale: FractionArray) -> bool:
    return scale.shape[1] > 1 and bool((scale != scale[:, :1]).any())


def _with_multiples(
    value: Value,
    codes: IntArray,
    scale: FractionArray,
    sums: IntArray,
    groups: int,
    bias: Sequence[Fraction],
) -> tuple[IntArray, tuple[Channel, ...]]:
    outputs, inputs = codes.shape[:2]
    found, channels = codes.copy(), []
    known: dict[tuple[Fraction, ...], tuple[Fraction, list[int]]] = {}
    for row in range(outputs):
        first = row // (outputs // groups) * inputs
        sources = [value.channel(first + column) for column in range(inputs)]
        line = scale[row if len(scale) > 1 else 0]
        own = [line[column if len(line) > 1 else 0] for column in range(inputs)]
        factors = tuple(s.scale * w for s, w in zip(sources, own, strict=True))
        if factors not in known:
            unit = common_unit(list(factors)) or ONE
            known[factors] = unit, [int(factor / unit) for factor in factors]
        unit, multiples = known[factors]
        if max(map(abs, multiples)) >= MOST_RATIO:
            some = ", ".join(f"{float(f):.4g}" for f in list(dict.fromkeys(factors))[:3])
            raise ModelError(
                f"scales must be equal in all channels where no quantizer follows, not {some}; "
                "put a quantizer behind the normalization, or begin there with --input"
            )
        column = np.array(multiples, np.int64).reshape((-1,) + (1,) * (codes.ndim - 2))
        found[row] = codes[row] * column
        shift = sum(
            (
                s.offset * w * int(total)
                for s, w, total in zip(sources, own, sums[row], strict=True)
            ),
            Fraction(bias[row]),
        )
        channels.append(Channel(unit, shift))
    if int(np.abs(found).max(initial=0)) >= MOST_WEIGHT:
        raise ModelError("weights must fit 32 bits; quantize to fewer")
    return found, one_if_equal(channels)

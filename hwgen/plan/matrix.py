"""The matrix of an operation: its weights over what can vary, and the exact ranges of its sums.

Beside the image a window sees zeros, whether or not its channel can be 0. So the sums of a
convolution are bounded for each set of taps that is inside at some position, and a constant
channel is part of the bias only where its tap is inside everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from hwgen.ir import Conv2d, Dense, SumPool2d
from hwgen.numeric import BoolArray, IntArray, Range
from hwgen.plan.windows import Window, cut_window, full_window, tap_ranges

Ranges = tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """Weights, bias, ranges of columns and sums, and inputs of a sum, as `Layer` has them."""

    weight: IntArray
    bias: IntArray
    inputs: Ranges
    totals: Ranges
    fan_in: int
    window: Window | None = None
    connected: BoolArray | None = None


def dense_matrix(node: Dense, inputs: Ranges) -> Matrix:
    """Give the matrix of a dense layer, constant columns folded into its bias."""
    return _of_vector(node.weight.copy(), node.bias.copy(), inputs, node.weight.shape[1])


def _of_vector(
    weight: IntArray,
    bias: IntArray,
    inputs: Ranges,
    fan_in: int,
    connected: BoolArray | None = None,
) -> Matrix:
    for column, limits in enumerate(inputs):
        if limits.span == 0:
            bias += weight[:, column] * limits.lo
            weight[:, column] = 0
    totals = tuple(_total(row, inputs, int(b)) for row, b in zip(weight, bias, strict=True))
    return Matrix(
        weight=weight,
        bias=bias,
        inputs=inputs,
        totals=totals,
        fan_in=fan_in,
        connected=None if connected is None or connected.all() else connected,
    )


def identity_matrix(
    image: tuple[int, int] | None, channels: Ranges, multipliers: tuple[int, ...] = (1,)
) -> Matrix:
    """Give a matrix that changes nothing, for what follows it alone, or that sums its operands.

    `channels` are those of one operand after another, each of which has a multiplier.
    """
    operands = len(multipliers)
    rows = len(channels) // operands
    weight = np.kron(np.array([multipliers]), np.eye(rows, dtype=np.int64))
    connected = np.kron(np.ones((1, operands)), np.eye(rows)) > 0
    if image is None:
        return _of_vector(weight, np.zeros(rows, np.int64), channels, operands, connected)
    window = full_window(image, len(channels), (1, 1), (1, 1))
    return _windowed(weight, np.zeros(rows, np.int64), window, channels, operands, connected)


def sum_matrix(node: SumPool2d, image: tuple[int, int], channels: Ranges) -> Matrix:
    """Give the matrix of ones that sums the pixels of each channel's window."""
    window = full_window(image, len(channels), node.kernel_size, node.stride)
    owners = np.array([tap.lane for tap in window.taps])
    connected = np.arange(len(channels))[:, None] == owners
    bias, taps = np.zeros(len(channels), np.int64), prod(node.kernel_size)
    return _windowed(connected.astype(np.int64), bias, window, channels, taps, connected)


def conv_matrix(node: Conv2d, image: tuple[int, int], channels: Ranges) -> Matrix:
    """Give the matrix of a convolution, block-diagonal where it has groups."""
    rows, group, height, width = node.weight.shape
    weight = np.zeros((rows, height, width, len(channels)), np.int64)
    connected = np.zeros(weight.shape, np.bool_)
    own = rows // node.groups
    for index in range(node.groups):
        chosen = slice(index * own, (index + 1) * own)
        part = node.weight[chosen].transpose(0, 2, 3, 1)
        place = chosen, slice(None), slice(None), slice(index * group, (index + 1) * group)
        weight[place], connected[place] = part, True
    shape = (height, width), node.stride, node.padding, node.padding_value
    window = full_window(image, len(channels), *shape)
    flat, taps = weight.reshape(rows, -1), group * height * width
    of_groups = connected.reshape(rows, -1)
    return _windowed(flat, node.bias.copy(), window, channels, taps, of_groups)


def _windowed(
    weight: IntArray,
    bias: IntArray,
    window: Window,
    channels: Ranges,
    fan_in: int,
    connected: BoolArray,
) -> Matrix:
    """Leave the taps that are read and can vary, and bound the sums of every class of positions."""
    inside = np.stack(list(window.classes()))
    ever = inside.any(axis=0)
    shown = tap_ranges(window, channels)
    fixed = np.array([limits.span == 0 for limits in shown]) | ~ever
    constants = np.where(ever, [limits.lo for limits in shown], window.outside)
    bias = bias + weight[:, fixed] @ constants[fixed]
    read = (weight != 0).any(axis=0) & ~fixed
    if not read.any():
        read[int(ever.argmax())] = True  # positions must come from somewhere
    kept = np.flatnonzero(read)
    one_pixel = window.image == window.outputs == (1, 1) or cut_window(window, kept).is_pointwise
    if one_pixel:  # all channels come side by side
        u, v, _ = window.taps[int(kept[0])]
        kept = np.array([k for k, tap in enumerate(window.taps) if (tap.u, tap.v) == (u, v)])
    weight = np.where(fixed, 0, weight)[:, kept]
    window = cut_window(window, kept)
    return Matrix(
        weight=weight,
        bias=bias,
        inputs=tap_ranges(window, channels),
        totals=_class_totals(weight, bias, window, channels),
        fan_in=fan_in,
        window=window,
        connected=None if connected[:, kept].all() else connected[:, kept],
    )


def _class_totals(weight: IntArray, bias: IntArray, window: Window, channels: Ranges) -> Ranges:
    """Exact range of every row's sum over all positions: the union over sets of taps inside."""
    lo = np.array([channels[tap.lane].lo for tap in window.taps])
    hi = np.array([channels[tap.lane].hi for tap in window.taps])
    low, high = np.minimum(weight * lo, weight * hi), np.maximum(weight * lo, weight * hi)
    inside = np.stack(list(window.classes())).T.astype(np.int64)
    beside = (weight * np.array(window.outside)) @ (1 - inside)
    least = (low @ inside + beside).min(axis=1) + bias
    most = (high @ inside + beside).max(axis=1) + bias
    return tuple(Range(int(a), int(b)) for a, b in zip(least, most, strict=True))


def _total(row: IntArray, inputs: Ranges, bias: int) -> Range:
    lo = hi = bias
    for column in np.flatnonzero(row):
        w, limits = int(row[column]), inputs[column]
        ends = (w * limits.lo, w * limits.hi)
        lo, hi = lo + min(ends), hi + max(ends)
    return Range(lo, hi)

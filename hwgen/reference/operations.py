"""Every operation on a batch of integers, exact.

Sums of products run in float64 (fast) where no sum can leave its 53 bits, and in int64 elsewhere.
A convolution is a matrix product for each place of its kernel, summed.
"""

from __future__ import annotations

from math import prod
from typing import assert_never

import numpy as np

from hwgen.ir import (
    Add,
    Argmax,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
    Weighted,
)
from hwgen.ir.padding import sides
from hwgen.numeric import IntArray, Range

_FLOAT64_EXACT = 1 << 53


def evaluate(node: Op, x: IntArray, limits: Range, *others: IntArray) -> IntArray:
    """One operation on a batch whose values lie in `limits`.

    Parameters
    ----------
    x, others
        What the node reads: its first input, and the rest where it has several, each
        (samples, *shape), int64.
    """
    match node:
        case Dense():
            return _dense(node, x, limits)
        case Conv2d():
            return _conv2d(node, x, limits)
        case Threshold():
            return _threshold(node, x)
        case MaxPool2d() | SumPool2d():
            return _pool(node, x)
        case Add(multipliers=(left, right)):
            return np.asarray(left * x + right * others[0], np.int64)
        case Concat():
            return np.concatenate([x, *others], axis=1)
        case UpsampleNearest() | PixelShuffle():
            return _enlarge(node, x)
        case Flatten():
            return x.reshape(len(x), prod(x.shape[1:]))  # -1 fails for no samples
        case Argmax():
            winners = np.asarray(np.argmax(x, axis=1, keepdims=True), np.int64)
            return winners if node.labels is None else np.array(node.labels, np.int64)[winners]
        case _:
            assert_never(node)


def _dense(node: Dense, x: IntArray, limits: Range) -> IntArray:
    if _fits_float64(node, limits):
        product = (x.astype(np.float64) @ node.weight.T.astype(np.float64)).astype(np.int64)
    else:
        product = x @ node.weight.T
    return product + node.bias


def _conv2d(node: Conv2d, x: IntArray, limits: Range) -> IntArray:
    samples, channels, height, width = x.shape
    (down, right), (above, left, below, beside) = node.stride, sides(node.padding)
    groups = node.groups
    out_channels, group_channels, kernel_height, kernel_width = node.weight.shape
    kind = np.float64 if _fits_float64(node, limits) else np.int64
    size = (samples, channels, height + above + below, width + left + beside)
    padded = np.full(size, node.padding_value, kind)
    padded[:, :, above : above + height, left : left + width] = x
    rows = (padded.shape[2] - kernel_height) // down + 1
    columns = (padded.shape[3] - kernel_width) // right + 1
    weight = node.weight.astype(kind).reshape(
        groups, out_channels // groups, group_channels, kernel_height, kernel_width
    )
    sums = np.zeros((samples, groups, out_channels // groups, rows * columns), kind)
    for i, j in np.ndindex(kernel_height, kernel_width):
        bottom, end = i + (rows - 1) * down + 1, j + (columns - 1) * right + 1
        seen = padded[:, :, i:bottom:down, j:end:right]
        sums += weight[..., i, j] @ seen.reshape(samples, groups, group_channels, rows * columns)
    whole = sums.reshape(samples, out_channels, rows, columns).astype(np.int64)
    return whole + node.bias[:, np.newaxis, np.newaxis]


def _fits_float64(node: Weighted, limits: Range) -> bool:
    l1_norm = int(np.abs(node.rows).sum(axis=1).max())
    return l1_norm * max(-limits.lo, limits.hi) < _FLOAT64_EXACT


def _threshold(node: Threshold, x: IntArray) -> IntArray:
    codes = np.empty_like(x)
    for channel, thresholds in enumerate(node.full(x.shape[1])):
        codes[:, channel] = np.searchsorted(thresholds, x[:, channel], side="right")
    return codes + node.output.lo


def _pool(node: MaxPool2d | SumPool2d, x: IntArray) -> IntArray:
    if isinstance(node, MaxPool2d) and any(node.padding):
        above, left, below, beside = sides(node.padding)
        around = ((0, 0), (0, 0), (above, below), (left, beside))
        x = np.pad(x, around, constant_values=np.iinfo(np.int64).min)
    windows = np.lib.stride_tricks.sliding_window_view(x, node.kernel_size, axis=(2, 3))
    kept = windows[:, :, :: node.stride[0], :: node.stride[1]]
    pooled = kept.max(axis=(-2, -1)) if isinstance(node, MaxPool2d) else kept.sum(axis=(-2, -1))
    return np.asarray(pooled, np.int64)


def _enlarge(node: UpsampleNearest | PixelShuffle, x: IntArray) -> IntArray:
    r = node.factor
    if isinstance(node, UpsampleNearest):
        return x.repeat(r, axis=2).repeat(r, axis=3)
    samples, channels, height, width = x.shape
    parts = x.reshape(samples, channels // (r * r), r, r, height, width)
    pixels = parts.transpose(0, 1, 4, 2, 5, 3)  # channel, y // r, y % r, x // r, x % r
    return pixels.reshape(samples, channels // (r * r), height * r, width * r)

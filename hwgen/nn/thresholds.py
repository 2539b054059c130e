"""Integer thresholds of everything between a layer's sums and the next activation's codes.

Scale, bias, batch normalization and the activation's own rounding are each monotone in every
channel, in floating point too, so the codes are a staircase in the integer sum. Each step is
found by bisection over the sums, evaluating the same torch modules in float64: nothing is
derived a second time, so nothing can differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hwgen.nn.activation import QuantActivation, Quantizer, QuantOutput
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.joining import QuantAdd
from hwgen.nn.linear import QuantLinear
from hwgen.nn.pooling import QuantAvgPool2d
from hwgen.numeric import IntArray, Range

Staircase = Callable[[IntArray], IntArray]  # sums (levels, channels) to codes, the same shape


class Steps(NamedTuple):
    """Thresholds (channels, levels), ascending, and the rows of weights that must be negated."""

    thresholds: IntArray
    negated: npt.NDArray[np.bool_]


def find_steps(staircase: Staircase, totals: list[Range], levels: int) -> Steps:
    """Thresholds `t[c, k]`: the least sum of channel c whose code exceeds `k` steps.

    Where no sum reaches a step its threshold is `hi + 1`, where every sum does it is `lo`. A
    channel whose codes fall is negated: its thresholds are for minus the sum.

    Parameters
    ----------
    staircase
        Codes less the smallest code, 0 to `levels`, monotone in each channel.
    totals
        Exact range of every channel's sums.
    levels
        Number of steps, 2**bits - 1.
    """
    ends = np.array([[t.lo for t in totals], [t.hi for t in totals]], dtype=np.int64)
    codes = staircase(ends)
    negated = codes[0] > codes[1]
    sign = np.where(negated, -1, 1)
    lo = np.where(negated, -ends[1], ends[0])
    hi = np.where(negated, -ends[0], ends[1])
    step = np.arange(1, levels + 1)[:, np.newaxis]  # (levels, 1)
    low = np.broadcast_to(lo, (levels, len(totals))).copy()
    high = np.broadcast_to(hi + 1, low.shape).copy()
    while (low < high).any():
        middle = low + (high - low) // 2  # below high, so within the sums
        reached = staircase(sign * np.minimum(middle, hi)) >= step
        high = np.where(reached & (low < high), middle, high)
        low = np.where(~reached & (low < high), middle + 1, low)
    return Steps(low.T.copy(), negated)


def layer_staircase(
    layer: QuantLinear | QuantConv2d,
    between: tuple[nn.Module, ...],
    activation: QuantActivation | QuantOutput,
) -> Staircase:
    """Evaluate a layer's float64 modules in evaluation mode on integer sums."""
    axes = (1, 1) if isinstance(layer, QuantConv2d) else ()  # an image of one pixel
    zero_sum = layer.zero_sum

    def staircase(sums: IntArray) -> IntArray:
        with torch.no_grad():
            integers = torch.from_numpy(sums) - zero_sum
            values = layer.value_of_sum(integers.reshape(*sums.shape, *axes))
            for module in between:
                values = module(values)
        return _steps(activation, values.reshape(sums.shape))

    return staircase


def staircase_of(
    meaning: QuantAdd | QuantAvgPool2d | Quantizer, activation: QuantActivation | QuantOutput
) -> Staircase:
    """Evaluate what sums of codes, or codes, stand for; the same for every channel."""

    def staircase(sums: IntArray) -> IntArray:
        codes = torch.from_numpy(sums).double()
        with torch.no_grad():
            if isinstance(meaning, (QuantAdd, QuantAvgPool2d)):
                values = meaning.value_of_sum(codes - meaning.zero_sum)
            else:
                values = (codes - meaning.zero_point) * meaning.scale
        return _steps(activation, values)

    return staircase


def _steps(activation: QuantActivation | QuantOutput, values: Tensor) -> IntArray:
    with torch.no_grad():
        codes = activation.codes(values).numpy().astype(np.int64)
    return np.asarray(codes - activation.int_type.lo)

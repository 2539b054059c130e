"""The last word on trained codes: exact integer bounds, and a repair where float noise got past.

The caps of A2Q and A2Q+ hold in real numbers; in float32 a sum can end an ulp above its cap, and
an integer with it. Every channel is therefore measured in integers, and a channel that fails has
its cheapest codes lowered until it fits. The limits are symmetric, so a row may be negated later.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hwgen.bounds import dot_range, row_ranges
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntArray, IntType, Range


class Certified(NamedTuple):
    """Integer weights that keep their accumulator, shape (channels, K), and the codes lowered."""

    weight: IntArray
    repairs: int


def certify(
    codes: IntArray, reals: npt.NDArray[np.float64], config: WeightQuant, inputs: IntType
) -> Certified:
    """Lower codes until every channel fits the accumulator and the units that `config` promises.

    Parameters
    ----------
    codes
        Integer weights, shape (channels, K).
    reals
        What they were rounded from, same shape: the code with the smallest excess of |real| over
        |code| goes first.
    """
    weight = codes.copy()
    repairs = 0
    zeros = np.zeros(len(weight), np.int64)
    for row, total in enumerate(row_ranges(weight, inputs.range, zeros)):
        while not _fits(total, config, inputs):
            side = _overflowing_side(weight[row], total, config, inputs)
            share = _least_units(total, config, inputs) // int(side.sum())
            if share > 1:  # far too much: all of them give the same, so that the loop is short
                lowered = np.minimum(np.abs(weight[row]), share) * side
                weight[row] -= np.sign(weight[row]) * lowered
                total = dot_range(weight[row], inputs.range)
                repairs += int(lowered.sum())
                continue
            excess = np.where(side, np.abs(reals[row]) - np.abs(weight[row]), np.inf)
            cheapest = int(np.argmin(excess))
            weight[row, cheapest] -= np.sign(weight[row, cheapest])
            total = dot_range(weight[row], inputs.range)
            repairs += 1
    return Certified(weight, repairs)


def _fits(total: Range, config: WeightQuant, inputs: IntType) -> bool:
    budget = config.budget(inputs.range)
    if budget is not None:  # a span is the l1 norm times that of the inputs
        return total.span <= budget * inputs.range.span
    bits = config.accumulator_bits
    if bits is None:
        return True
    return max(total.hi, -total.lo) < 1 << (bits - 1)


def _least_units(total: Range, config: WeightQuant, inputs: IntType) -> int:
    """Give a number of units that must be taken from the codes at least."""
    budget = config.budget(inputs.range)
    if budget is not None:
        return total.span // inputs.range.span - budget
    assert config.accumulator_bits is not None
    excess = max(total.hi, -total.lo) - (1 << (config.accumulator_bits - 1)) + 1
    return -(-excess // max(inputs.hi, -inputs.lo))


def _overflowing_side(
    row: IntArray, total: Range, config: WeightQuant, inputs: IntType
) -> npt.NDArray[np.bool_]:
    """Codes whose lowering helps: with unsigned inputs each end has its own sign."""
    if config.register == "offset" or inputs.signed:
        return np.asarray(row != 0)
    return np.asarray(row > 0 if total.hi >= -total.lo else row < 0)

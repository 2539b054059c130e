"""The integer projection of `hwgen/nn/search.py` and its gradient, a row at a time.

The whole part of lambda is known to within one from the step before, and is checked with two sums.
Its fraction is found among the gains of the elements that would get one unit more: the first gain
that the rest of the budget does not reach. Counting the gains above a guess narrows it down until
the count is the rest; what is left, equal gains above all, is walked through. No gain is moved
and nothing is sorted, so that every step is a vectorized sum or maximum over the row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from hwgen.nn.loops import HALF, ONE, ZERO, clip, compiled

ROUNDS = 16  # guesses, before the gains are walked through
INFINITY = np.float32(np.inf)


@compiled("reassoc")
def _spent(nearest: Any, shift: Any, limit: Any) -> Any:
    """Sum the codes."""
    total = ZERO
    for i in range(len(nearest)):
        total += clip(nearest[i] - shift, ZERO, limit)
    return total


@compiled("reassoc")
def _count_from(gains: Any, least: Any) -> Any:
    """Count the gains that are at least `least`."""
    count = ZERO
    for i in range(len(gains)):
        count += ONE if gains[i] >= least else ZERO
    return count


@compiled()
def _largest_below(gains: Any, bits: Any, edge: Any) -> Any:
    """Give the largest gain below `edge`, from their bits: a maximum of floats is not vectorized.

    The bits of floats that are not negative have the order of the floats.
    """
    zero = bits.dtype.type(0)
    best = zero
    for i in range(len(gains)):
        candidate = bits[i] if gains[i] < edge else zero
        best = candidate if candidate > best else best
    return np.full(1, best).view(gains.dtype)[0]


@compiled()
def _whole_shift(nearest: Any, guess: Any, budget: Any, limit: Any) -> Any:
    """Give the smallest whole lambda >= 0 that keeps the budget."""
    low, high, shift, stride = -ONE, INFINITY, guess, ONE
    while low < shift < high:
        if _spent(nearest, shift, limit) <= budget:
            high = shift
        else:
            low = shift
        if high == INFINITY:
            shift = low + stride
        elif low < ZERO:
            shift = max(high - stride, ZERO)
        else:
            shift = np.floor((low + high) * HALF)
        stride += stride
    return shift if high == INFINITY else high


@compiled()
def _first_left(gains: Any, bits: Any, rest: Any, guess: Any, shift: Any) -> Any:
    """Give the largest gain that `rest` units do not reach, and how many gains are above it."""
    edge, few = INFINITY, ZERO  # gains from the edge on, and their count, at most the rest
    low, many = shift - ONE, _count_from(gains, shift - ONE)
    high = shift + ONE
    for _ in range(ROUNDS):
        point = guess if low < guess < high else (low + high) * HALF
        count = _count_from(gains, point)
        if count > rest:
            low, many = point, count
        else:
            edge, few, high = point, count, point
        if few == rest:
            break
        guess = high - (high - low) * ((rest + HALF - few) / (many - few))
    for _ in range(len(gains)):
        left = _largest_below(gains, bits, edge)
        count = _count_from(gains, left)
        if count > rest or not left > ZERO:
            break
        edge, few = left, count
    return left, few


@compiled()
def _gains(x: Any, step: Any, nearest: Any, shift: Any, limit: Any, gains: Any) -> None:
    """Give what is left of magnitudes that could get a unit more, zero for the others."""
    for i in range(len(x)):
        code = nearest[i] - shift
        gains[i] = abs(x[i]) / step - code if (code >= ZERO) & (code < limit) else ZERO


@compiled()
def _write(
    x: Any, step: Any, nearest: Any, shift: Any, limit: Any, gains: Any, edge: Any, values: Any
) -> None:
    """Write the codes with one unit more for each gain above the edge, with sign and scale."""
    for i in range(len(x)):
        paid = ONE if (gains[i] > edge) & (gains[i] >= HALF) else ZERO
        size = (clip(nearest[i] - shift, ZERO, limit) + paid) * step
        values[i] = -size if x[i] < ZERO else size


@compiled()
def _write_ties(
    x: Any, step: Any, nearest: Any, shift: Any, count: Any, gains: Any, edge: Any, values: Any
) -> None:
    """Give one unit more to the first `count` elements whose gain is the edge."""
    for i in range(len(x)):
        if count > ZERO and gains[i] == edge:
            size = (nearest[i] - shift + ONE) * step
            values[i] = -size if x[i] < ZERO else size
            count -= ONE


@compiled(parallel=True)
def project_rows(
    x: Any, scale: Any, start: Any, budget: Any, limit: Any, bits: Any, values: Any, threshold: Any
) -> None:
    """Project rows `x / scale`, shape (rows, K); give their values and their lambdas, (rows, 1).

    Lambda is looked for from `start` on. `bits` is like K integers as wide as the floats.
    """
    most, highest = x.dtype.type(budget), x.dtype.type(limit)
    for row in prange(len(x)):
        words, nearest = np.empty_like(bits), np.empty_like(x[0])
        gains = words.view(x.dtype)
        step, guess = scale[row % len(scale), 0], start[row, 0]
        guess = guess if ZERO <= guess < INFINITY else ZERO
        for i in range(x.shape[1]):
            nearest[i] = np.floor(abs(x[row, i]) / step + HALF)
        shift = _whole_shift(nearest, np.ceil(guess), most, highest)
        edge, ties, threshold[row, 0] = INFINITY, ZERO, ZERO
        if shift > ZERO:
            rest = most - _spent(nearest, shift, highest)
            _gains(x[row], step, nearest, shift, highest, gains)
            edge, few = _first_left(gains, words, rest, guess + HALF, shift)
            ties = rest - few if edge >= HALF else ZERO
            threshold[row, 0] = max(edge - HALF, ZERO)
        _write(x[row], step, nearest, shift, highest, gains, edge, values[row])
        if ties > ZERO:
            _write_ties(x[row], step, nearest, shift, ties, gains, edge, values[row])


@compiled("reassoc", parallel=True)
def soft_rows_backward(
    grad: Any, x: Any, values: Any, threshold: Any, scale: Any, limit: Any, of_x: Any, of_scale: Any
) -> None:
    """Differentiate the soft threshold, which moves with the mean of what is above it.

    `of_x` has the shape of `x`; `of_scale`, (rows, 1), is `s * dLoss/ds`.
    """
    for row in prange(len(x)):
        step, least, most = (
            scale[row % len(scale), 0],
            threshold[row, 0],
            x.dtype.type(limit) + HALF,
        )
        count, along, total = ZERO, ZERO, ZERO
        for i in range(x.shape[1]):
            above = abs(x[row, i]) / step - least
            kept = grad[row, i] if (above > ZERO) & (above < most) else ZERO
            of_x[row, i] = kept
            active = above > ZERO
            count += ONE if active else ZERO
            along += -kept if x[row, i] < ZERO else kept
        along = along / max(count, ONE) if least > ZERO else ZERO
        for i in range(x.shape[1]):
            signed = -along if x[row, i] < ZERO else along
            moved = signed if abs(x[row, i]) / step - least > ZERO else ZERO
            of_x[row, i] -= moved
            total += grad[row, i] * values[row, i] - of_x[row, i] * x[row, i]
        of_scale[row, 0] = total


@compiled("reassoc", parallel=True)
def identity_rows_backward(
    grad: Any, x: Any, values: Any, threshold: Any, scale: Any, limit: Any, of_x: Any, of_scale: Any
) -> None:
    """Pass the gradient of the codes where they are not clipped; arguments as above."""
    most = x.dtype.type(limit) + HALF
    for row in prange(len(x)):
        step, total = scale[row % len(scale), 0], ZERO
        free = ONE if threshold[row, 0] == ZERO else ZERO
        for i in range(x.shape[1]):
            kept = grad[row, i] if abs(x[row, i]) / step < most else ZERO
            of_x[row, i] = kept
            total += grad[row, i] * values[row, i] - free * kept * x[row, i]
        of_scale[row, 0] = total

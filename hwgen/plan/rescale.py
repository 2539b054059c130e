"""Finds a multiplication and a shift that give exactly the codes of a staircase.

A staircase of thresholds t[k] from code g[k-1] to g[k], k = 1 to n, is `(m * x + b) >> s` between
its ends if and only if, for all k, `2**s * g[k] <= m * t[k] + b` and
`m * (t[k] - 1) + b < 2**s * (g[k-1] + 1)`. For a given m these are bounds on b alone, and every
pair of them bounds the slope m / 2**s; so all multipliers of few digits can be tried. Codes below
the first and above the last threshold are left to a staircase over the product's upper bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.requantizers import Digit, Rescale, Steps, codes_of
from hwgen.plan.staircase import roundest, wrapped

MAX_THRESHOLDS = 1 << 10  # every pair of them is looked at
MAX_SPAN = 1 << 22  # every value is run through the result
MAX_BITS = 48  # of a product
MULTIPLIERS = 400  # tried at one shift
FURTHER_SHIFTS = 4  # tried behind the first that has a multiplier


def rescales(staircase: Steps, stored: Range, lane: IntType) -> Iterator[Rescale]:
    """Give products that have the codes of a staircase over `stored`; there may be none.

    Parameters
    ----------
    staircase
        Over the stored value, with two thresholds at least to say anything.
    lane
        It carries the stored value, or that modulo `2**bits`.
    """
    codes = np.array(staircase.codes)
    falling = codes[-1] < codes[0]
    rising = -1 - codes if falling else codes  # the complement of a code has its bits inverted
    places = np.array(staircase.thresholds)
    if not 2 <= len(places) < MAX_THRESHOLDS or stored.span >= MAX_SPAN:
        return
    slopes = _slopes(places, rising)
    if slopes is None:
        return
    first = None
    for shift in range(MAX_BITS - lane.bits):
        if first is not None and shift > first + FURTHER_SHIFTS:
            return
        for multiplier in _multipliers(slopes, shift):
            limits = _constants(places, rising, multiplier, shift)
            if limits is None or (shift and multiplier % 2 == 0):
                continue
            made = _made(staircase, stored, lane, multiplier, shift, limits)
            if made.bits <= MAX_BITS and is_equal(made, staircase, stored, lane):
                first = shift if first is None else first
                yield made


def _slopes(places: IntArray, codes: IntArray) -> tuple[float, float] | None:
    """Give what m / 2**s must lie between, None where there is nothing."""
    run = places[:, None] - places[None, :] + 1.0  # from one place below each to each
    rise = codes[1:, None] - codes[None, :-1] - 1.0
    below = np.max(rise[run > 0] / run[run > 0])
    above = np.min(rise[run < 0] / run[run < 0], initial=np.inf)
    return (below, above) if 0 <= below < above < np.inf else None


def _multipliers(slopes: tuple[float, float], shift: int) -> list[int]:
    """Give the integers of a slope, those of few digits first."""
    low, high = (int(slope * (1 << shift)) for slope in slopes)
    if high - low > MULTIPLIERS:
        return []
    return sorted(range(max(low, 1), high + 2), key=lambda m: len(signed_digits(m)))


def _constants(
    places: IntArray, codes: IntArray, multiplier: int, shift: int
) -> tuple[int, int] | None:
    """Give the least and greatest constant of a multiplier."""
    low = int(np.max((codes[1:] << shift) - multiplier * places))
    high = int(np.min((codes[:-1] + 1 << shift) - 1 - multiplier * (places - 1)))
    return (low, high) if low <= high else None


def _made(
    staircase: Steps,
    stored: Range,
    lane: IntType,
    multiplier: int,
    shift: int,
    limits: tuple[int, int],
) -> Rescale:
    """Give the product over the lane with the roundest constant."""
    base, seam = _base(stored, lane)
    constant = roundest(limits[0] + multiplier * base, limits[1] + multiplier * base)
    ends = Range(
        multiplier * (stored.lo - base) + constant >> shift,
        multiplier * (stored.hi - base) + constant >> shift,
    )
    bits = max(ends.span.bit_length(), 1)
    first, last = staircase.codes[0], staircase.codes[-1]
    step = -1 if last < first else 1
    codes = tuple(range(first, last + step, step))
    lowest = -1 - first if step < 0 else first
    kept = Steps(thresholds=tuple(range(lowest + 1, lowest + len(codes))), codes=codes)
    size = bits + shift
    return Rescale(
        digits=ordered_digits(multiplier),
        constant=constant % (1 << size),
        seam=seam if (multiplier << lane.bits) % (1 << size) else 0,
        bits=size,
        shift=shift,
        steps=wrapped(kept, ends, bits),
    )


def _base(stored: Range, lane: IntType) -> tuple[int, int]:
    """Give what the stored value is more than x, and the seam of a lane that wraps, else 0."""
    if lane.lo <= stored.lo and stored.hi <= lane.hi:
        return lane.lo, 0
    size = 1 << lane.bits
    turn = (stored.hi >> lane.bits) << lane.bits
    if turn <= stored.lo:
        return turn, 0
    return turn - size, roundest(stored.hi - turn + 1, stored.lo - turn + size)


def is_equal(made: Rescale, staircase: Steps, stored: Range, lane: IntType) -> bool:
    """Whether a product gives the code of the staircase at every stored value."""
    values = np.arange(stored.lo, stored.hi + 1)
    carried = (values - lane.lo & (1 << lane.bits) - 1) + lane.lo
    wanted = codes_of(staircase, lane, values)
    return np.array_equal(codes_of(made, lane, carried), wanted)


def signed_digits(number: int) -> tuple[Digit, ...]:
    """Give a positive number with the fewest digits 1 and -1, the lowest first."""
    digits = []
    shift = 0
    while number:
        if number & 1:
            sign = 2 - (number & 3)
            digits.append(Digit(shift, sign))
            number -= sign
        number >>= 1
        shift += 1
    return tuple(digits)


def ordered_digits(number: int) -> tuple[Digit, ...]:
    """Give the digits in the order of addition: the lowest first, or the highest if that is -1."""
    digits = signed_digits(number)
    return digits if digits[0].sign > 0 else (digits[-1], *digits[:-1])

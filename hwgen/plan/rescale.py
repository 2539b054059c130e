"""Finds a multiplication and a shift that give exactly the codes of a staircase.

A staircase of thresholds t[k] from code g[k-1] to g[k], k = 1 to n, is `(m * x + b) >> s` between
its ends if and only if, for all k, `2**s * g[k] <= m * t[k] + b` and
`m * (t[k] - 1) + b < 2**s * (g[k-1] + 1)`. For a given m these are bounds on b alone, and every
pair of them bounds the slope m / 2**s; so all multipliers of few digits can be tried. Codes below
the first and above the last threshold are left to a staircase over the product's upper bits. The
room that is left for b is then spent: every summand of the product drops low bits, as many as leave
a constant that has the right code at every single value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.requantizers import Digit, Rescale, Steps, codes_of, product_of
from hwgen.plan.staircase import roundest, wrapped

MAX_THRESHOLDS = 1 << 10  # every pair of them is looked at
MAX_SPAN = 1 << 22  # every value is run through the result
MAX_CUT_SPAN = 1 << 16  # values that are run for every number of low bits dropped
MAX_BITS = 48  # of a product
MULTIPLIERS = 400  # tried at one shift
FURTHER_SHIFTS = 4  # tried behind the first that has a multiplier


def rescales(staircase: Steps, stored: Range, lane: IntType) -> Iterator[Rescale]:
    """Give products that have the codes of a staircase over `stored`; there may be none.

    None has more digits than those before it.

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
    values = np.arange(stored.lo, stored.hi + 1)
    base, seam = _base(stored, lane)
    target = _Target(
        x=values - base,
        codes=np.searchsorted(places, values, side="right"),
        rising=rising,
        falling=bool(falling),
    )
    first, fewest = None, MAX_BITS
    for shift in range(MAX_BITS - lane.bits):
        if first is not None and shift > first + FURTHER_SHIFTS:
            return
        for multiplier in _multipliers(slopes, shift):
            digits = len(signed_digits(multiplier))
            if digits > fewest or not _is_on_line(places, rising, multiplier, shift):
                continue
            first, fewest = shift if first is None else first, digits
            made = _cut_short(target, multiplier, shift)
            made = replace(made, seam=seam if _reads_carry(made, lane) else 0)
            if made.bits <= MAX_BITS and is_equal(made, staircase, stored, lane):
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


def _is_on_line(places: IntArray, codes: IntArray, multiplier: int, shift: int) -> bool:
    """Whether there is a constant for a multiplier."""
    low = np.max((codes[1:] << shift) - multiplier * places)
    high = np.min((codes[:-1] + 1 << shift) - 1 - multiplier * (places - 1))
    return bool(low <= high)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Target:
    """What a product must give: of every x the place of its code among the rising codes."""

    x: IntArray
    codes: IntArray
    rising: IntArray
    falling: bool


def _cut_short(target: _Target, multiplier: int, shift: int) -> Rescale:
    """Give the product whose digits drop as many low bits as leave every code as it is."""
    digits = ordered_digits(multiplier)
    for dropped in range(shift if len(target.x) <= MAX_CUT_SPAN else 0, -1, -1):
        cut = tuple(Digit(digit.shift - dropped, digit.sign) for digit in digits)
        product = product_of(cut, target.x)
        limits = _constants(target, product, shift - dropped)
        if limits is not None:
            return _made(target, cut, product, shift - dropped, roundest(*limits))
    raise AssertionError("a multiplier on the line has a constant")


def _constants(target: _Target, product: IntArray, shift: int) -> tuple[int, int] | None:
    """Give the least and greatest constant that gives every x its code."""
    codes = target.rising[target.codes]
    above, below = target.codes > 0, target.codes < len(target.rising) - 1
    low = int(np.max((codes[above] << shift) - product[above]))
    high = int(np.min((codes[below] + 1 << shift) - 1 - product[below]))
    return (low, high) if low <= high else None


def _made(
    target: _Target, digits: tuple[Digit, ...], product: IntArray, shift: int, constant: int
) -> Rescale:
    kept = product + constant >> shift
    ends = Range(int(kept.min()), int(kept.max()))
    bits = max(ends.span.bit_length(), 1)
    lowest, highest = int(target.rising[0]), int(target.rising[-1])
    codes = tuple(range(lowest, highest + 1))
    if target.falling:
        codes = tuple(-1 - code for code in codes)
    steps = Steps(thresholds=tuple(range(lowest + 1, highest + 1)), codes=codes)
    size = bits + shift
    return Rescale(
        digits=digits,
        constant=constant % (1 << size),
        seam=0,
        bits=size,
        shift=shift,
        steps=wrapped(steps, ends, bits),
    )


def _reads_carry(made: Rescale, lane: IntType) -> bool:
    """Whether the product depends on whether x has gone on behind the end of its lane."""
    end = np.array([1 << lane.bits])
    return bool(product_of(made.digits, end)[0] % (1 << made.bits))


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

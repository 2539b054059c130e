"""Finds a multiplication and a shift that give exactly the codes of a staircase.

`plan/requantize/line.py` says which multipliers and constants there are; all multipliers of few
digits are tried. Codes below the first and above the last threshold are left to a staircase over
the product's upper bits. Where a sum has so few values that each can be tried, the room that is
left for the constant is then spent: every summand of the product drops low bits, as many as leave a
constant that has the right code at every single value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.requantize.line import Corridor
from hwgen.plan.requantize.staircase import roundest, wrapped
from hwgen.plan.requantize.steps_over import steps_over
from hwgen.plan.stages.requantizers import MACHINE_BITS, Digit, Rescale, Steps, product_of

MAX_CUT_SPAN = 1 << 16  # values that are run for every number of low bits dropped
MAX_BITS = 160  # of a product: sums of 62 bits, codes of 16, and what 65,535 thresholds leave open
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
    falling = staircase.codes[-1] < staircase.codes[0]
    # the complement of a code has its bits inverted
    rising = [-1 - code for code in staircase.codes] if falling else list(staircase.codes)
    if len(staircase.thresholds) < 2:
        return
    base, seam = _base(stored, lane)
    target = _Target(
        x=Range(stored.lo - base, stored.hi - base),
        places=tuple(place - base for place in staircase.thresholds),
        rising=tuple(rising),
        falling=falling,
    )
    corridor = Corridor.of(list(target.places), rising)
    slopes = corridor.slopes()
    if slopes is None:
        return
    first, fewest = None, MAX_BITS
    for shift in range(MAX_BITS):
        if first is not None and shift > first + FURTHER_SHIFTS:
            return
        for multiplier in _multipliers(slopes, shift):
            digits = len(signed_digits(multiplier))
            constants = None if digits > fewest else corridor.constants(multiplier, shift)
            if constants is None:
                continue
            first, fewest = shift if first is None else first, digits
            made = _cut_short(target, multiplier, shift, constants)
            made = replace(made, seam=seam if _reads_carry(made, lane) else 0)
            if made.bits <= MAX_BITS and is_equal(made, staircase, stored, lane):
                yield made


def _multipliers(slopes: tuple[Fraction, Fraction], shift: int) -> list[int]:
    """Give the integers of a slope, those of few digits first."""
    low, high = (int(slope * (1 << shift)) for slope in slopes)
    if high - low > MULTIPLIERS:
        return []
    return sorted(range(max(low, 1), high + 2), key=lambda m: len(signed_digits(m)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What a product must give: over the values of x, codes that rise at `places`."""

    x: Range
    places: tuple[int, ...]
    rising: tuple[int, ...]
    falling: bool


def _cut_short(target: _Target, multiplier: int, shift: int, constants: tuple[int, int]) -> Rescale:
    """Give the product whose digits drop as many low bits as leave every code as it is."""
    digits = ordered_digits(multiplier)
    if target.x.span < MAX_CUT_SPAN and multiplier.bit_length() < MACHINE_BITS - 17:
        x = np.arange(target.x.lo, target.x.hi + 1)
        codes = np.searchsorted(target.places, x, side="right")
        for dropped in range(shift, 0, -1):
            cut = tuple(Digit(digit.shift - dropped, digit.sign) for digit in digits)
            product = product_of(cut, x)
            limits = _constants(np.array(target.rising), codes, product, shift - dropped)
            if limits is not None:
                ends = Range(int(product.min()), int(product.max()))
                return _made(target, cut, ends, shift - dropped, roundest(*limits))
    ends = Range(multiplier * target.x.lo, multiplier * target.x.hi)
    return _made(target, digits, ends, shift, roundest(*constants))


def _constants(
    rising: IntArray, codes: IntArray, product: IntArray, shift: int
) -> tuple[int, int] | None:
    """Give the least and greatest constant that gives every product its code."""
    wanted = rising[codes]
    above, below = codes > 0, codes < len(rising) - 1
    low = int(np.max((wanted[above] << shift) - product[above]))
    high = int(np.min((wanted[below] + 1 << shift) - 1 - product[below]))
    return (low, high) if low <= high else None


def _made(
    target: _Target, digits: tuple[Digit, ...], product: Range, shift: int, constant: int
) -> Rescale:
    ends = Range(product.lo + constant >> shift, product.hi + constant >> shift)
    bits = max(ends.span.bit_length(), 1)
    lowest, highest = target.rising[0], target.rising[-1]
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
    end = np.array([1 << lane.bits], object)
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
    wraps = not lane.lo <= stored.lo <= stored.hi <= lane.hi
    return steps_over(made, lane, stored, lane.bits if wraps else 0) == staircase


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

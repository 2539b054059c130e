"""Exact integer thresholds of what lies between an integer and a quantizer's codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm

from hwgen.frontend.onnx.arithmetic.functions import Bounds, Run, is_irrational
from hwgen.frontend.onnx.arithmetic.roots import FIRST_DIGITS, MOST_DIGITS
from hwgen.frontend.onnx.arithmetic.rounding import Mode, least
from hwgen.frontend.onnx.tensors.value import Channel
from hwgen.numeric import Range

MOST_IRRATIONAL = 6  # functions behind one another: the ends of their brackets are all combined


@dataclass(frozen=True, slots=True)
class Row:
    """The thresholds of a channel, on `sign` times the integer."""

    sign: int
    thresholds: tuple[int, ...]


class UncertainError(Exception):
    """No number of digits says on which side of a step a value lies."""


def uniform_bounds(mode: Mode, lo: int, hi: int, scale: Fraction, zero: int) -> Bounds:
    """Give where a value gets the codes lo + 1 to hi, code being `value / scale + zero` rounded."""
    runs = []
    for first, last in ((lo + 1, min(hi, 0)), (max(lo + 1, 1), hi)):
        if first > last:
            continue
        bound, strict = least(mode, first)
        after = least(mode, first + 1)[1] if first < last else strict
        runs.append(Run((bound - zero) * scale, scale, last - first + 1, (strict, after)))
    return Bounds(0, tuple(runs), 0)


def row_of(channel: Channel, bounds: Bounds, limits: Range) -> Row:
    """Give the thresholds by which an integer in `limits` gets its code.

    Irrational numbers are taken as both ends of a bracket, each combination of them once: bounds
    are monotone in each such number, so that where all give one threshold it is the right one.
    Otherwise the brackets are narrowed.

    Raises
    ------
    UncertainError
        Where that never ends.
    """
    irrational = [is_irrational(function) for function in reversed(channel.functions)]
    digits = FIRST_DIGITS if sum(irrational) <= MOST_IRRATIONAL else MOST_DIGITS + 1
    while digits <= MOST_DIGITS:
        found = {
            integer_row(channel.bounds_on_integer(bounds, digits, ends), limits)
            for ends in product(*((False, True) if open_ else (False,) for open_ in irrational))
        }
        if len(found) == 1:
            return found.pop()
        digits *= 2
    raise UncertainError


def integer_row(bounds: Bounds, limits: Range) -> Row:
    """Round bounds on a signed integer in `limits` up to thresholds within [lo, hi + 1]."""
    lo, hi = (limits.lo, limits.hi) if bounds.sign > 0 else (-limits.hi, -limits.lo)
    row = [lo] * bounds.always
    for run in bounds.runs:
        row += [min(max(t, lo), hi + 1) for t in _least_integers(run)]
    return Row(bounds.sign, (*row, *[hi + 1] * bounds.never))


def _least_integers(run: Run) -> Iterator[int]:
    """Give the least integer that reaches each bound of a run."""
    below = lcm(run.first.denominator, run.step.denominator)
    first = run.first.numerator * (below // run.first.denominator)
    step = run.step.numerator * (below // run.step.denominator)
    for i in range(run.count):
        top = first + i * step
        yield top // below + 1 if run.strict[i % 2] else -(-top // below)


def unit_steps(lo: int, hi: int) -> Bounds:
    """Give the bounds at which an integer is cut to [lo, hi]: k or more where it is k or more."""
    return Bounds(0, (Run(Fraction(lo + 1), Fraction(1), hi - lo, (False, False)),), 0)

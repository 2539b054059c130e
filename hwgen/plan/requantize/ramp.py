"""Finds lines through thresholds, so that a search computes them and no memory holds them.

Thresholds of a uniform quantizer behind a scale and a shift lie on a line, rounded up. With the
numbers 1 to n of the thresholds as places and the thresholds as codes that is the corridor of
`plan/requantize/line.py`: threshold k is `start + k * step >> fraction`. One that is reached by
every sum of its row, or by none, only has to stay on its side of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

from hwgen.numeric import Range
from hwgen.plan.requantize.line import Corridor
from hwgen.plan.stages.serial_threshold import MOST_FRACTION, Ramp, Ramps

TRIED = 16  # steps at one fraction
KEPT = 1 << 16  # rows whose lines are remembered: a planner asks for the same ones again


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Ascending thresholds of a row, and the values that are compared with them."""

    thresholds: tuple[int, ...]
    reached: Range


def ramps_of(tables: Sequence[Sequence[Row]]) -> Ramps | None:
    """Give lines for all rows, lane by lane, with as few bits behind the point as they allow.

    None where a row has no line.
    """
    found: list[list[tuple[int, Ramp]]] = []
    for rows in tables:
        found.append([])
        for row in rows:
            line = _line(row.thresholds, row.reached.lo, row.reached.hi)
            if line is None:
                return None
            found[-1].append(line)
    fraction = max(f for lines in found for f, _ in lines)
    ramps = tuple(tuple(_finer(ramp, fraction - f) for f, ramp in lines) for lines in found)
    return Ramps(fraction=fraction, rows=ramps)


def _finer(ramp: Ramp, bits: int) -> Ramp:
    return Ramp(start=ramp.start << bits, step=ramp.step << bits)


@lru_cache(maxsize=KEPT)
def _line(thresholds: tuple[int, ...], lo: int, hi: int) -> tuple[int, Ramp] | None:
    """Give the line of a row, and its bits behind the point."""
    numbered = list(enumerate(thresholds, 1))
    lower = [(k, min(t, hi + 1)) for k, t in numbered if t > lo]
    upper = [(k, max(t, lo) + 1) for k, t in numbered if t <= hi]
    if not lower or not upper:
        return 0, Ramp(start=lo if upper else hi + 1, step=0)
    corridor = Corridor.between(lower, upper)
    below, above = corridor.limits()
    if above is not None and below > above:
        return None
    for fraction in range(MOST_FRACTION + 1):
        least = ceil(below * (1 << fraction))
        most = least + TRIED if above is None else floor(above * (1 << fraction))
        for step in _some(least, most):
            starts = corridor.constants(step, fraction)
            if starts is not None:
                return fraction, Ramp(start=starts[1], step=step)
    return None


def _some(least: int, most: int) -> Sequence[int]:
    """Give the middle ones of some numbers."""
    middle = (least + most) // 2
    return range(max(least, middle - TRIED // 2), min(most, middle + TRIED // 2) + 1)

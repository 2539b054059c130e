"""Thresholds on a sum, moved to what a lane carries, and cut down to those that can matter."""

from __future__ import annotations

from hwgen.numeric import IntArray, Range
from hwgen.plan.stages import Steps


def lane_thresholds(
    thresholds: IntArray, unit: int, constant: int, lane: Range
) -> tuple[tuple[int, ...], bool]:
    """Thresholds for `lane` where the sum is `unit * lane + constant`, and whether they descend.

    `sum >= t` is `lane >= u` where unit is positive, and `not lane >= u` where it is negative.
    Every u is clipped to [lane.lo, lane.hi + 1]: always reached, or never.
    """
    moved = []
    for t in thresholds:
        distance = int(t) - constant
        u = -(-distance // unit) if unit > 0 else distance // unit + 1
        moved.append(min(max(u, lane.lo), lane.hi + 1))
    return tuple(moved), unit < 0


def steps(thresholds: IntArray, unit: int, constant: int, lane: Range, code_lo: int) -> Steps:
    """The staircase over a lane with every threshold that can both fire and fail, each once."""
    moved, descending = lane_thresholds(thresholds, unit, constant, lane)
    total = len(moved)
    ascending = moved[::-1] if descending else moved
    kept: list[int] = []
    codes = [code_lo + (total if descending else 0)]
    for u in ascending:
        code = codes[-1] + (-1 if descending else 1)
        if u <= lane.lo or (kept and kept[-1] == u):
            codes[-1] = code
        elif u <= lane.hi:
            kept.append(u)
            codes.append(code)
    return Steps(thresholds=tuple(kept), codes=tuple(codes))


def code_range(channel: Steps) -> Range:
    """Range of the codes that a staircase gives."""
    return Range(min(channel.codes), max(channel.codes))

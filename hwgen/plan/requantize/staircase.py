"""Thresholds on a sum, moved to what a lane carries, and cut down to those that can matter."""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.plan.stages.requantizers import Requantizer, Steps


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
    """Give the staircase over a lane: the thresholds that can both fire and fail, each once."""
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


def wrapped(staircase: Steps, stored: Range, bits: int) -> Steps:
    """Give a staircase over `stored` as one over the stored value modulo `2**bits`.

    Values at and above a multiple of `2**bits` come first then, and between their end and the
    start of the others lie codes that never occur: the change is put where it is roundest.
    """
    size = 1 << bits
    turn = (stored.hi >> bits) << bits
    if turn <= stored.lo:
        shifted = tuple(t - turn for t in staircase.thresholds)
        return Steps(thresholds=shifted, codes=staircase.codes)
    moved, codes = np.array(staircase.thresholds, np.int64) - turn, np.array(staircase.codes)
    before = int(np.searchsorted(moved, 0, side="right"))
    seam = roundest(stored.hi - turn + 1, stored.lo - turn + size)
    places = np.concatenate([moved[before:], [seam], moved[moved < 0] + size])
    values = np.append(codes[before:], codes[: len(places) - len(codes[before:]) + 1])
    kept = np.flatnonzero(values[1:] != values[:-1])
    return Steps(
        thresholds=tuple(places[kept].tolist()),
        codes=(int(values[0]), *values[kept + 1].tolist()),
    )


def roundest(lo: int, hi: int) -> int:
    """Give the number in [lo, hi] that the highest power of two divides; 0 where that is in it."""
    if lo <= 0:
        return -roundest(-hi, -lo) if hi < 0 else 0
    shift = 0
    while (hi >> shift + 1) << shift + 1 >= lo:
        shift += 1
    return (hi >> shift) << shift


def code_range(channel: Requantizer) -> Range:
    """Range of the codes that a staircase gives."""
    codes = channel.codes if isinstance(channel, Steps) else channel.steps.codes
    return Range(min(codes), max(codes))

"""The staircase that a requantizer makes of the values of a sum, found by arithmetic.

A product that drops no bit of x rises with x, so that the places where its upper bits change follow
from a division; no sum is tried. A product that does is tried at every value.
"""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.stages.requantizers import Requantizer, Rescale, Steps, codes_of

MOST_STEPS = 1 << 20  # values of a product's upper bits
MOST_VALUES = 1 << 22  # of a sum that are tried

Turns = tuple[IntArray, IntArray]  # the first value of each code, and the code


def steps_over(channel: Requantizer, lane: IntType, values: Range, wrap_bits: int) -> Steps | None:
    """Give the codes over values that a lane carries as they are, or their low `wrap_bits` bits.

    None where they are too many to be looked at.
    """
    turns: list[Turns] = []
    for piece, carried in _pieces(values, wrap_bits):
        found = _turns(channel, lane, piece, carried)
        if found is None:
            return None
        turns.append(found)
    places, codes = _joined(turns)
    last = np.append(places[1:] != places[:-1], True)  # of several at one place the last one counts
    places, codes = places[last], codes[last]
    changed = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return Steps(
        thresholds=tuple(places[changed].tolist()),
        codes=(int(codes[0]), *codes[changed].tolist()),
    )


def _joined(turns: list[Turns]) -> Turns:
    return np.concatenate([p for p, _ in turns]), np.concatenate([c for _, c in turns])


def _pieces(values: Range, wrap_bits: int) -> list[tuple[Range, int]]:
    """Cut values where a lane of some bits turns over; with what they are more than the lane."""
    if not wrap_bits:
        return [(values, 0)]
    pieces = []
    for turn in range(values.lo >> wrap_bits, (values.hi >> wrap_bits) + 1):
        start = turn << wrap_bits
        end = start + (1 << wrap_bits) - 1
        pieces.append((Range(max(values.lo, start), min(values.hi, end)), start))
    return pieces


def _turns(channel: Requantizer, lane: IntType, values: Range, added: int) -> Turns | None:
    """Give the codes of values that are `added` more than the lane."""
    if isinstance(channel, Steps):
        return _of_steps(channel, values, added)
    multiplier = channel.multiplier
    if multiplier is None or multiplier < 1:
        if values.span >= MOST_VALUES:
            return None
        every = np.arange(values.lo, values.hi + 1)
        return _changes(every, codes_of(channel, lane, every - added))
    turns: list[Turns] = []
    seam = added + lane.lo + channel.seam
    for lo, hi, more in (
        (values.lo, min(values.hi, seam - 1), 1 << lane.bits),
        (max(values.lo, seam), values.hi, 0),
    ):
        if lo <= hi:
            found = _of_line(channel, multiplier, Range(lo, hi), more - added - lane.lo)
            if found is None:
                return None
            turns.append(found)
    return _joined(turns)


def _of_steps(channel: Steps, values: Range, added: int) -> Turns:
    places = np.array([values.lo, *(t + added for t in channel.thresholds), values.hi + 1])
    below = int(np.searchsorted(places[1:-1], values.lo, side="right"))
    end = int(np.searchsorted(places[1:-1], values.hi, side="right"))
    starts = np.append(values.lo, places[1 + below : 1 + end])
    return starts, np.array(channel.codes[below : end + 1], np.int64)


def _of_line(channel: Rescale, multiplier: int, values: Range, x_more: int) -> Turns | None:
    """Give the codes where x is the value and `x_more`, by the places where the line rises."""
    constant = channel.constant + multiplier * x_more
    first, last = (multiplier * end + constant >> channel.shift for end in (values.lo, values.hi))
    if last - first >= MOST_STEPS:
        return None
    size = 1 << channel.kept.bits
    upper = np.arange(last - first + 1) + first % size
    codes = np.array(channel.steps.codes)[
        np.searchsorted(channel.steps.thresholds, upper % size, side="right")
    ]
    changed = (np.flatnonzero(np.diff(codes)) + 1).tolist()
    places = (-((constant - ((first + index) << channel.shift)) // multiplier) for index in changed)
    return np.array([values.lo, *places], np.int64), codes[[0, *changed]]


def _changes(values: IntArray, codes: IntArray) -> Turns:
    changed = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    return values[changed], codes[changed]

"""Inputs of a unit at the edges of what it decides: both sides of thresholds, and ties."""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.requantize.steps_over import steps_over
from hwgen.plan.stages.requantizers import Requantizer, Steps
from hwgen.plan.stages.stage import (
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
    Stream,
)

RANDOM = 32  # cases at the least
MOST_CHANGES = 256  # of one product
MOST_THRESHOLDS = 1 << 10  # of one lane; each of more is compared when planned, and proved


def edge_cases(stage: Stage, rng: np.random.Generator) -> IntArray:
    """Both sides of every threshold; lanes at random, with ties, for an argmax."""
    match stage:
        case ParallelThreshold():
            edges = [
                _changes(*pair) for pair in zip(stage.channels, stage.inputs.lanes, strict=True)
            ]
        case SerialThreshold():
            staircases, lanes = stage.staircases(), len(stage.inputs.lanes)
            edges = [
                staircases[slot % stage.rows][slot // lanes // stage.inputs.copies]
                for slot in range(len(stage.inputs.order))
            ]
        case _:
            edges = [()] * len(stage.inputs.order)
    edges = [_some(places, MOST_THRESHOLDS) for places in edges]
    rows = max(2 * max(len(t) for t in edges) + 2, RANDOM)
    cases = np.empty((rows, len(edges)), np.int64)
    for slot, thresholds in enumerate(edges):
        lane = _lane(stage.inputs, slot)
        values = [lane.lo, lane.hi, *thresholds, *(t - 1 for t in thresholds)]
        kept = [min(max(v, lane.lo), lane.hi) for v in values]
        kept += [int(v) for v in rng.integers(lane.lo, lane.hi + 1, rows - len(kept))]
        cases[:, slot] = kept
    if isinstance(stage, ParallelArgmax | SerialArgmax):
        cases[::4, len(edges) // 2 :] = cases[::4, :1]
    return cases


def _some(places: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Give every n-th place, as many as may be."""
    return places[:: -(-len(places) // most) or 1]


def _changes(channel: Requantizer, lane: IntType) -> tuple[int, ...]:
    """Give values of a lane with another code than the value before it.

    A product also turns over at values that no sum has, so often in a wide lane that a share of
    its places must do; each of them is compared when the product is planned, and proved.
    """
    if isinstance(channel, Steps):
        return channel.thresholds
    found = steps_over(channel, lane, lane.range, 0)
    return () if found is None else _some(found.thresholds, MOST_CHANGES)


def _lane(stream: Stream, slot: int) -> Range:
    return stream.lanes[slot % len(stream.lanes)].range

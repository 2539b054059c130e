"""How far the beats of one vector come by what units promise, with no notion of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hwgen.compiled import compiled
from hwgen.numeric import IntArray

Tables = tuple[IntArray, IntArray]  # of a unit: what output beats need, and what is taken behind


def carried(
    reads: Sequence[Sequence[int]],
    tables: Sequence[Tables],
    holds: Sequence[bool],
    beats: Sequence[int],
) -> IntArray:
    """Give how many of its `beats` pass each place: what enters, then what each unit gives.

    `holds`: whether a unit takes beats before what they give leaves; one that does not takes the
    last one in the same step.
    """
    sources = [[source + 1 for source in own] for own in reads]
    readers = [[u for u, own in enumerate(sources) if p in own] for p in range(len(beats))]
    takes = [np.append(own, beats[of[0]]) for (_, own), of in zip(tables, sources, strict=True)]
    net = (*_flat(sources), *_flat(readers), *_flat([own for own, _ in tables]), *_flat(takes))
    passed = np.zeros(len(beats), np.int64)
    offered, taken = np.zeros((2, len(beats)), np.bool_)
    given = np.zeros(sum(map(len, sources)), np.bool_)
    whole = (*net, np.array(holds), np.array(beats))
    _carry(whole, passed, offered, taken, given)
    return passed


def _flat(lists: Sequence[Sequence[int] | IntArray]) -> tuple[IntArray, IntArray]:
    """Give lists one behind another, and where each begins."""
    starts = np.cumsum([0, *map(len, lists)])
    return np.concatenate([np.asarray(own, np.int64) for own in lists]), starts


@compiled()
def _carry(net: Any, passed: Any, offered: Any, taken: Any, given: Any) -> None:
    """Let beats pass wherever promises let them, at all places at once, until none passes."""
    moving = True
    while moving:
        for place in range(len(passed)):
            offered[place] = _is_offered(net, passed, given, place)
            _give(net, passed, offered, given, place)
        moving = False
        for place in range(len(passed) - 1, -1, -1):
            taken[place] = _is_taken(net, passed, offered, taken, given, place)
        for place in range(len(passed)):
            if offered[place] and taken[place]:
                passed[place] += 1
                moving = True


@compiled()
def _is_offered(net: Any, passed: Any, given: Any, place: Any) -> Any:
    """Tell whether the unit before a place has what its next beat needs."""
    sources, first_source, _, _, needs, first_need, _, _, holds, beats = net
    if passed[place] == beats[place]:
        return False
    if place == 0:
        return True
    unit = place - 1
    came = passed[sources[first_source[unit]]]
    if not holds[unit]:
        came += 1
        for s in range(first_source[unit], first_source[unit + 1]):
            if not given[s]:
                return False
    return came >= needs[first_need[unit] + passed[place]]


@compiled()
def _give(net: Any, passed: Any, offered: Any, given: Any, place: Any) -> None:
    """Find which readers see the beat of a place: those beside which all that hold it can."""
    sources, first_source, readers, first_reader, _, _, takes, first_take, holds, _ = net
    for r in range(first_reader[place], first_reader[place + 1]):
        sees = offered[place]
        for q in range(first_reader[place], first_reader[place + 1]):
            other = readers[q]
            if q != r and holds[other]:
                sees &= passed[place] < takes[first_take[other] + passed[other + 1]]
        for s in range(first_source[readers[r]], first_source[readers[r] + 1]):
            if sources[s] == place:
                given[s] = sees


@compiled()
def _is_taken(net: Any, passed: Any, offered: Any, taken: Any, given: Any, place: Any) -> Any:
    """Tell whether all that read a place take its beat, where it offers one."""
    sources, first_source, readers, first_reader, _, _, takes, first_take, holds, _ = net
    for r in range(first_reader[place], first_reader[place + 1]):
        unit = readers[r]
        left = passed[unit + 1]
        if not holds[unit] and offered[unit + 1] and taken[unit + 1]:
            left += 1
        if passed[place] >= takes[first_take[unit] + left]:
            return False
        for s in range(first_source[unit], first_source[unit + 1]):
            if sources[s] != place and not given[s]:
                return False
    return True

"""Says which sets of PEs leave together, so that no result is overwritten and beats are few."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import accumulate

from hwgen.plan.folded.schedule import Group, SetShape

Result = tuple[int, int]  # set, and which of its groups


def departures(
    dealt: list[list[Group]], shapes: list[SetShape], cycles: int
) -> list[tuple[int, ...]]:
    """Give the sets of each beat: it waits for as long as its results can, and takes all it may."""
    ready = {
        (index, k): end
        for index, groups in enumerate(dealt)
        for k, end in enumerate(accumulate(group.steps for group in groups))
    }
    fed = [range(shape.first, shape.first + shape.width) for shape in shapes]
    latest = _latest(ready, fed, [cycles + groups[0].steps for groups in dealt])
    lanes = max(lane.stop for lane in fed)
    turns = []
    # of each set only the first result that waits can leave: in order of time there is no other
    heads = [(latest[s, 0], ready[s, 0], s, 0) for s in range(len(dealt))]
    heapify(heads)
    while heads:
        time = heads[0][0]
        used: set[int] = set()
        beat, stay = [], []
        while heads and len(used) < lanes:
            head = heappop(heads)
            _, end, s, k = head
            if end > time or not used.isdisjoint(fed[s]):
                stay.append(head)
                continue
            used.update(fed[s])
            beat.append(s)
            if (s, k + 1) in ready:
                stay.append((latest[s, k + 1], ready[s, k + 1], s, k + 1))
        for head in stay:
            heappush(heads, head)
        turns.append(tuple(sorted(beat)))
    return turns


def _latest(ready: dict[Result, int], fed: list[range], wraps: list[int]) -> dict[Result, int]:
    """Give when each result has to leave: before the next of its set, one a lane and cycle.

    `wraps` says when the first result of each set's next vector ends.
    """
    limits = {(s, k): ready.get((s, k + 1), wraps[s]) - 1 for s, k in ready}
    taken: set[tuple[int, int]] = set()
    latest: dict[Result, int] = {}
    for result in sorted(ready, key=lambda result: (-limits[result], -ready[result])):
        time = limits[result]
        while any((lane, time) in taken for lane in fed[result[0]]):
            time -= 1
        taken |= {(lane, time) for lane in fed[result[0]]}
        latest[result] = max(time, ready[result])
    return latest

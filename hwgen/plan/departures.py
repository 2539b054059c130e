"""Says which sets of PEs leave together, so that no result is overwritten and beats are few."""

from __future__ import annotations

from itertools import accumulate

from hwgen.plan.schedule import Group, SetShape

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
    waiting = sorted(ready, key=lambda result: (latest[result], ready[result]))
    while waiting:
        time = latest[waiting[0]]
        used: set[int] = set()
        beat, stay = [], []
        for place, result in enumerate(waiting):
            if len(used) == lanes:
                stay += waiting[place:]
                break
            if ready[result] <= time and used.isdisjoint(fed[result[0]]):
                used.update(fed[result[0]])
                beat.append(result[0])
            else:
                stay.append(result)
        waiting = stay
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

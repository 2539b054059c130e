"""Says which sets of PEs leave together, so that no result is overwritten and beats are few."""

from __future__ import annotations

from itertools import accumulate

from hwgen.plan.schedule import Group, SetShape


def departures(
    dealt: list[list[Group]], shapes: list[SetShape], cycles: int
) -> list[tuple[int, ...]]:
    """Give the sets of each beat.

    Each result has the latest cycle at which it can leave: before the next one of its set ends,
    and with one result a lane and cycle. A beat waits until one of its results can wait no longer
    and takes whatever is there by then.
    """
    width = max(shape.first + shape.width for shape in shapes)
    ready: dict[tuple[int, int], int] = {}
    for index, groups in enumerate(dealt):
        for k, end in enumerate(accumulate(group.steps for group in groups)):
            ready[index, k] = end
    latest: dict[tuple[int, int], int] = {}
    taken: set[tuple[int, int]] = set()

    def following(result: tuple[int, int]) -> int:
        index, k = result
        after = ready.get((index, k + 1))
        return after - 1 if after is not None else cycles + dealt[index][0].steps - 1

    for result in sorted(ready, key=lambda r: (-following(r), -ready[r])):
        first, width = shapes[result[0]].first, shapes[result[0]].width
        time = following(result)
        while any((lane, time) in taken for lane in range(first, first + width)):
            time -= 1
        taken |= {(lane, time) for lane in range(first, first + width)}
        latest[result] = max(time, ready[result])
    turns = []
    waiting = sorted(ready, key=lambda r: (latest[r], ready[r]))
    while waiting:
        time = latest[waiting[0]]
        used: set[int] = set()
        beat = []
        for result in waiting:
            shape = shapes[result[0]]
            lanes = range(shape.first, shape.first + shape.width)
            if ready[result] <= time and used.isdisjoint(lanes):
                used.update(lanes)
                beat.append(result)
            if len(used) == width:
                break
        left = set(beat)
        waiting = [result for result in waiting if result not in left]
        turns.append(tuple(sorted(index for index, _ in beat)))
    return turns

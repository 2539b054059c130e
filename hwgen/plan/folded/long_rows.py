"""Arranges multipliers for rows of unlike length: PEs of more lanes for long rows than for short.

A row of more weights than a vector has cycles cannot be summed by one multiplier. Where few rows
are long, PEs that all have the lanes which these need waste them on the short ones. So the
longest rows get sets of their own, of PEs with as many lanes as end such a row in time. The lanes
of a PE sum what PEs of one lane each would have summed apart: no adder is there that another
arrangement of as many multipliers would not have, and no register holds a part of a row that is
not a prefix of it. What is left of the multipliers becomes sets of like PEs for the other rows,
which fill the time that is left in the long rows' sets too.

A set feeds some lanes of the output stream. Sets that feed other lanes leave in one beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from itertools import accumulate
from math import ceil

from hwgen.plan.folded.departures import departures
from hwgen.plan.folded.schedule import MAX_SEARCHED, Group, Schedule, SetShape, leaving
from hwgen.plan.stages.stage import PADDING

LANES = (1, 2, 3, 4, 6, 8, 12, 16)  # of the PEs for short rows
WIDTHS = (1, 2, 4, 8)  # PEs of a set
SCHEDULED = 8  # ways to deal rows whose departures are found, those that end soonest
ROOMS = (1.0, 1.25, 1.5, 2.0)  # output lanes over the fewest that results can leave on
ROOMS_OF_MANY = (2.0,)  # of many rows, whose departures take time to find


@dataclass(slots=True)
class _Set:
    """A set while rows are dealt to it."""

    lanes: int
    width: int
    groups: list[Group] = field(default_factory=list)
    steps: int = 0

    def until(self, weights: int) -> int:
        """Give when a group of rows of so many weights would end."""
        return self.steps + max(-(-weights // self.lanes), 1)

    def take(self, rows: list[int], work: dict[int, int]) -> None:
        """Sum the first rows of a list, which get out of it."""
        members = rows[: self.width]
        del rows[: self.width]
        steps = self.until(work[members[0]]) - self.steps
        padding = (PADDING,) * (self.width - len(members))
        self.groups.append(Group(rows=(*members, *padding), steps=steps))
        self.steps += steps


def unlike_sets(work: dict[int, int], multipliers: int, slots: int, aim: int) -> Iterator[Schedule]:
    """Give schedules on sets of unlike PEs that should take so many cycles, and may take more.

    Parameters
    ----------
    work
        Nonzero weights of every row.
    slots
        Places of the vector: more lanes of a PE are no use.
    """
    order = sorted(work, key=lambda row: -work[row])
    ways = [
        _dealt(order, work, multipliers, aim, lanes, width)
        for lanes in LANES
        for width in WIDTHS
        if lanes * width <= multipliers and lanes <= slots
    ]
    # fewer sets, of fewer PEs, have fewer ends and accumulators
    ways.sort(
        key=lambda sets: (
            max((part.steps for part in sets), default=0),
            len(sets) + sum(part.width for part in sets),
        )
    )
    rooms = ROOMS if len(order) <= MAX_SEARCHED else ROOMS_OF_MANY
    for sets in [sets for sets in ways if sets][:SCHEDULED]:
        yield from _scheduled(sets, aim, rooms)


def _scheduled(sets: list[_Set], aim: int, rooms: tuple[float, ...]) -> Iterator[Schedule]:
    """Let groups leave on as few output lanes as their number needs, and on a few more."""
    results = sum(len(part.groups) * part.width for part in sets)
    cycles = max(part.steps for part in sets)
    widest = max(part.width for part in sets)
    for lanes in sorted({max(ceil(results * room / aim), widest) for room in rooms}):
        shapes = _placed(sets, lanes)
        for spread in (False, True):
            dealt = _turned(sets, shapes, spread=spread)
            yield leaving(dealt, shapes, departures(dealt, shapes, cycles))


def _turned(sets: list[_Set], shapes: list[SetShape], *, spread: bool) -> list[list[Group]]:
    """Order the groups of each set so that sets which share a lane do not end many at once.

    Groups are sorted, or where `spread` long ones alternate with short ones, and turned: short
    groups come at another time in each set.
    """
    dealt = []
    firsts = [shape.first for shape in shapes]
    for index, part in enumerate(sets):
        groups = part.groups
        if spread:
            last = len(groups) - 1
            order = sorted(range(last + 1), key=lambda k: (min(k, last - k), k))
            groups = [groups[k] for k in order]
        share = (firsts[:index].count(firsts[index]) + 1) / firsts.count(firsts[index])
        behind = list(accumulate(group.steps for group in reversed(groups)))
        turned = min(range(len(groups)), key=lambda k: abs(behind[k] - share * part.steps))
        start = len(groups) - 1 - turned
        dealt.append(groups[start:] + groups[:start])
    return dealt


def _placed(sets: list[_Set], lanes: int) -> list[SetShape]:
    """Place each set on the output lanes that have the fewest results so far."""
    load = [0] * lanes
    shapes = []
    for part in sets:
        if part.width == 1:
            first = load.index(min(load))
        else:
            spans = [load[at : at + part.width] for at in range(lanes - part.width + 1)]
            first = spans.index(min(spans, key=lambda span: (max(span), sum(span))))
        for lane in range(first, first + part.width):
            load[lane] += len(part.groups)
        shapes.append(SetShape(lanes=part.lanes, width=part.width, first=first))
    return shapes


def _dealt(
    order: list[int], work: dict[int, int], multipliers: int, aim: int, lanes: int, width: int
) -> list[_Set]:
    """Deal rows to sets that should end at `aim`; none where that cannot be."""
    rows, left = list(order), multipliers
    sets: list[_Set] = []
    while rows and work[rows[0]] > aim * lanes:
        own = -(-work[rows[0]] // aim)
        long = sum(work[row] > aim * (own - 1) for row in rows[:width])
        members = min(long, left // own)
        if not members:
            return []
        sets.append(_Set(lanes=own, width=members))
        sets[-1].take(rows, work)
        left -= own * members
    whole, rest = divmod(left // lanes, width)
    sets += [_Set(lanes=lanes, width=width) for _ in range(whole)]
    sets += [_Set(lanes=lanes, width=rest)] if rest else []
    _fill(sets, rows, work)
    used = [part for part in sets if part.groups]
    return sorted(used, key=lambda part: -part.width * len(part.groups)) if not rows else []


def _fill(sets: list[_Set], rows: list[int], work: dict[int, int]) -> None:
    """Deal rows, longest first, each group to the set that ends it first, of those to the widest.

    Of sets of one shape only the shortest matters.
    """
    alike: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for index, part in enumerate(sets):
        alike.setdefault((part.lanes, part.width), []).append((part.steps, index))
    for heap in alike.values():
        heapify(heap)
    while rows and sets:
        weights = work[rows[0]]
        heap = min(
            alike.values(),
            key=lambda heap: (sets[heap[0][1]].until(weights), -sets[heap[0][1]].width, heap[0][1]),
        )
        index = heap[0][1]
        sets[index].take(rows, work)
        heapreplace(heap, (sets[index].steps, index))

"""Deals the rows of a folded layer to processing elements so that all of them end together.

PEs work in sets whose members end their rows at the same step. Rows are sorted by their work and
cut into groups of one row a PE, groups are dealt to sets of equal total, and the sets' results
leave in turn: where one would still wait when its set ends the next row, that row is stretched.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from itertools import accumulate

from hwgen.plan.stages import PADDING

SWAPS = 2000  # attempts to level two sets; each one shortens the longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that the PEs of a set sum at the same time, and the steps that they take."""

    rows: tuple[int, ...]
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The groups of every set, in order, and the steps of a vector."""

    sets: tuple[tuple[Group, ...], ...]
    cycles: int

    @property
    def ends(self) -> tuple[tuple[int, ...], ...]:
        """Last step of every group, set by set."""
        return tuple(
            tuple(end - 1 for end in accumulate(group.steps for group in groups))
            for groups in self.sets
        )

    @property
    def beats(self) -> tuple[Group, ...]:
        """Give the groups in the order in which they leave."""
        rounds = range(len(self.sets[0]))
        return tuple(groups[k] for k in rounds for groups in self.sets if k < len(groups))


def deal(rows: list[int], steps: list[int], width: int, sets: int, *, natural: bool) -> Schedule:
    """Schedule rows of given work on `sets` sets of `width` PEs.

    Parameters
    ----------
    rows, steps
        The rows, and how many steps each takes (one at the least).
    natural
        Keep the rows in their order, for who reads the sums as they come.
    """
    work = dict(zip(rows, steps, strict=True))
    order = list(rows) if natural else sorted(rows, key=lambda row: -work[row])
    groups = []
    for start in range(0, len(order), width):
        members = order[start : start + width]
        padding = (PADDING,) * (width - len(members))
        groups.append(Group(rows=(*members, *padding), steps=max(work[row] for row in members)))
    dealt = [groups[first::sets] for first in range(sets)] if natural else _level(groups, sets)
    return _leaving_in_turn(dealt)


def _level(groups: list[Group], sets: int) -> list[list[Group]]:
    """Deal groups to sets of nearly equal total; the first sets have one group more, if any."""
    room = [len(groups) // sets + (index < len(groups) % sets) for index in range(sets)]
    open_sets = [(0, index) for index in range(sets)]
    dealt: list[list[Group]] = [[] for _ in range(sets)]
    for group in groups:
        total, index = open_sets.pop(0)
        dealt[index].append(group)
        if len(dealt[index]) < room[index]:
            insort(open_sets, (total + group.steps, index))
    totals = [sum(group.steps for group in part) for part in dealt]
    for _ in range(SWAPS):
        longest, shortest = totals.index(max(totals)), totals.index(min(totals))
        moved = _swap(dealt[longest], dealt[shortest], totals[longest] - totals[shortest])
        if not moved:
            break
        totals[longest] -= moved
        totals[shortest] += moved
    return [sorted(part, key=lambda group: -group.steps) for part in dealt]


def _swap(long: list[Group], short: list[Group], difference: int) -> int:
    """Exchange the two groups that level two sets best; the steps that moved, 0 for none."""
    best, pair = difference, None
    others = {group.steps: place for place, group in enumerate(short)}
    for own, place in {group.steps: place for place, group in enumerate(long)}.items():
        for steps, other in others.items():
            left = abs(difference - 2 * (own - steps))
            if left < best:
                best, pair = left, (place, other)
    if pair is None:
        return 0
    place, other = pair
    moved = long[place].steps - short[other].steps
    long[place], short[other] = short[other], long[place]
    return moved


def _leaving_in_turn(dealt: list[list[Group]]) -> Schedule:
    """Stretch groups until no result is overwritten before its turn to leave has come."""
    steps = [[group.steps for group in part] for part in dealt]
    cycles = max(max(sum(part) for part in steps), sum(len(part) for part in steps))
    while len(dealt) > 1 and _stretched(steps, cycles):
        cycles = max(cycles, max(sum(part) for part in steps))
    return Schedule(
        sets=tuple(
            tuple(
                Group(rows=group.rows, steps=length)
                for group, length in zip(part, lengths, strict=True)
            )
            for part, lengths in zip(dealt, steps, strict=True)
        ),
        cycles=cycles,
    )


def _stretched(steps: list[list[int]], cycles: int) -> bool:
    """Lengthen groups that end before their set's last result has left; whether there are any.

    Two vectors back to back, so that the end of one meets the start of the next.
    """
    stretched = False
    leaves = 0
    left = [0] * len(steps)
    for start in (0, cycles):
        ends = [start] * len(steps)
        for k in range(len(steps[0])):
            for index, part in enumerate(steps):
                if k >= len(part):
                    continue
                ends[index] += part[k]
                if ends[index] < left[index]:
                    part[k] += left[index] - ends[index]
                    ends[index] = left[index]
                    stretched = True
                leaves = max(leaves, ends[index]) + 1
                left[index] = leaves
    return stretched

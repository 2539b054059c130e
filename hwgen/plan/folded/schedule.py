"""Deals the rows of a folded layer to processing elements so that all of them end together.

PEs work in sets whose members end their rows at the same step. Rows are sorted by their work and
cut into groups of one row a PE, groups are dealt to sets of equal total, and the sets' results
leave in turn: where one would still wait when its set ends the next row, that row is stretched.
"""

from __future__ import annotations

from bisect import insort
from copy import deepcopy
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from hwgen.plan.folded.stretching import Dealing
from hwgen.plan.stages.stage import PADDING

SWAPS = 2000  # attempts to level two sets; each one shortens the longest
WELL = 1.03  # cycles over the least possible that are not searched further
MAX_SEARCHED = 256  # rows that are swapped at random
ATTEMPTS = 3000
WHOLE_GROUPS = 0.3  # share of the swaps that move all rows of a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that the PEs of a set sum at the same time, and the steps that they take."""

    rows: tuple[int, ...]
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetShape:
    """A set: its PEs, lanes of each, and the first output lane that it feeds.

    A set is there `copies` times, for as many neighbouring windows. `turns` of a schedule number
    the copies, those of a set one after another.
    """

    lanes: int
    width: int
    first: int = 0
    copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The groups of every set, in order, the sets that leave in every beat, and all steps."""

    shapes: tuple[SetShape, ...]
    sets: tuple[tuple[Group, ...], ...]
    turns: tuple[tuple[int, ...], ...]
    cycles: int

    @property
    def width(self) -> int:
        """Output lanes that the sets feed."""
        return max(shape.first + shape.width for shape in self.shapes)

    @property
    def ends(self) -> tuple[tuple[int, ...], ...]:
        """Last step of every group, set by set."""
        return tuple(
            tuple(end - 1 for end in accumulate(group.steps for group in groups))
            for groups in self.sets
        )


def in_order(rows: int, steps: int, shape: SetShape) -> Schedule:
    """Schedule rows of equal work on one set, in their own order."""
    groups = _groups(list(range(rows)), dict.fromkeys(range(rows), steps), shape.width)
    return _leaving_in_turn([groups], shape)


def deal(
    rows: list[int], steps: list[int], shape: SetShape, sets: int, *, search: bool
) -> Schedule:
    """Schedule rows of given work on `sets` like sets.

    Parameters
    ----------
    rows, steps
        The rows, and how many steps each takes (one at the least).
    search
        Spend time on a better schedule.
    """
    work = dict(zip(rows, steps, strict=True))
    order = sorted(rows, key=lambda row: -work[row])
    level = _level(_groups(order, work, shape.width), sets)
    spread = [[part[k] for k in _alternating(len(part))] for part in level]
    schedule = min(
        (_leaving_in_turn(dealt, shape) for dealt in (level, spread)), key=lambda s: s.cycles
    )
    least = -(-sum(steps) // (shape.width * sets))
    if not search or len(rows) > MAX_SEARCHED or schedule.cycles <= WELL * least:
        return schedule
    return _searched(schedule, work, least)


def _alternating(count: int) -> list[int]:
    """Give the first place, the last, the second: long groups make room for what waits."""
    return sorted(range(count), key=lambda k: (min(k, count - 1 - k), k))


def _groups(order: list[int], work: dict[int, int], width: int) -> list[Group]:
    """Cut rows into groups of one row a PE."""
    groups = []
    for start in range(0, len(order), width):
        members = order[start : start + width]
        padding = (PADDING,) * (width - len(members))
        groups.append(Group(rows=(*members, *padding), steps=max(work[row] for row in members)))
    return groups


def _searched(schedule: Schedule, work: dict[int, int], least: int) -> Schedule:
    """Swap rows and groups at random as long as the vector does not get longer."""
    work = work | {PADDING: 0}
    random = Random(0)
    places = [[list(group.rows) for group in part] for part in schedule.sets]
    spots = [(s, k) for s, part in enumerate(places) for k in range(len(part))]
    copies = schedule.shapes[0].copies
    dealing = Dealing(
        [[_steps(rows, work) for rows in part] for part in places],
        in_turn([len(part) for part in places], copies),
        copies,
    )
    steps = dealing.steps
    best = cost = dealing.cost()
    kept = deepcopy(places)
    for _ in range(ATTEMPTS):
        (s, k), (t, n) = random.choice(spots), random.choice(spots)
        lane, other = random.randrange(len(places[s][k])), random.randrange(len(places[t][n]))
        whole = random.random() < WHOLE_GROUPS
        _exchange(places, (s, k, lane), (t, n, other), whole=whole)
        before = int(steps[s, k]), int(steps[t, n])
        steps[s, k], steps[t, n] = _steps(places[s][k], work), _steps(places[t][n], work)
        found = dealing.cost(cost[0])
        if found > cost:
            _exchange(places, (s, k, lane), (t, n, other), whole=whole)
            steps[s, k], steps[t, n] = before
            continue
        cost = found
        if cost < best:
            best, kept = cost, deepcopy(places)
        if best[0] == least:
            break
    groups = [[Group(rows=tuple(rows), steps=_steps(rows, work)) for rows in part] for part in kept]
    return _leaving_in_turn(groups, schedule.shapes[0])


def _steps(rows: list[int], work: dict[int, int]) -> int:
    """Give the steps of a group of these rows."""
    return max(1, *(work[row] for row in rows))


def _exchange(
    places: list[list[list[int]]],
    first: tuple[int, int, int],
    second: tuple[int, int, int],
    *,
    whole: bool,
) -> None:
    (s, k, lane), (t, n, other) = first, second
    if whole:
        places[s][k], places[t][n] = places[t][n], places[s][k]
    else:
        a, b = places[s][k], places[t][n]
        a[lane], b[other] = b[other], a[lane]


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


def leaving(
    dealt: list[list[Group]], shapes: list[SetShape], turns: list[tuple[int, ...]]
) -> Schedule:
    """Stretch groups until no result is overwritten before its turn to leave has come."""
    before = [[group.steps for group in part] for part in dealt]
    cycles, steps = Dealing(before, turns, shapes[0].copies).stretched()
    return Schedule(
        shapes=tuple(shapes),
        sets=tuple(
            tuple(
                Group(rows=group.rows, steps=length)
                for group, length in zip(part, lengths, strict=True)
            )
            for part, lengths in zip(dealt, steps, strict=True)
        ),
        turns=tuple(turns),
        cycles=cycles,
    )


def in_turn(counts: list[int], copies: int) -> list[tuple[int, ...]]:
    """Give the sets one after another, then again, of as many groups each or one less."""
    return [
        (s * copies + copy,)
        for k in range(counts[0])
        for s, count in enumerate(counts)
        if k < count
        for copy in range(copies)
    ]


def _leaving_in_turn(dealt: list[list[Group]], shape: SetShape) -> Schedule:
    turns = in_turn([len(part) for part in dealt], shape.copies)
    return leaving(dealt, [shape] * len(dealt), turns)

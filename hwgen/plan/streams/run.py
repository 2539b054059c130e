"""One clock cycle after another of a graph of stages: what is offered, what is taken, what moves.

A beat of a stage that several read leaves when all take it, and one that reads several takes a beat
of each when all are there. Of the readers of one stage all but one at the most are queues, which
take a beat or not whatever is behind them. Cycles in which nothing moves are skipped.
"""

from __future__ import annotations

from typing import Any

from hwgen.compiled import compiled
from hwgen.plan.streams.pipeline_rules import FOREVER
from hwgen.plan.streams.rules import QUEUE, quiet, ready, skip, tick, valid

# columns of a stage's row: its kind, where its constants and registers begin, and its first edge
KIND, CONSTANTS, REGISTERS, FIRST_EDGE = range(4)

# of an edge: the stage that reads, the place that it reads (0 for what enters, then the stages),
# and where the other readers of that place that are queues begin in a list
READER, SOURCE, FIRST_QUEUE = range(3)

# what a run knows of time: cycles, beats that came and left, the first of each
CYCLE, CAME, LEFT, FIRST_CAME, FIRST_LEFT = range(5)


@compiled()
def offer(lay: Any, edges: Any, queues: Any, con: Any, reg: Any, offered: Any, given: Any) -> None:
    """Find which places offer a beat, and to which edges; `offered[0]` is what enters."""
    for s in range(len(lay) - 1):
        there = 1
        for e in range(lay[s, FIRST_EDGE], lay[s + 1, FIRST_EDGE]):
            is_there = offered[edges[e, SOURCE]]
            for q in range(edges[e, FIRST_QUEUE], edges[e + 1, FIRST_QUEUE]):
                row = lay[queues[q]]
                is_there &= ready(QUEUE, row[CONSTANTS], row[REGISTERS], con, reg, 0)
            given[e] = is_there
            there &= is_there
        row = lay[s]
        offered[s + 1] = valid(row[KIND], row[CONSTANTS], row[REGISTERS], con, reg, there)


@compiled()
def accept(lay: Any, edges: Any, out: Any, con: Any, reg: Any, given: Any, taken: Any) -> None:
    """Find which places have their beat taken, if they offer one.

    `out` lists the edges of each place, behind where they begin.
    """
    stages = len(lay) - 1
    for place in range(stages, -1, -1):
        takes = 1
        for k in range(out[place], out[place + 1]):
            e = out[k]
            s = edges[e, READER]
            row = lay[s]
            takes &= ready(row[KIND], row[CONSTANTS], row[REGISTERS], con, reg, taken[s + 1])
            for other in range(row[FIRST_EDGE], lay[s + 1, FIRST_EDGE]):
                if other != e:
                    takes &= given[other]
        taken[place] = takes


@compiled()
def still(lay: Any, con: Any, reg: Any, taken: Any, most: Any) -> Any:
    """Count cycles in which no beat moves, `most` at the most, and let them pass."""
    stages, cycles = len(lay) - 1, most
    for s in range(stages):
        row = lay[s]
        cycles = min(
            cycles, quiet(row[KIND], row[CONSTANTS], row[REGISTERS], con, reg, taken[s + 1])
        )
    if 0 < cycles < FOREVER:
        for s in range(stages):
            row = lay[s]
            skip(row[KIND], row[CONSTANTS], row[REGISTERS], con, reg, cycles, taken[s + 1])
    return cycles


@compiled()
def step(
    lay: Any,
    edges: Any,
    queues: Any,
    out: Any,
    con: Any,
    reg: Any,
    places: Any,
    clock: Any,
    offers: Any,
    most: Any,
) -> Any:
    """Run one cycle, with those before it in which nothing moves, `most` at the most.

    `offers`: the source has a beat. `places` has room for what is offered, taken and given; in the
    first two it says what moved. Gives the cycles that were skipped, FOREVER where all stands
    still.
    """
    offered, taken, given = places
    stages, moves, skipped = len(lay) - 1, 0, 0
    offered[0] = offers
    offer(lay, edges, queues, con, reg, offered, given)
    accept(lay, edges, out, con, reg, given, taken)
    for place in range(stages + 1):
        moves |= offered[place] & taken[place]
    if not moves:
        skipped = still(lay, con, reg, taken, most)
        if skipped == FOREVER:
            return FOREVER
        clock[CYCLE] += skipped
    for s in range(stages):
        arrived = 1
        for e in range(lay[s, FIRST_EDGE], lay[s + 1, FIRST_EDGE]):
            place = edges[e, SOURCE]
            arrived &= offered[place] & taken[place]
        row, leaves, takes = lay[s], offered[s + 1] & taken[s + 1], taken[s + 1]
        tick(row[KIND], row[CONSTANTS], row[REGISTERS], con, reg, arrived, leaves, takes)
    count(clock, offered[0] & taken[0], offered[stages] & taken[stages])
    return skipped


@compiled()
def advance(
    lay: Any,
    edges: Any,
    queues: Any,
    out: Any,
    con: Any,
    reg: Any,
    places: Any,
    clock: Any,
    goal: Any,
    beats: Any,
    wanted: Any,
) -> Any:
    """Run until so many beats have left in all; False where the design stands still before.

    The source gives `beats` evenly in `goal` cycles, or one in every cycle where that is 0.
    """
    while clock[LEFT] < wanted:
        due = clock[CAME] * goal // beats
        offers = 1 if clock[CYCLE] >= due else 0
        most = FOREVER if offers else due - clock[CYCLE] - 1
        if step(lay, edges, queues, out, con, reg, places, clock, offers, most) == FOREVER:
            return False
    return True


@compiled()
def count(clock: Any, came: Any, left: Any) -> None:
    """Count a beat that came, one that left, and the cycle."""
    if came:
        if clock[CAME] == 0:
            clock[FIRST_CAME] = clock[CYCLE]
        clock[CAME] += 1
    if left:
        if clock[LEFT] == 0:
            clock[FIRST_LEFT] = clock[CYCLE]
        clock[LEFT] += 1
    clock[CYCLE] += 1

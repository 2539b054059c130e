"""One clock cycle after another of a graph of stages: what is offered, what is taken, what moves.

A beat of a stage that several read leaves when all take it, and one that reads several takes a beat
of each when all are there. Of the readers of one stage all but one at the most are queues, which
take a beat or not whatever is behind them.

Only what can change is looked at. A stage sleeps for as long as its rules say that nothing happens
in it while no beat moves, and gets those clock edges at once when it wakes. What is offered and
taken is found by islands: places that reach one another within a cycle. An island around which no
stage had a clock edge stays as it was.
"""

from __future__ import annotations

from typing import Any

from hwgen.compiled import compiled
from hwgen.plan.streams.pipeline_rules import FOREVER
from hwgen.plan.streams.rules import QUEUE, SLOW, quiet, ready, skip, tick, valid

# columns of a stage's row: its kind, where its constants and registers begin, and its first edge
KIND, CONSTANTS, REGISTERS, FIRST_EDGE = range(4)

# of an edge: the stage that reads, the place that it reads (0 for what enters, then the stages),
# and where the other readers of that place that are queues begin in a list
READER, SOURCE, FIRST_QUEUE = range(3)

# what a run knows of time: cycles, beats that came and left, the first of each, cycles of the log
CYCLE, CAME, LEFT, FIRST_CAME, FIRST_LEFT = range(5)

# rows of what a run knows of each place: whether a beat is offered, and whether it would be taken;
# its island; the cycle in which a beat moved last, how many did, where the cycle of the next one is
# logged, and where the log of the place ends; then, of a stage one place before, the first cycle
# that it has not seen, the one in which it wakes by itself, and the last one for which it is on the
# list; of an island, the cycle for which it is on the other list
OFFERED, TAKEN, ISLAND, MOVED, PASSED, LOGGED, LOG_END, SINCE, WAKES, LISTED, CHANGED = range(11)
ROWS = 11

# rows of lists: stages that get a clock edge, and islands around which something changed, of this
# cycle and of the next, in turn; and numbers in the last row: how many they are, which of them
# are of this cycle, and a cycle before which no stage wakes by itself
STAGES, ISLANDS, NUMBERS, LISTS = 0, 2, 4, 5
TURN, FIRST_WAKES = 4, 5
NUMBERS_SIZE = 6


@compiled(bare=True)
def catch_up(net: Any, known: Any, s: Any, cycle: Any) -> None:
    """Give a stage that slept its clock edges before a cycle."""
    lay, con, reg = net[0], net[4], net[5]
    slept = cycle - known[SINCE, s]
    if slept > 0:
        skip(lay[s, KIND], lay[s, CONSTANTS], lay[s, REGISTERS], con, reg, slept)
        known[SINCE, s] = cycle


@compiled(bare=True)
def offer(net: Any, known: Any, given: Any, place: Any) -> None:
    """Find whether a place offers a beat, and to which of those that read it."""
    lay, edges, queues, out, con, reg, _, _ = net
    if place:
        s, there = place - 1, 1
        for e in range(lay[s, FIRST_EDGE], lay[s + 1, FIRST_EDGE]):
            there &= given[e]
        if lay[s, KIND] == SLOW:  # whether one is offered counts its cycles
            catch_up(net, known, s, known[CHANGED, known[ISLAND, place]])
        c, r = lay[s, CONSTANTS], lay[s, REGISTERS]
        known[OFFERED, place] = valid(lay[s, KIND], c, r, con, reg, there)
    for k in range(out[place], out[place + 1]):
        e = out[k]
        sees = known[OFFERED, place]
        for q in range(edges[e, FIRST_QUEUE], edges[e + 1, FIRST_QUEUE]):
            if lay[queues[q], KIND] == QUEUE:
                c, r = lay[queues[q], CONSTANTS], lay[queues[q], REGISTERS]
                sees &= ready(QUEUE, c, r, con, reg, 0)
        given[e] = sees


@compiled(bare=True)
def accept(net: Any, known: Any, given: Any, place: Any) -> None:
    """Find whether a place has its beat taken, if it offers one."""
    lay, edges, _, out, con, reg, _, _ = net
    takes = 1
    for k in range(out[place], out[place + 1]):
        e = out[k]
        s = edges[e, READER]
        c, r = lay[s, CONSTANTS], lay[s, REGISTERS]
        takes &= ready(lay[s, KIND], c, r, con, reg, known[TAKEN, s + 1])
        for other in range(lay[s, FIRST_EDGE], lay[s + 1, FIRST_EDGE]):
            if other != e:
                takes &= given[other]
    known[TAKEN, place] = takes


@compiled(bare=True)
def put(known: Any, lists: Any, which: Any, row: Any, item: Any, cycle: Any) -> None:
    """Put a stage or an island on the list of a cycle, once."""
    if known[row, item] != cycle:
        known[row, item] = cycle
        lists[which, lists[NUMBERS, which]] = item
        lists[NUMBERS, which] += 1


@compiled(bare=True)
def look_around(net: Any, known: Any, lists: Any, given: Any, cycle: Any) -> None:
    """Find what is offered and taken where something changed, and list those whose beats move."""
    lay, edges, _, out, _, _, islands, log = net
    turn = lists[NUMBERS, TURN]
    for listed in range(lists[NUMBERS, ISLANDS + turn]):
        island = lists[ISLANDS + turn, listed]
        for k in range(islands[island], islands[island + 1]):
            offer(net, known, given, islands[k])
        for k in range(islands[island + 1] - 1, islands[island] - 1, -1):
            accept(net, known, given, islands[k])
        for k in range(islands[island], islands[island + 1]):
            place = islands[k]
            moves = known[OFFERED, place] & known[TAKEN, place]
            if place and (moves or lay[place - 1, KIND] == SLOW):
                put(known, lists, STAGES + turn, LISTED, place - 1, cycle)
            if moves:
                known[MOVED, place] = cycle
                known[PASSED, place] += 1
                if known[LOGGED, place] < known[LOG_END, place]:
                    log[known[LOGGED, place]] = cycle
                    known[LOGGED, place] += 1
                for out_edge in range(out[place], out[place + 1]):
                    reader = edges[out[out_edge], READER]
                    put(known, lists, STAGES + turn, LISTED, reader, cycle)
        known[CHANGED, island] = -1  # another offer in this cycle is looked at again
    lists[NUMBERS, ISLANDS + turn] = 0


@compiled(bare=True)
def wake(known: Any, lists: Any, stages: Any, cycle: Any) -> None:
    """List the stages that wake by themselves in a cycle, and find when the next ones do."""
    first = FOREVER
    for s in range(stages):
        wakes = known[WAKES, s]
        if wakes <= cycle:
            put(known, lists, STAGES + lists[NUMBERS, TURN], LISTED, s, cycle)
        else:
            first = min(first, wakes)
    lists[NUMBERS, FIRST_WAKES] = first


@compiled(bare=True)
def give_edge(net: Any, known: Any, lists: Any, s: Any, cycle: Any) -> None:
    """Give a stage the clock edge at the end of a cycle, and find when it wakes."""
    lay, edges, _, _, con, reg, _, _ = net
    following = 1 - lists[NUMBERS, TURN]
    catch_up(net, known, s, cycle)
    kind, c, r = lay[s, KIND], lay[s, CONSTANTS], lay[s, REGISTERS]
    arrived = 1
    for e in range(lay[s, FIRST_EDGE], lay[s + 1, FIRST_EDGE]):
        place = edges[e, SOURCE]
        arrived &= 1 if known[MOVED, place] == cycle else 0
        put(known, lists, ISLANDS + following, CHANGED, known[ISLAND, place], cycle + 1)
    left = 1 if known[MOVED, s + 1] == cycle else 0
    tick(kind, c, r, con, reg, arrived, left, known[TAKEN, s + 1])
    put(known, lists, ISLANDS + following, CHANGED, known[ISLAND, s + 1], cycle + 1)
    known[SINCE, s] = cycle + 1
    still = quiet(kind, c, r, con, reg, 0)  # one whose beat is taken is woken by that
    known[WAKES, s] = FOREVER
    if still == 0:
        put(known, lists, STAGES + following, LISTED, s, cycle + 1)
    elif still < FOREVER:
        known[WAKES, s] = cycle + 1 + still
        lists[NUMBERS, FIRST_WAKES] = min(lists[NUMBERS, FIRST_WAKES], cycle + 1 + still)


@compiled(bare=True)
def step(net: Any, known: Any, lists: Any, given: Any, clock: Any, offers: Any, most: Any) -> Any:
    """Run one cycle, with those before it in which nothing moves, `most` at the most.

    `offers`: the source has a beat. Gives the cycles that were skipped, FOREVER where all stands
    still.
    """
    stages, cycle, skipped = len(net[0]) - 1, clock[CYCLE], 0
    turn = lists[NUMBERS, TURN]
    if offers != known[OFFERED, 0]:
        known[OFFERED, 0] = offers
        put(known, lists, ISLANDS + turn, CHANGED, known[ISLAND, 0], cycle)
    look_around(net, known, lists, given, cycle)
    if lists[NUMBERS, FIRST_WAKES] <= cycle:
        wake(known, lists, stages, cycle)
    if not lists[NUMBERS, STAGES + turn]:
        first = lists[NUMBERS, FIRST_WAKES]
        skipped = min(first - cycle if first < FOREVER else FOREVER, most)
        if skipped == FOREVER:
            return FOREVER
        cycle += skipped
        if first <= cycle:
            wake(known, lists, stages, cycle)
    for listed in range(lists[NUMBERS, STAGES + turn]):
        give_edge(net, known, lists, lists[STAGES + turn, listed], cycle)
    lists[NUMBERS, STAGES + turn] = 0
    lists[NUMBERS, TURN] = 1 - turn
    clock[CYCLE] = cycle
    count(clock, known[MOVED, 0] == cycle, known[MOVED, stages] == cycle)
    return skipped


@compiled()
def advance(
    net: Any, known: Any, lists: Any, given: Any, clock: Any, pace: Any, wanted: Any
) -> Any:
    """Run until so many beats have left in all; give FOREVER where the design stands still before.

    `pace`: so many beats are given evenly in so many cycles, one in every cycle where these are 0.
    Where no beats are `wanted`, one cycle is run in which the source has so many beats, 0 or 1,
    behind those in which nothing moves, as many as are given at the most.
    """
    beats, cycles = pace
    if not wanted:
        return step(net, known, lists, given, clock, beats, cycles)
    while clock[LEFT] < wanted:
        due = clock[CAME] * cycles // beats
        offers = 1 if clock[CYCLE] >= due else 0
        most = FOREVER if offers else due - clock[CYCLE] - 1
        if step(net, known, lists, given, clock, offers, most) == FOREVER:
            return FOREVER
    return 0


@compiled()
def catch_all_up(net: Any, known: Any, cycle: Any) -> None:
    """Give all stages their clock edges before a cycle."""
    for s in range(len(net[0]) - 1):
        catch_up(net, known, s, cycle)


@compiled(bare=True)
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

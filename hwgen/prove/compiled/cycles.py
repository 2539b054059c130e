"""Compiled: a unit is offered beats, one cycle after another, until something must be looked at."""

from __future__ import annotations

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    LETTER_BITS,
    UNKNOWN,
    Bytes,
    Elements,
    Known,
    Longs,
    Program,
    State,
    Sums,
)
from hwgen.prove.compiled.settle import DONE, clock, mark, settle

# what the loops come back for, beside MISS, TOO_WIDE and KEPT
BOUNDARY, SHOWN, ROOM, UNCERTAIN, OVER = 3, 4, 5, 6, 7

# counters
VECTOR, BEAT, CYCLE, IDLE, STILL, SENT, OUTPUTS, FIRST, PHASE, LOOKED, OFFERED, FILLED = range(12)
COUNTERS = 12
DRIVE, SETTLE = range(2)  # phases of a cycle
STEADY, FEW, RESET = range(3)
MODE, MOST, MOST_SENT, COMING, WANTED, PATIENCE, QUIET, LEVEL = range(8)  # limits


@compiled(bare=True)
def put(p: Program, s: State, wire: int, code: int, word: int) -> None:
    """Drive a bit from outside."""
    if s.wires[wire] != code:
        s.wires[wire] = code
        mark(p, s, word)


@compiled(bare=True)
def drive(
    p: Program, s: State, feed: Longs, beat: int, later: int, offered: bool, ready: bool
) -> None:
    """Offer a beat, or none, and take one or not; atoms of the beat are `later` ones."""
    for k in range(len(p.payload)):
        code = UNKNOWN
        if offered:
            code = feed[beat, k]
            if code > UNKNOWN:
                code += later << LETTER_BITS
        put(p, s, p.payload[k], code, p.inputs[0])
    put(p, s, p.handshakes[0], 1 if offered else 0, p.inputs[1])
    put(p, s, p.handshakes[3], 1 if ready else 0, p.inputs[2])


@compiled(bare=True)
def show(p: Program, s: State, shown: Longs, count: Longs) -> None:
    """Keep the payload that leaves."""
    for k in range(len(p.shown)):
        shown[count[FILLED], k] = s.wires[p.shown[k]]
    count[FILLED] += 1
    count[OUTPUTS] += 1


@compiled(bare=True)
def has_room(p: Program, sums: Sums) -> bool:
    """Whether a cycle may make as many sums as it can."""
    few, many = len(sums.low) - sums.made[0], len(sums.atoms) - sums.made[1]
    return few > 4 * len(p.kind) + 2 and many > 32 * len(p.kind)


@compiled(bare=True)
def begin_steady(p: Program, s: State, feed: Longs, count: Longs, limits: Longs, later: int) -> int:
    """Begin a cycle in which a beat is offered, and one is taken."""
    if max(count[VECTOR], count[STILL]) >= limits[MOST] or count[SENT] >= limits[MOST_SENT]:
        return OVER
    if not count[BEAT] and not count[IDLE] and not count[LOOKED]:
        count[LOOKED] = 1
        return BOUNDARY
    count[LOOKED] = 0
    drive(p, s, feed, count[BEAT], count[VECTOR] * later, True, True)
    return DONE


@compiled(bare=True)
def end_steady(count: Longs, beats: int, valid: int, taken: int) -> None:
    """Count what came and left in such a cycle."""
    if valid and count[FIRST] < 0:
        count[FIRST] = count[CYCLE]
    count[IDLE] = 0 if taken else count[IDLE] + 1
    count[BEAT] = (count[BEAT] + taken) % beats
    # a full ring takes nothing for a whole row of windows, whose sums leave meanwhile
    count[STILL] = 0 if taken or valid else count[STILL] + 1
    count[SENT] = 0 if taken else count[SENT] + valid
    if taken and not count[BEAT]:
        count[VECTOR] += 1


@compiled(bare=True)
def begin_few(
    p: Program, s: State, feed: Longs, count: Longs, limits: Longs, later: int, moves: Bytes
) -> int:
    """Begin a cycle in which a beat may be offered, and one be taken."""
    still = limits[QUIET] if count[OUTPUTS] == limits[WANTED] else limits[PATIENCE]
    if count[OUTPUTS] > limits[WANTED] or count[IDLE] >= still:
        return OVER
    place = 2 * count[CYCLE] % len(moves)
    if count[BEAT] < limits[COMING] and moves[place]:
        count[OFFERED] = 1
    vector, beat = count[BEAT] // len(feed), count[BEAT] % len(feed)
    drive(p, s, feed, beat, vector * later, count[OFFERED] != 0, moves[place + 1] != 0)
    return DONE


@compiled(bare=True)
def run(
    p: Program,
    s: State,
    sums: Sums,
    elements: Elements,
    known: Known,
    feed: Longs,
    count: Longs,
    shown: Longs,
    scratch: tuple[Longs, Longs, Longs],
    limits: Longs,
    moves: Bytes,
) -> int:
    """Run until something must be looked at.

    STEADY offers one vector after another without a pause, takes all at once, and comes back at
    BOUNDARY where a vector begins, for what the unit holds to be looked at. FEW offers a few
    vectors, and takes what comes, in cycles that `moves` tells. RESET passes through a cycle.
    """
    given, places, result = scratch
    columns, mode = len(elements.kind), limits[MODE]
    while True:
        if count[PHASE] == DRIVE:
            if not has_room(p, sums):
                return ROOM
            if count[FILLED] == len(shown):
                return SHOWN
            found = DONE
            if mode == STEADY:
                found = begin_steady(p, s, feed, count, limits, columns)
            elif mode == FEW:
                found = begin_few(p, s, feed, count, limits, columns, moves)
            else:
                for k in range(len(p.reset)):
                    put(p, s, p.reset[k], limits[LEVEL], p.inputs[3])
            if found != DONE:
                return found
            count[PHASE] = SETTLE
        found = settle(p, s, sums, elements, known, given, result)
        if found != DONE:
            return found
        if mode == RESET:
            count[PHASE] = DRIVE
            return OVER
        valid, taken = s.wires[p.handshakes[2]], s.wires[p.handshakes[1]]
        if valid > 1 or taken > 1:
            result[0] = p.handshakes[2 if valid > 1 else 1]
            return UNCERTAIN
        if mode == FEW:
            valid &= s.wires[p.handshakes[3]]
            taken &= count[OFFERED]
        if valid:
            show(p, s, shown, count)
        if mode == STEADY:
            end_steady(count, len(feed), valid, taken)
        else:
            count[IDLE] = 0 if valid or taken else count[IDLE] + 1
            count[BEAT] += taken
            count[OFFERED] &= 1 - taken
        found = clock(p, s, places, result)
        if found != DONE:
            return found
        count[CYCLE] += 1
        count[PHASE] = DRIVE

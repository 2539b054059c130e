"""Compiled: a unit is offered beats, one cycle after another, until something must be looked at."""

from __future__ import annotations

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    VERSION,
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
DRIVE, SETTLE, ACT = range(3)  # phases of a cycle


@compiled(version=VERSION)
def put(p: Program, s: State, wire: int, code: int, word: int) -> None:
    """Drive a bit from outside."""
    if s.wires[wire] != code:
        s.wires[wire] = code
        mark(p, s, word)


@compiled(version=VERSION)
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


@compiled(version=VERSION)
def show(p: Program, s: State, shown: Longs, count: Longs) -> None:
    """Keep the payload that leaves."""
    for k in range(len(p.shown)):
        shown[count[FILLED], k] = s.wires[p.shown[k]]
    count[FILLED] += 1
    count[OUTPUTS] += 1


@compiled(version=VERSION)
def has_room(p: Program, sums: Sums) -> bool:
    """Whether a cycle may make as many sums as it can."""
    few, many = len(sums.low) - sums.count[0], len(sums.atoms) - sums.count[1]
    return few > 4 * len(p.kind) + 2 and many > 32 * len(p.kind)


@compiled(version=VERSION)
def steady(
    p: Program,
    s: State,
    sums: Sums,
    elements: Elements,
    known: Known,
    feed: Longs,
    count: Longs,
    shown: Longs,
    scratch: tuple[Longs, Longs, Longs],
    most: int,
) -> int:
    """Offer one vector after another without a pause, and take all at once.

    Comes back at BOUNDARY where a vector begins, for what the unit holds to be looked at.
    """
    given, places, result = scratch
    beats, columns = len(feed), len(elements.kind)
    while True:
        if count[PHASE] == DRIVE:
            if max(count[VECTOR], count[STILL], count[SENT]) >= most:
                return OVER
            if not has_room(p, sums):
                return ROOM
            if count[FILLED] == len(shown):
                return SHOWN
            if not count[BEAT] and not count[IDLE] and not count[LOOKED]:
                count[LOOKED] = 1
                return BOUNDARY
            count[LOOKED] = 0
            drive(p, s, feed, count[BEAT], count[VECTOR] * columns, True, True)
            count[PHASE] = SETTLE
        found = settle(p, s, sums, elements, known, given, result)
        if found != DONE:
            return found
        valid, taken = s.wires[p.handshakes[2]], s.wires[p.handshakes[1]]
        if valid > 1 or taken > 1:
            result[0] = p.handshakes[2 if valid > 1 else 1]
            return UNCERTAIN
        if valid:
            if count[FIRST] < 0:
                count[FIRST] = count[CYCLE]
            show(p, s, shown, count)
        count[IDLE] = 0 if taken else count[IDLE] + 1
        count[BEAT] = (count[BEAT] + taken) % beats
        # a full ring takes nothing for a whole row of windows, whose sums leave meanwhile
        count[STILL] = 0 if taken or valid else count[STILL] + 1
        count[SENT] = 0 if taken else count[SENT] + valid
        if taken and not count[BEAT]:
            count[VECTOR] += 1
        found = clock(p, s, places, result)
        if found != DONE:
            return found
        count[CYCLE] += 1
        count[PHASE] = DRIVE


@compiled(version=VERSION)
def few(
    p: Program,
    s: State,
    sums: Sums,
    elements: Elements,
    known: Known,
    feed: Longs,
    count: Longs,
    shown: Longs,
    scratch: tuple[Longs, Longs, Longs],
    limits: tuple[int, int, int, int],
    moves: Bytes,
) -> int:
    """Offer a few vectors, and take what comes, in cycles that `moves` tells; see `sent`.

    `limits` are beats that come, beats that must leave, and cycles without any of both after which
    it ends: before all have left, and then.
    """
    given, places, result = scratch
    columns = len(elements.kind)
    coming, wanted, patience, quiet = limits
    while True:
        if count[PHASE] == DRIVE:
            still = quiet if count[OUTPUTS] == wanted else patience
            if count[OUTPUTS] > wanted or count[IDLE] >= still:
                return OVER
            if not has_room(p, sums):
                return ROOM
            if count[FILLED] == len(shown):
                return SHOWN
            place = 2 * count[CYCLE] % len(moves)
            if count[BEAT] < coming and moves[place]:
                count[OFFERED] = 1
            vector, beat = divmod(count[BEAT], len(feed))
            ready = moves[place + 1] != 0
            drive(p, s, feed, beat, vector * columns, count[OFFERED] != 0, ready)
            count[PHASE] = SETTLE
        found = settle(p, s, sums, elements, known, given, result)
        if found != DONE:
            return found
        valid, taken = s.wires[p.handshakes[2]], s.wires[p.handshakes[1]]
        if valid > 1 or taken > 1:
            result[0] = p.handshakes[2 if valid > 1 else 1]
            return UNCERTAIN
        sends, takes = valid and s.wires[p.handshakes[3]], taken and count[OFFERED]
        count[IDLE] = 0 if sends or takes else count[IDLE] + 1
        if sends:
            show(p, s, shown, count)
        if takes:
            count[BEAT] += 1
            count[OFFERED] = 0
        found = clock(p, s, places, result)
        if found != DONE:
            return found
        count[CYCLE] += 1
        count[PHASE] = DRIVE


@compiled(version=VERSION)
def reset(p: Program, s: State, sums: Sums, elements: Elements, known: Known, level: int,
          scratch: tuple[Longs, Longs, Longs], count: Longs) -> int:
    """Pass through a cycle with the reset at a level; behind 1, registers load."""
    given, places, result = scratch
    if count[PHASE] == DRIVE:
        for wire in p.reset:
            put(p, s, wire, level, p.inputs[3])
        count[PHASE] = SETTLE
    found = settle(p, s, sums, elements, known, given, result)
    if found != DONE:
        return found
    count[PHASE] = DRIVE
    return DONE

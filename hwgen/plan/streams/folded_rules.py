"""The rules of folded units: what is filled, the steps, results that wait; see `pipeline_rules.py`.

A unit reads a vector in two halves, one filled while the other is read, or rows of a map in a ring,
some read for a group of windows while others are filled.
"""

from __future__ import annotations

from typing import Any

from hwgen.compiled import compiled
from hwgen.plan.streams.pipeline_rules import FOREVER

# constants of the steps; those of what is filled follow from STORE on
(IS_RING, CYCLES, PIPELINE, SETS, GROUPS, FIRST_END, ENDING, AHEAD, FIRST_TURN, TURNS) = range(10)
STORE = 10
(VECTOR_BEATS,) = range(STORE, STORE + 1)
(SLOTS, ROW_BEATS, ROW_STEPS, IMAGE_ROWS, WINDOW_GROUPS, WINDOW_ROWS, WANTED, STORED, DROPPED) = (
    range(STORE, STORE + 9)
)
CONSTANTS = STORE + 9

# registers: of the steps, of two halves or a ring, then of the pipeline and of what waits
STEP, OUTPUT, CLAIMED, CLAIMED_BEFORE, BEAT, WAITING = range(6)
HELD = 6
FILLED_BEATS, FILL, READ, FREE, FILLED, BUSY = range(HELD, HELD + 6)  # the last two are bits
PRESENT, USED, Y, GROUP, ROW, ROW_STEP, CLAIMS, FREED = range(HELD, HELD + 8)
MOST_CLAIMS = 4  # groups of windows that were claimed and not yet released
REGISTERS = FREED + MOST_CLAIMS


@compiled(bare=True)
def ring_beyond(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether columns beyond the image come next, without a beat."""
    return reg[r + ROW_STEP] >= con[c + ROW_BEATS]


@compiled(bare=True)
def store_ready(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether an input beat is accepted."""
    if con[c + IS_RING]:
        return reg[r + USED] < con[c + SLOTS] and not ring_beyond(c, r, con, reg)
    return not reg[r + BUSY] >> reg[r + FILL] & 1


@compiled(bare=True)
def store_moves(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether something is filled without a beat."""
    if con[c + IS_RING]:
        return reg[r + USED] < con[c + SLOTS] and ring_beyond(c, r, con, reg)
    return False


@compiled(bare=True)
def store_available(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether what the next steps read is there."""
    if con[c + IS_RING]:
        return reg[r + PRESENT] >= con[c + con[c + WANTED] + reg[r + Y]]
    return reg[r + FILLED] >> reg[r + READ] & 1


@compiled(bare=True)
def halves_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, claim: Any, release: Any) -> None:
    """Give the clock edge of two halves."""
    if claim:
        reg[r + FILLED] &= ~(1 << reg[r + READ])
        reg[r + READ] ^= 1
    if arrived:
        reg[r + FILLED_BEATS] += 1
        if reg[r + FILLED_BEATS] == con[c + VECTOR_BEATS]:
            reg[r + FILLED_BEATS] = 0
            reg[r + FILLED] |= 1 << reg[r + FILL]
            reg[r + BUSY] |= 1 << reg[r + FILL]
            reg[r + FILL] ^= 1
    if release:
        reg[r + BUSY] &= ~(1 << reg[r + FREE])
        reg[r + FREE] ^= 1


@compiled(bare=True)
def ring_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, claim: Any, release: Any) -> None:
    """Give the clock edge of a ring."""
    filled = arrived or store_moves(c, r, con, reg)
    if claim:
        ring_claim(c, r, con, reg)
    if release:
        reg[r + USED] -= reg[r + FREED]
        reg[r + CLAIMS] -= 1
        for place in range(MOST_CLAIMS - 1):
            reg[r + FREED + place] = reg[r + FREED + place + 1]
    if filled:
        stored = con[c + con[c + STORED] + reg[r + ROW]]
        reg[r + ROW_STEP] += 1
        if reg[r + ROW_STEP] == con[c + (ROW_STEPS if stored else ROW_BEATS)]:
            reg[r + ROW_STEP] = 0
            reg[r + ROW] = (reg[r + ROW] + 1) % con[c + IMAGE_ROWS]
            reg[r + PRESENT] += stored
            reg[r + USED] += stored


@compiled(bare=True)
def ring_claim(c: Any, r: Any, con: Any, reg: Any) -> None:
    """Turn to the next group of windows; rows that no later one sees are to be freed."""
    reg[r + GROUP] += 1
    freed = 0
    if reg[r + GROUP] == con[c + WINDOW_GROUPS]:
        freed = con[c + con[c + DROPPED] + reg[r + Y]]
        reg[r + GROUP] = 0
        reg[r + Y] = (reg[r + Y] + 1) % con[c + WINDOW_ROWS]
        reg[r + PRESENT] -= freed
    reg[r + FREED + reg[r + CLAIMS]] = freed
    reg[r + CLAIMS] += 1


@compiled(bare=True)
def folded_leave(c: Any, r: Any, con: Any, reg: Any, ended: Any) -> None:
    """End the rows that a step ends, -1 for none; those of one beat leave, in turn."""
    if con[c + SETS] == 1:
        reg[r + OUTPUT] = ended >= 0
        return
    waits = r + REGISTERS + con[c + PIPELINE]
    first = c + con[c + FIRST_TURN] + reg[r + BEAT]
    turns = c + con[c + TURNS]
    output = 1
    for place in range(con[first], con[first + 1]):
        output &= reg[waits + con[turns + place]]
    reg[r + OUTPUT] = output
    if output:
        for place in range(con[first], con[first + 1]):
            reg[waits + con[turns + place]] = 0
        reg[r + WAITING] -= con[first + 1] - con[first]
        reg[r + BEAT] = (reg[r + BEAT] + 1) % con[c + GROUPS]
    if ended >= 0:
        first = c + con[c + FIRST_END] + ended
        for place in range(con[first], con[first + 1]):
            which = waits + con[c + con[c + ENDING] + place]
            reg[r + WAITING] += 1 - reg[which]
            reg[which] = 1


@compiled(bare=True)
def folded_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, downstream: Any) -> None:
    """Give the clock edge."""
    enable = downstream or not reg[r + OUTPUT]
    issue, step = store_available(c, r, con, reg), reg[r + STEP]
    claim = enable and issue and step == con[c + CYCLES] - 1
    release = reg[r + CLAIMED_BEFORE] and enable
    if enable:
        pipeline, last = r + REGISTERS, con[c + PIPELINE] - 1
        folded_leave(c, r, con, reg, reg[pipeline + last])
        for place in range(last, 0, -1):
            reg[pipeline + place] = reg[pipeline + place - 1]
        first = c + con[c + FIRST_END] + step
        reg[pipeline] = step if issue and con[first + 1] > con[first] else -1
        if issue:
            reg[r + STEP] = 0 if claim else step + 1
        reg[r + CLAIMED_BEFORE] = reg[r + CLAIMED]
        reg[r + CLAIMED] = 1 if claim else 0
    if con[c + IS_RING]:
        ring_tick(c, r, con, reg, arrived, claim, release)
    else:
        halves_tick(c, r, con, reg, arrived, claim, release)


@compiled(bare=True)
def folded_waits(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether a beat whose rows have all ended leaves next."""
    if con[c + SETS] == 1:
        return False
    waits = r + REGISTERS + con[c + PIPELINE]
    first = c + con[c + FIRST_TURN] + reg[r + BEAT]
    turns = c + con[c + TURNS]
    leaves = 1
    for place in range(con[first], con[first + 1]):
        leaves &= reg[waits + con[turns + place]]
    return leaves


@compiled(bare=True)
def folded_quiet(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Count cycles in which neither valid nor ready changes as long as no beat moves."""
    if store_moves(c, r, con, reg):
        return 0
    if reg[r + OUTPUT] and not downstream:
        return FOREVER
    if reg[r + OUTPUT] or reg[r + CLAIMED] or reg[r + CLAIMED_BEFORE]:
        return 0
    if folded_waits(c, r, con, reg):
        return 0
    still = con[c + con[c + AHEAD] + reg[r + STEP]] if store_available(c, r, con, reg) else FOREVER
    last = con[c + PIPELINE] - 1
    for place in range(last, -1, -1):
        if reg[r + REGISTERS + place] >= 0:
            return min(still, last - place)
    return still


@compiled(bare=True)
def folded_skip(c: Any, r: Any, con: Any, reg: Any, cycles: Any) -> None:
    """Give so many clock edges at once, all of them quiet."""
    if reg[r + OUTPUT]:
        return
    if store_available(c, r, con, reg):
        reg[r + STEP] += cycles
    pipeline = r + REGISTERS
    for place in range(con[c + PIPELINE] - 1, -1, -1):
        reg[pipeline + place] = reg[pipeline + place - cycles] if place >= cycles else -1

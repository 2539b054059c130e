"""The rules of stages that see more of a map than one position, as in `pipeline_rules.py`."""

from __future__ import annotations

from typing import Any

from hwgen.compiled import compiled
from hwgen.plan.streams.pipeline_rules import FOREVER

# of a window buffer; tables begin so far behind its first constant
QUEUE, TAIL_PIXELS, STEPS, TAIL, TAKES, SHOWS = range(6)
STEP, LEVEL, HEAD, OUTPUT, PENDING, UNDECIDED, FLUSHING = range(7)

# of a pooling: places, and which of them end a window
PLACES, ENDS = range(2)
PLACE, POOLED = range(2)

# of an enlarger: steps that show a row once
FACTOR, SQUARE, ROW = range(3)
SHOWN, OFFERED = range(2)


@compiled(bare=True)
def window_takes(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether the next step takes a pixel, where the tape does not run alone."""
    return con[c + con[c + TAKES] + reg[r + STEP]]


@compiled(bare=True)
def window_ready(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Tell whether an input beat is accepted."""
    if con[c + QUEUE]:
        return reg[r + LEVEL] < con[c + QUEUE]
    return window_takes(c, r, con, reg) and (downstream or not reg[r + OUTPUT])


@compiled(bare=True)
def window_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, downstream: Any) -> None:
    """Give the clock edge."""
    level, head = reg[r + LEVEL] + arrived, reg[r + HEAD]
    few = reg[r + UNDECIDED] and level < con[c + TAIL_PIXELS]
    alone = 1 if reg[r + FLUSHING] or few else 0
    takes = window_takes(c, r, con, reg) and not alone
    free = downstream or not reg[r + OUTPUT]
    offered = head if con[c + QUEUE] else arrived
    moves = free and (offered or not takes)
    fetches = reg[r + LEVEL] > head and (not head or (moves and takes))
    reg[r + HEAD] = 1 if fetches or (head and not (moves and takes)) else 0
    if con[c + QUEUE]:
        reg[r + LEVEL] = level - (1 if moves and takes else 0)
    if free:
        shows = con[c + SHOWS] + reg[r + PENDING] * con[c + STEPS]
        reg[r + OUTPUT] = con[c + shows + reg[r + STEP]] if moves else 0
    if moves:
        window_move(c, r, con, reg, alone)


@compiled(bare=True)
def window_move(c: Any, r: Any, con: Any, reg: Any, alone: Any) -> None:
    """Move the tape a place; `alone`: to end windows of the frame before, with no pixel."""
    step, tail, pending = reg[r + STEP], con[c + TAIL], reg[r + PENDING]
    ends_frame = step == con[c + STEPS] - 1
    undecided = 1 if ends_frame and tail > 0 else 0
    ends_tail = pending and step == tail - 1
    reg[r + UNDECIDED] = undecided
    reg[r + FLUSHING] = 1 if alone and not ends_tail else 0
    reg[r + PENDING] = 1 if (pending and not ends_tail) or undecided else 0
    reg[r + STEP] = 0 if ends_frame or (ends_tail and alone) else step + 1


@compiled(bare=True)
def window_quiet(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Count cycles in which nothing changes as long as no beat moves."""
    head = reg[r + HEAD]
    filling = reg[r + LEVEL] > head and not head
    if reg[r + OUTPUT] and not downstream:
        return 0 if filling else FOREVER
    few = reg[r + UNDECIDED] and reg[r + LEVEL] < con[c + TAIL_PIXELS]
    alone = reg[r + FLUSHING] or few
    waits = window_takes(c, r, con, reg) and not alone and not head and not filling
    return FOREVER if waits and not reg[r + OUTPUT] else 0


@compiled(bare=True)
def pool_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, downstream: Any) -> None:
    """Give the clock edge."""
    if downstream or not reg[r + POOLED]:
        place = reg[r + PLACE]
        reg[r + POOLED] = con[c + ENDS + place] if arrived else 0
        reg[r + PLACE] = (place + arrived) % con[c + PLACES]


@compiled(bare=True)
def enlarger_takes(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether the next pixel is one that comes."""
    step = reg[r + SHOWN]
    return step < con[c + ROW] and step % con[c + SQUARE] * con[c + FACTOR] < con[c + SQUARE]


@compiled(bare=True)
def enlarger_ready(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Tell whether an input beat is accepted."""
    return enlarger_takes(c, r, con, reg) and (downstream or not reg[r + OFFERED])


@compiled(bare=True)
def enlarger_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, downstream: Any) -> None:
    """Give the clock edge."""
    if downstream or not reg[r + OFFERED]:
        moves = 1 if arrived or not enlarger_takes(c, r, con, reg) else 0
        reg[r + OFFERED] = moves
        reg[r + SHOWN] = (reg[r + SHOWN] + moves) % (con[c + ROW] * con[c + FACTOR])


@compiled(bare=True)
def enlarger_quiet(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Count cycles in which nothing changes as long as no beat moves."""
    offered = reg[r + OFFERED]
    stands = offered and not downstream
    return FOREVER if stands or (enlarger_takes(c, r, con, reg) and not offered) else 0

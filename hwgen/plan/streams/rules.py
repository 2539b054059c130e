"""The rules of every kind of stage, by number: what `pipeline_rules.py` says that rules are.

A queue that is left out passes beats on, once those that it held when that was decided have left.
"""

from __future__ import annotations

from typing import Any

from hwgen.compiled import compiled
from hwgen.plan.streams.folded_rules import (
    OUTPUT,
    folded_quiet,
    folded_skip,
    folded_tick,
    store_ready,
)
from hwgen.plan.streams.map_rules import (
    OFFERED,
    POOLED,
    enlarger_quiet,
    enlarger_ready,
    enlarger_tick,
    pool_tick,
    window_quiet,
    window_ready,
    window_tick,
)
from hwgen.plan.streams.map_rules import OUTPUT as SHOWS
from hwgen.plan.streams.pipeline_rules import (
    FOREVER,
    HELD,
    SIZE,
    WAITED_FOR,
    pipeline_quiet,
    pipeline_ready,
    pipeline_skip,
    pipeline_tick,
    pipeline_valid,
    queue_tick,
    slow_tick,
)

PIPELINE, QUEUE, NARROWER, WIDENER, SLOW, FOLDED, WINDOW, POOL, ENLARGER, NO_QUEUE = range(10)


@compiled(bare=True)
def valid(kind: Any, c: Any, r: Any, con: Any, reg: Any, upstream: Any) -> Any:
    """Tell whether an output beat is offered in this cycle, 0 or 1."""
    if kind == PIPELINE:
        return 1 if pipeline_valid(c, r, con, reg, upstream) else 0
    if kind == QUEUE:
        return 1 if reg[r + HELD] > 0 else 0
    if kind == NO_QUEUE:
        return 1 if reg[r + HELD] > 0 or upstream else 0
    if kind == NARROWER:
        return upstream
    if kind == WIDENER:
        return 1 if upstream and reg[r + HELD] == con[c + SIZE] - 1 else 0
    if kind == SLOW:
        reg[r + WAITED_FOR] = upstream
        return 1 if upstream and not reg[r + HELD] else 0
    return offered(kind, r, reg)


@compiled(bare=True)
def offered(kind: Any, r: Any, reg: Any) -> Any:
    """Give the output register of a stage that has one."""
    if kind == FOLDED:
        return reg[r + OUTPUT]
    if kind == WINDOW:
        return reg[r + SHOWS]
    return reg[r + (POOLED if kind == POOL else OFFERED)]


@compiled(bare=True)
def ready(kind: Any, c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Tell whether an input beat is accepted in this cycle, 0 or 1."""
    if kind == PIPELINE:
        return 1 if pipeline_ready(c, r, con, reg, downstream) else 0
    if kind == QUEUE:
        return 1 if reg[r + HELD] < con[c + SIZE] else 0
    if kind == NO_QUEUE:
        return 1 if downstream and not reg[r + HELD] else 0
    if kind == NARROWER:
        return 1 if downstream and reg[r + HELD] == con[c + SIZE] - 1 else 0
    if kind == WIDENER:
        return 1 if downstream or reg[r + HELD] < con[c + SIZE] - 1 else 0
    if kind == SLOW:
        return 0 if reg[r + HELD] else 1
    return accepted(kind, c, r, con, reg, downstream)


@compiled(bare=True)
def accepted(kind: Any, c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Tell whether a stage that has an output register accepts an input beat, 0 or 1."""
    if kind == FOLDED:
        return 1 if store_ready(c, r, con, reg) else 0
    if kind == WINDOW:
        return 1 if window_ready(c, r, con, reg, downstream) else 0
    if kind == POOL:
        return 1 if downstream or not reg[r + POOLED] else 0
    return 1 if enlarger_ready(c, r, con, reg, downstream) else 0


@compiled(bare=True)
def tick(
    kind: Any, c: Any, r: Any, con: Any, reg: Any, arrived: Any, left: Any, downstream: Any
) -> None:
    """Give the clock edge: `arrived`, an input beat was taken; `left`, an output beat was."""
    if kind == PIPELINE:
        pipeline_tick(c, r, con, reg, arrived, downstream)
    elif kind in (QUEUE, NO_QUEUE):
        queue_tick(r, reg, arrived, left)
    elif kind == NARROWER:
        reg[r + HELD] = (reg[r + HELD] + left) % con[c + SIZE]
    elif kind == WIDENER:
        reg[r + HELD] = (reg[r + HELD] + arrived) % con[c + SIZE]
    elif kind == SLOW:
        slow_tick(c, r, con, reg, arrived)
    else:
        tick_of_map(kind, c, r, con, reg, arrived, downstream)


@compiled(bare=True)
def tick_of_map(
    kind: Any, c: Any, r: Any, con: Any, reg: Any, arrived: Any, downstream: Any
) -> None:
    """Give the clock edge to a stage that has an output register."""
    if kind == FOLDED:
        folded_tick(c, r, con, reg, arrived, downstream)
    elif kind == WINDOW:
        window_tick(c, r, con, reg, arrived, downstream)
    elif kind == POOL:
        pool_tick(c, r, con, reg, arrived, downstream)
    else:
        enlarger_tick(c, r, con, reg, arrived, downstream)


@compiled(bare=True)
def quiet(kind: Any, c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Count cycles from now in which neither valid nor ready changes as long as no beat moves."""
    if kind == PIPELINE:
        return pipeline_quiet(c, r, con, reg, downstream)
    if kind == FOLDED:
        return folded_quiet(c, r, con, reg, downstream)
    if kind == WINDOW:
        return window_quiet(c, r, con, reg, downstream)
    if kind == ENLARGER:
        return enlarger_quiet(c, r, con, reg, downstream)
    if kind == POOL:
        return 0 if reg[r + POOLED] and downstream else FOREVER
    if kind == SLOW:
        return reg[r + HELD] if reg[r + WAITED_FOR] and reg[r + HELD] else FOREVER
    return FOREVER


@compiled(bare=True)
def skip(kind: Any, c: Any, r: Any, con: Any, reg: Any, cycles: Any) -> None:
    """Give so many clock edges at once, all of them quiet; what is offered is not taken."""
    if kind == PIPELINE:
        pipeline_skip(c, r, con, reg, cycles)
    elif kind == FOLDED:
        folded_skip(c, r, con, reg, cycles)
    elif kind == SLOW and reg[r + WAITED_FOR]:
        reg[r + HELD] -= min(cycles, reg[r + HELD])

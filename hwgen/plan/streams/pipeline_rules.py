"""The rules of stages without tables: pipelines, queues and converters, cycle by cycle.

`con` holds the constants of all stages, `reg` their registers; those of a stage begin at `c` and
`r`. The rules of a stage are five: whether an output beat is offered (`valid`), whether an input
beat is accepted (`ready`), the clock edge (`tick`), for how many cycles nothing changes while no
beat moves (`quiet`), and so many clock edges at once, all of them quiet (`skip`).
"""

from __future__ import annotations

from typing import Any

from hwgen.compiled import compiled

FOREVER = (1 << 63) - 1
WORD = 62  # registers of a pipeline in a word

# of a pipeline, whose registers all stall together: constants, and registers; words follow
LATENCY, BEATS = 0, 1  # every so many beats one leaves
BEAT, BITS = 0, 1

# of a queue, a narrower and a widener: one constant (depth, parts, beats) and one register
SIZE, HELD, PEAK = 0, 0, 1

# of a slow sink: cycles of a beat, then those that are left of one, and whether one is offered
WAITED_FOR = 1


@compiled(bare=True)
def pipeline_last(c: Any, r: Any, con: Any, reg: Any) -> Any:
    """Tell whether a beat is in the last register."""
    place = con[c + LATENCY] - 1
    return reg[r + BITS + place // WORD] >> place % WORD & 1


@compiled(bare=True)
def pipeline_valid(c: Any, r: Any, con: Any, reg: Any, upstream: Any) -> Any:
    """Tell whether an output beat is offered."""
    return pipeline_last(c, r, con, reg) if con[c + LATENCY] else upstream


@compiled(bare=True)
def pipeline_ready(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Tell whether an input beat is accepted."""
    if downstream or not con[c + LATENCY]:
        return downstream
    return 1 - pipeline_last(c, r, con, reg)


@compiled(bare=True)
def pipeline_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any, downstream: Any) -> None:
    """Give the clock edge."""
    latency = con[c + LATENCY]
    if not latency or not pipeline_ready(c, r, con, reg, downstream):
        return
    carry = 1 if arrived and reg[r + BEAT] == con[c + BEATS] - 1 else 0
    for word in range((latency + WORD - 1) // WORD):
        bits = min(latency - word * WORD, WORD)
        moved = reg[r + BITS + word] << 1 | carry
        carry = moved >> bits & 1
        reg[r + BITS + word] = moved & ((1 << bits) - 1)
    reg[r + BEAT] = (reg[r + BEAT] + arrived) % con[c + BEATS]


@compiled(bare=True)
def pipeline_quiet(c: Any, r: Any, con: Any, reg: Any, downstream: Any) -> Any:
    """Count cycles in which nothing changes: until the first beat is in the last register."""
    last = con[c + LATENCY] - 1
    for word in range(last // WORD, -1, -1):
        bits = reg[r + BITS + word]
        if bits:
            place = word * WORD
            while bits > 1:
                bits >>= 1
                place += 1
            if place < last:
                return last - place - 1
            return 0 if downstream else FOREVER
    return FOREVER


@compiled(bare=True)
def pipeline_skip(c: Any, r: Any, con: Any, reg: Any, cycles: Any) -> None:
    """Give so many clock edges at once: no beat comes, and none leaves."""
    last = con[c + LATENCY] - 1
    words = (last + WORD) // WORD
    if not words or pipeline_last(c, r, con, reg):
        return
    far, near = cycles // WORD, cycles % WORD
    for word in range(words - 1, -1, -1):
        moved = reg[r + BITS + word - far] << near if word >= far else 0
        if word > far:
            moved |= reg[r + BITS + word - far - 1] >> (WORD - near)
        reg[r + BITS + word] = moved & ((1 << min(last + 1 - word * WORD, WORD)) - 1)


@compiled(bare=True)
def queue_tick(r: Any, reg: Any, arrived: Any, left: Any) -> None:
    """Give the clock edge, and see what is held the most, with what came as something left."""
    reg[r + PEAK] = max(reg[r + PEAK], reg[r + HELD] + arrived)
    reg[r + HELD] += arrived - left


@compiled(bare=True)
def slow_tick(c: Any, r: Any, con: Any, reg: Any, arrived: Any) -> None:
    """Give the clock edge: a beat was taken, or one that is offered waits a cycle less."""
    if arrived:
        reg[r + HELD] = con[c + SIZE]
    elif reg[r + WAITED_FOR] and reg[r + HELD]:
        reg[r + HELD] -= 1

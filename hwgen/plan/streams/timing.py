"""When results come: the handshakes of a graph of stages, cycle by cycle, without the data.

Latency and interval are read off a run of a few vectors with a source and a sink that never wait.
The run ends when the registers are as they were at the end of an earlier vector: from there on all
repeats itself.
"""

from __future__ import annotations

from itertools import pairwise

from hwgen.plan.stages.stage import Stage
from hwgen.plan.stages.wiring import Reads
from hwgen.plan.streams.handshakes import FOREVER, Handshakes

WARM_UP = 3  # vectors, beside one a stage, after which the interval is taken as steady
WINDOW = 4  # intervals of which the longest counts then


def latency_and_interval(stages: tuple[Stage, ...], reads: Reads | None = None) -> tuple[int, int]:
    """Cycles from the first input beat to the first output beat, and between vectors.

    Without `reads` the stages are a chain. `FOREVER` where the design stands still.
    """
    design = Handshakes(stages, reads)
    beats, most = stages[-1].outputs.beats, WARM_UP + len(stages) + WINDOW
    ends: list[int] = []
    seen: dict[bytes, int] = {}
    while len(ends) < most:
        if not design.run((len(ends) + 1) * beats):
            return FOREVER, FOREVER
        ends.append(design.clock.cycle)
        state = design.state()
        if state in seen:
            ends = ends[seen[state] :]
            break
        seen[state] = len(ends) - 1
    if len(ends) == most:
        ends = ends[-WINDOW - 1 :]
    return design.clock.latency, max(late - early for early, late in pairwise(ends))

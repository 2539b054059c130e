"""Queues deep enough that nothing stands still, whatever waits for how long.

At full rate beats follow one another closely, so that registers hold some that a queue would have
to hold where they come one by one. Depths that keep the rate are mostly enough for that too.
"""

from __future__ import annotations

import numpy as np

from hwgen.plan.stages.stage import Fifo, Stage
from hwgen.plan.stages.wiring import Reads
from hwgen.plan.streams.promises import promise_of
from hwgen.rhythm.check import passed_in_order


def full_queues(stages: tuple[Stage, ...], reads: Reads) -> list[int]:
    """Give the queues that are full where units that keep their promises could stand still.

    None where they cannot.
    """
    passed, beats = passed_in_order(reads, [promise_of(stage) for stage in stages])
    if np.array_equal(passed, beats):
        return []
    return [
        index
        for index, (stage, sources) in enumerate(zip(stages, reads, strict=True))
        if isinstance(stage, Fifo)
        and passed[sources[0] + 1] - passed[index + 1] == stage.depth
        and passed[index + 1] < beats[index + 1]
    ]

"""When results come: the handshakes of a chain of stages, cycle by cycle, without the data.

Latency and interval are read off a run of a few vectors with a source and a sink that never wait.
Cycles in which no beat moves are skipped.
"""

from __future__ import annotations

from itertools import pairwise

from hwgen.plan.stages.stage import Stage
from hwgen.plan.streams.handshakes import Model, model_of

WARM_UP = 3  # vectors, beside one a stage, until the interval is steady
WINDOW = 4  # intervals of which the longest counts


def latency_and_interval(stages: tuple[Stage, ...]) -> tuple[int, int]:
    """Cycles from the first input beat to the first output beat, and between vectors."""
    models = [model_of(stage) for stage in stages]
    beats = stages[-1].outputs.beats
    times: list[int] = []
    cycle, first = 0, None
    while len(times) < (WARM_UP + len(stages) + WINDOW) * beats:
        skipped, taken, left = _cycle(models)
        cycle += skipped
        if taken and first is None:
            first = cycle
        if left:
            times.append(cycle)
        cycle += 1
    ends = times[beats - 1 :: beats][-WINDOW - 1 :]
    return times[0] - (first or 0), max(late - early for early, late in pairwise(ends))


def _cycle(models: list[Model]) -> tuple[int, bool, bool]:
    """One clock cycle of a chain whose source and sink never wait.

    Gives the cycles that were skipped before it because nothing moves in them, and whether a beat
    was taken, and one left.
    """
    offered = [True]
    for model in models:
        offered.append(model.valid(offered[-1]))
    accepted = [True]
    for model in reversed(models):
        accepted.append(model.ready(accepted[-1]))
    accepted.reverse()
    moved = [given and taken for given, taken in zip(offered, accepted, strict=True)]
    skipped = 0
    if not any(moved):
        skipped = min(m.quiet(later) for m, later in zip(models, accepted[1:], strict=True))
        for model, later in zip(models, accepted[1:], strict=True):
            model.skip(skipped, later)
    for index, model in enumerate(models):
        downstream = accepted[index + 1]
        model.tick(
            offered[index] and accepted[index], offered[index + 1] and downstream, downstream
        )
    return skipped, accepted[0], offered[-1]

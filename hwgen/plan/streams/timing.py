"""When results come: the handshakes of a chain of stages, cycle by cycle, without the data.

Latency and interval are read off a run of a few vectors with a source and a sink that never wait.
The run ends when the registers are as they were at the end of an earlier vector: from there on all
repeats itself. Cycles in which no beat moves are skipped.
"""

from __future__ import annotations

from itertools import pairwise

from hwgen.plan.stages.stage import Stage
from hwgen.plan.streams.folded_handshakes import Store
from hwgen.plan.streams.handshakes import Model, model_of

WARM_UP = 3  # vectors, beside one a stage, after which the interval is taken as steady
WINDOW = 4  # intervals of which the longest counts then


def latency_and_interval(stages: tuple[Stage, ...]) -> tuple[int, int]:
    """Cycles from the first input beat to the first output beat, and between vectors."""
    models = [model_of(stage) for stage in stages]
    beats, most = stages[-1].outputs.beats, WARM_UP + len(stages) + WINDOW
    ends: list[int] = []
    seen: dict[tuple[object, ...], int] = {}
    first_taken = first_left = -1
    cycle = left_beats = 0
    while len(ends) < most:
        skipped, taken, left = _cycle(models)
        cycle += skipped
        if taken and first_taken < 0:
            first_taken = cycle
        if left:
            first_left = cycle if first_left < 0 else first_left
            left_beats += 1
        if left and left_beats == beats:
            left_beats = 0
            ends.append(cycle)
            state = tuple(_registers(model) for model in models)
            if state in seen:
                ends = ends[seen[state] :]
                break
            seen[state] = len(ends) - 1
        cycle += 1
    if len(ends) == most:
        ends = ends[-WINDOW - 1 :]
    return first_left - first_taken, max(late - early for early, late in pairwise(ends))


def _registers(part: object) -> object:
    """Give the values of all registers of a model: its numbers and lists, and those of its parts.

    What never changes is in tuples, dictionaries and stages.
    """
    if isinstance(part, int):
        return part
    if isinstance(part, list):
        return tuple(_registers(item) for item in part)
    return tuple(
        _registers(value) for value in vars(part).values() if isinstance(value, int | list | Store)
    )


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

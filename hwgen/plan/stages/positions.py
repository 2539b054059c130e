"""Stages that know of no map: the same work at every position of one, as at a single vector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hwgen.plan.stages.stage import RunningPool, Stage, Stream, WindowBuffer

VECTOR = (1, 1)  # the image of a vector


def is_by_position(stage: Stage) -> bool:
    """Whether a stage on a map does the same at every position, one after another."""
    return (
        stage.inputs.positions > 1
        and stage.inputs.image == stage.outputs.image
        and not isinstance(stage, WindowBuffer | RunningPool)
    )


def at_one_position(stage: Stage) -> Stage:
    """Give what a stage does at one position, where it does the same at every one."""
    return on_map((stage,), VECTOR)[0] if is_by_position(stage) else stage


def on_map(stages: Iterable[Stage], image: tuple[int, int]) -> tuple[Stage, ...]:
    """Give stages of vectors as those of every position of a map."""
    return tuple(
        replace(stage, inputs=_of(stage.inputs, image), outputs=_of(stage.outputs, image))
        for stage in stages
    )


def one_position(stream: Stream) -> Stream:
    """Give what travels for one position of a map."""
    return _of(stream, VECTOR)


def flattened(stream: Stream) -> Stream:
    """Give a map as the vector of its elements, which come in the same beats."""
    return Stream(lanes=stream.lanes, order=tuple(stream.elements.tolist()))


def _of(stream: Stream, image: tuple[int, int]) -> Stream:
    return replace(stream, image=image)

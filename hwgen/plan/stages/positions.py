"""Stages that know of no map: the same work at every position of one, as at a single vector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hwgen.plan.stages.stage import (
    PADDING,
    Enlarger,
    FoldedDense,
    RunningPool,
    Stage,
    Stream,
    WindowBuffer,
)

VECTOR = (1, 1)  # the image of a vector


def is_by_position(stage: Stage) -> bool:
    """Whether a stage on a map does the same at every position, one after another."""
    return (
        stage.inputs.positions > 1
        and stage.inputs.image == stage.outputs.image
        and not isinstance(stage, WindowBuffer | RunningPool | Enlarger)
        and not (isinstance(stage, FoldedDense) and stage.lines is not None)
    )


def at_one_position(stage: Stage) -> Stage:
    """Give what a stage does at one position, where it does the same at every one.

    Neighbours that travel together are one position.
    """
    if not is_by_position(stage):
        return stage
    together = max(stage.inputs.pixels, stage.outputs.pixels)
    return on_map((stage,), (1, together))[0]


def at_one_pixel(stage: Stage) -> Stage:
    """Give what a stage does for one pixel, also where it does so for several at once."""
    if isinstance(stage, FoldedDense) and stage.lines is not None:
        return _window_by_window(stage)
    stage = at_one_position(stage)
    if stage.inputs.pixels == 1 or stage.outputs.pixels == 1:
        return stage
    return replace(stage, inputs=_first_pixel(stage.inputs), outputs=_first_pixel(stage.outputs))


def _window_by_window(stage: FoldedDense) -> FoldedDense:
    """Give the unit that gets one window after another as vectors."""
    assert stage.lines is not None
    copies = stage.copies
    beats = range(0, stage.groups, copies)
    outputs = _first_pixel(stage.outputs)
    return replace(
        stage,
        inputs=window_stream(stage.inputs, len(stage.lines.taps)),
        outputs=outputs,
        turns=tuple(tuple(copy // copies for copy in stage.turns[beat]) for beat in beats),
        rows=outputs.order,
        lines=None,
    )


def window_stream(stream: Stream, taps: int) -> Stream:
    """Give windows of a map as vectors, a tap a beat."""
    return Stream(lanes=stream.lanes[:1], order=tuple(range(taps)))


def _first_pixel(stream: Stream) -> Stream:
    """Give what travels for the first of the neighbours that travel together."""
    lanes, pixels = len(stream.lanes), stream.pixels
    order = tuple(
        element // pixels if element != PADDING else PADDING
        for slot, element in enumerate(stream.order)
        if slot // lanes % stream.copies == 0 and slot % lanes < stream.channels
    )
    return Stream(lanes=stream.lanes[: stream.channels], order=order)


def on_map(stages: Iterable[Stage], image: tuple[int, int]) -> tuple[Stage, ...]:
    """Give stages of vectors as those of every position of a map."""
    return tuple(
        replace(stage, inputs=_of(stage.inputs, image), outputs=_of(stage.outputs, image))
        for stage in stages
    )


def one_position(stream: Stream) -> Stream:
    """Give what travels for one position of a map."""
    return _of(stream, (1, stream.pixels))


def flattened(stream: Stream) -> Stream:
    """Give a map as the vector of its elements, which come in the same beats."""
    return Stream(lanes=stream.lanes, order=tuple(stream.elements.tolist()))


def _of(stream: Stream, image: tuple[int, int]) -> Stream:
    return replace(stream, image=image)

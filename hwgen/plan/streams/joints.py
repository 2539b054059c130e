"""What joins two layers: converters between their widths, and queues for their rhythms."""

from __future__ import annotations

from dataclasses import replace

from hwgen.numeric import IntType, Range
from hwgen.plan.cost.memory import vector_kind
from hwgen.plan.identifier import part_name
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.positions import at_one_position, is_by_position, one_position
from hwgen.plan.stages.stage import (
    PADDING,
    FoldedDense,
    Narrower,
    Reorder,
    Stage,
    Stream,
    Widener,
)
from hwgen.plan.stages.vector_shape import VectorShape
from hwgen.plan.streams.timing import latency_and_interval

LOAD_MARGIN = 4  # cycles that loading a vector should be ahead of the slowest layer


def lanes_within(elements: int, cycles: int) -> int:
    """Elements a beat so that a vector is loaded ahead of `cycles`, as few as can be."""
    return -(-elements // max(cycles - LOAD_MARGIN, 1))


def entry(elements: tuple[int, ...], kind: IntType, lanes: int) -> Stream:
    """Give a vector in natural order, `lanes` elements a beat, the last beat padded."""
    padding = (PADDING,) * (-len(elements) % lanes)
    return Stream(lanes=(kind,) * lanes, order=elements + padding)


def widener(name: str, inputs: Stream, ranges: tuple[Range, ...]) -> Widener | None:
    """Give what gathers a vector of elements of `ranges`; None where it comes whole and in order.

    Each lane has the bits that its element can need.
    """
    elements = tuple(range(len(ranges)))
    given = tuple(inputs.elements.tolist())
    if given == elements and inputs.beats == 1:
        return None
    slots = {element: slot for slot, element in enumerate(given)}
    return Widener(
        name=part_name(name, "wide"),
        inputs=inputs,
        outputs=Stream(lanes=tuple(limits.type for limits in ranges), order=elements),
        slots=tuple(slots.get(element, PADDING) for element in elements),
    )


def beats_within(elements: int, neighbours: int, cycles: int) -> int:
    """Beats of a vector, or of each of some neighbours, which all leave ahead of `cycles`."""
    return -(-elements // lanes_within(elements * neighbours, cycles))


def reordered(
    name: str, inputs: Stream, outputs: tuple[Range, ...], beats: int, options: BuildOptions
) -> Reorder:
    """Give what puts the elements of a vector, or of each position, into their own order.

    `outputs` are the ranges of the elements; those that do not come are their constant. They leave
    in so many beats, the fewer lanes the better: each reads a copy of the vector.
    """
    pixels = inputs.pixels
    lanes = -(-len(outputs) // beats)
    order = (*range(len(outputs)), *[PADDING] * (beats * lanes - len(outputs)))
    slot_of = {element: slot for slot, element in enumerate(inputs.order) if element != PADDING}
    sources = tuple(
        slot_of.get(element * pixels + neighbour, PADDING) if element != PADDING else PADDING
        for neighbour in range(pixels)
        for element in order
    )
    constants = tuple(outputs[element].lo if element != PADDING else 0 for element in order)
    limits = inputs.lanes[0].range
    for source, value in zip(sources, constants * pixels, strict=True):
        limits = limits.union(Range(value, value)) if source == PADDING else limits
    shape = VectorShape.of(one_position(inputs), 1)
    return Reorder(
        name=part_name(name, "order"),
        inputs=inputs,
        outputs=Stream(lanes=(limits.type,) * lanes, order=order, image=inputs.image),
        sources=sources,
        constants=constants * pixels,
        memory=vector_kind(options.target, shape, options.bram_price, lanes),
    )


def narrower(name: str, inputs: Stream, elements: tuple[Range, ...], lanes: int) -> Narrower | None:
    """Give what cuts beats to `lanes` for a folded layer; None where they are no wider.

    All lanes get one type, which holds all `elements`.
    """
    width = len(inputs.lanes)
    if width <= lanes and len(set(inputs.lanes)) == 1:
        return None
    parts = -(-width // lanes)
    lanes = -(-width // parts)
    order: tuple[int, ...] = ()
    for start in range(0, len(inputs.order), width):
        beat = inputs.order[start : start + width]
        order += beat + (PADDING,) * (parts * lanes - width)
    kind = Range.covering(elements).type
    return Narrower(
        name=part_name(name, "narrow"),
        inputs=inputs,
        outputs=replace(inputs, lanes=(kind,) * lanes, order=order),
    )


def one_beside(name: str, inputs: Stream) -> Narrower:
    """Give what cuts beats of neighbours beside one another to beats of one neighbour."""
    lanes = inputs.lanes[: inputs.channels]
    outputs = replace(inputs, lanes=lanes, beside=1)
    return Narrower(name=part_name(name, "narrow"), inputs=inputs, outputs=outputs)


def slowest_stage(stages: tuple[Stage, ...]) -> int:
    """Cycles between vectors of the stage that takes longest by itself."""
    return max(_interval(stage) for stage in stages)


def _interval(stage: Stage) -> int:
    """Cycles between vectors of a stage by itself; of one that holds rows of a map, counted."""
    if isinstance(stage, FoldedDense) and (ring := ring_of(stage)) is not None:
        return max(ring.frame_steps, stage.cycles * stage.outputs.positions)
    if is_by_position(stage):
        positions = min(stage.inputs.positions, stage.outputs.positions)
        return positions * latency_and_interval((at_one_position(stage),))[1]
    return latency_and_interval((stage,))[1]

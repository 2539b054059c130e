"""What joins two layers: converters between their widths, and queues for their rhythms."""

from __future__ import annotations

from hwgen.numeric import IntType, Range
from hwgen.plan.identifier import part_name
from hwgen.plan.layer import Layer
from hwgen.plan.stages.stage import PADDING, Fifo, Narrower, Stage, Stream, Widener
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


def narrower(name: str, inputs: Stream, layer: Layer, lanes: int) -> Narrower | None:
    """Give what cuts beats to `lanes` for a folded layer; None where they are no wider.

    All lanes get one type, that of the widest element.
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
    kind = Range(
        min(limits.lo for limits in layer.inputs), max(limits.hi for limits in layer.inputs)
    ).type
    return Narrower(
        name=part_name(name, "narrow"),
        inputs=inputs,
        outputs=Stream(lanes=(kind,) * lanes, order=order),
    )


def slowest_stage(stages: tuple[Stage, ...]) -> int:
    """Cycles between vectors of the stage that takes longest by itself."""
    return max(latency_and_interval((stage,))[1] for stage in stages)


def with_fifos(stages: tuple[Stage, ...], places: tuple[int, ...]) -> tuple[Stage, ...]:
    """Put queues before some of the stages, as small as the slowest stage's rhythm allows.

    Parameters
    ----------
    stages
        A chain without queues.
    places
        Indices of stages before which a queue may be put.
    """
    goal = slowest_stage(stages)

    def interval(depths: dict[int, int]) -> int:
        return latency_and_interval(_queued(stages, depths))[1]

    depths: dict[int, int] = {}
    best = interval(depths)
    if best <= goal or not places:
        return stages
    enough = {place: max(2 * stages[place].inputs.beats, 2) for place in places}
    while best > goal and depths != enough:
        grown = {p: min(max(2, 2 * depths.get(p, 1)), enough[p]) for p in places}
        best, depths = min(best, interval(grown)), grown
    for place in places:
        low, high = 0, depths[place]
        while low < high:
            middle = (low + high) // 2
            if interval(depths | {place: middle}) <= best:
                high = middle
            else:
                low = middle + 1
        depths[place] = high
    return _queued(stages, depths)


def _queued(stages: tuple[Stage, ...], depths: dict[int, int]) -> tuple[Stage, ...]:
    """Put a queue before each stage that `depths` names; one of depth 0 or 1 is left out."""
    chain: list[Stage] = []
    for index, stage in enumerate(stages):
        if depths.get(index, 0) > 1:
            name = part_name(stages[index - 1].name, "fifo")
            chain.append(
                Fifo(name=name, inputs=stage.inputs, outputs=stage.inputs, depth=depths[index])
            )
        chain.append(stage)
    return tuple(chain)

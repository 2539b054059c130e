"""What reads what: a design is a graph of stages, most often a chain.

A stage that reads several others has their lanes side by side, and takes a beat of each at once. A
stage that is read by several gives each beat to all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwgen.plan.stages.stream import PADDING, Stream

INPUT = -1  # what enters the design, in the place of a stage
Reads = tuple[tuple[int, ...], ...]  # of each stage those that it reads, all of them before it


def in_a_row(count: int) -> Reads:
    """Give what the stages of a chain read."""
    return tuple((index - 1,) for index in range(count))


def readers_of(reads: Reads) -> tuple[tuple[int, ...], ...]:
    """Give who reads the design's input, then who reads each stage."""
    found: list[list[int]] = [[] for _ in range(len(reads) + 1)]
    for index, sources in enumerate(reads):
        for source in sources:
            found[source + 1].append(index)
    return tuple(map(tuple, found))


def side_by_side(streams: Sequence[Stream]) -> Stream:
    """Give what a stage reads of several: vectors, or maps of one size, in as many beats.

    A beat has the lanes of a beat of each; the elements of each follow those of the one before.

    Raises
    ------
    ValueError
        Where they do not come alike, or lack an element.
    """
    first = streams[0]
    if len(streams) == 1:
        return first
    if not come_alike(streams):
        raise ValueError(
            "streams side by side must be of one image, in as many beats, a neighbour in each, "
            "with every element once"
        )
    orders: list[list[int]] = [[] for _ in range(first.beats_each)]
    start = 0
    for stream in streams:
        lanes = len(stream.lanes)
        for beat, order in enumerate(orders):
            own = stream.order[beat * lanes : (beat + 1) * lanes]
            order += [start + element if element != PADDING else PADDING for element in own]
        start += len(_carried(stream))
    return replace(
        first,
        lanes=tuple(lane for stream in streams for lane in stream.lanes),
        order=tuple(element for order in orders for element in order),
    )


def come_alike(streams: Sequence[Stream]) -> bool:
    """Whether streams can lie side by side: in as many beats, with every element once."""
    paces = {(stream.image, stream.pixels, stream.beats, stream.beside) for stream in streams}
    carried = map(_carried, streams)
    whole = all(elements == list(range(len(elements))) for elements in carried)
    return len(paces) == 1 and streams[0].beside == 1 and whole


def _carried(stream: Stream) -> list[int]:
    return sorted(element for element in stream.order if element != PADDING)

"""What reads what: a design is a graph of stages, most often a chain.

A stage that reads several others has their lanes side by side, and takes a beat of each at once. A
stage that is read by several gives each beat to all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.plan.stages.stream import Stream

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
    """Give what a stage reads of several: whole vectors, or whole pixels of maps of one size.

    The elements of each follow those of the one before.
    """
    if len(streams) == 1:
        return streams[0]
    lanes = tuple(lane for stream in streams for lane in stream.lanes)
    images = {stream.image for stream in streams}
    whole = all(
        stream.order == tuple(range(len(stream.lanes))) and stream.pixels == 1 for stream in streams
    )
    if len(images) > 1 or not whole:
        raise ValueError("streams side by side must be of whole pixels in order, of one image")
    return Stream(lanes=lanes, order=tuple(range(len(lanes))), image=images.pop())

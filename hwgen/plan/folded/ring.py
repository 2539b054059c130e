"""In how many beats the pixels of a map come to the ring of a folded layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from hwgen.plan.layer import Layer
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import PADDING, Stream
from hwgen.plan.windows import lines_of


def has_ring(layer: Layer, image: tuple[int, int]) -> bool:
    """Whether a layer, if folded, reads rows of a map, and not a vector."""
    return lines_of(layer.window, image) is not None


def fill_steps(layer: Layer, stream: Stream) -> int:
    """Give the steps that a frame of a stream takes to fill the ring of a layer."""
    lines = lines_of(layer.window, stream.image)
    assert lines is not None
    windows = Stream(lanes=stream.lanes[:1], order=(0,), image=layer.positions)
    return LineShape(stream, windows, lines).frame_steps


def ring_lanes(layer: Layer, pixels: Stream, cycles: int) -> int:
    """Channels a beat, as few as take a map in within so many cycles; all of them where none do."""
    channels = len(pixels.order)
    for lanes in range(1, channels):
        if fill_steps(layer, _evenly(pixels, channels, lanes)) <= cycles:
            return lanes
    return channels


def beats_beside(
    layer: Layer, streams: Sequence[Stream], counts: Sequence[int], cycles: int
) -> int:
    """Beats a pixel of maps side by side, as many as fill a ring within so many cycles.

    `counts` are the channels of each. Whole pixels are cut into equal parts, which not every number
    of beats allows.
    """
    first = streams[0]
    for beats in range(min(max(counts), cycles // prod(first.image)), 1, -1):
        lanes = [-(-count // beats) for count in counts]
        fits = all(
            -(-count // own) == beats or stream.beats > stream.positions
            for stream, count, own in zip(streams, counts, lanes, strict=True)
        )
        if fits and fill_steps(layer, _evenly(first, beats * sum(lanes), sum(lanes))) <= cycles:
            return beats
    return 1


def _evenly(pixels: Stream, channels: int, lanes: int) -> Stream:
    """Give the pixels of a map with so many channels a beat."""
    order = (*range(channels), *[PADDING] * (-channels % lanes))
    return Stream(lanes=pixels.lanes[:1] * lanes, order=order, image=pixels.image)

"""In how many beats the pixels of a map come to the ring of a folded layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from hwgen.plan.layer import Layer
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import PADDING, Stream
from hwgen.plan.streams.joints import LOAD_MARGIN
from hwgen.plan.windows import lines_of


def has_ring(layer: Layer) -> bool:
    """Whether a layer, if folded, reads rows of a map, and not a vector."""
    return layer.window is not None and lines_of(layer.window, layer.window.image) is not None


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


def most_beats(layer: Layer, streams: Sequence[Stream], counts: Sequence[int], cycles: int) -> int:
    """Beats of a pixel, as many as pass all in front of a matrix and reach it within `cycles`.

    `streams` of so many channels each, `counts`, lie side by side. Whole pixels are cut into equal
    parts, which not every number of beats allows.
    """
    images = [stream.image for stream in streams] + [part.shown for part in layer.front]
    within = cycles if has_ring(layer) else cycles - LOAD_MARGIN
    most = min(max(counts), within // max(map(prod, images)))
    for beats in range(most, 1, -1):
        lanes = [-(-count // beats) for count in counts]
        cuts = all(
            -(-count // own) == beats or not stream.is_whole
            for stream, count, own in zip(streams, counts, lanes, strict=True)
        )
        if cuts and _fills(layer, streams[0], beats, sum(lanes), cycles):
            return beats
    return 1


def _fills(layer: Layer, stream: Stream, beats: int, lanes: int, cycles: int) -> bool:
    """Whether pixels in so many beats fill a ring, where there is one, within so many cycles."""
    if not has_ring(layer):
        return True
    assert layer.window is not None
    filled = replace(stream, image=layer.window.image, pixels=1, beside=1)
    return fill_steps(layer, _evenly(filled, beats * lanes, lanes)) <= cycles


def _evenly(pixels: Stream, channels: int, lanes: int) -> Stream:
    """Give the pixels of a map with so many channels a beat."""
    order = (*range(channels), *[PADDING] * (-channels % lanes))
    return replace(pixels, lanes=pixels.lanes[:1] * lanes, order=order)

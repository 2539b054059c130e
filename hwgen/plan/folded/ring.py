"""How many channels of a map come in a beat to a folded layer."""

from __future__ import annotations

from hwgen.plan.layer import Layer
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import PADDING, Stream
from hwgen.plan.windows import lines_of


def ring_lanes(layer: Layer, pixels: Stream, cycles: int) -> int:
    """Channels a beat, as few as take a map in within so many cycles; all of them where none do."""
    lines, kind = lines_of(layer.window, pixels.image), pixels.lanes[0]
    assert lines is not None
    windows = Stream(lanes=(kind,), order=(0,), image=layer.positions)
    channels = len(pixels.order)
    for lanes in range(1, channels):
        order = (*range(channels), *[PADDING] * (-channels % lanes))
        taken = Stream(lanes=(kind,) * lanes, order=order, image=pixels.image)
        if LineShape(taken, windows, lines).frame_steps <= cycles:
            return lanes
    return channels

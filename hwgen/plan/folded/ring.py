"""The windows that a folded layer reads in a ring of rows, and how many channels come in a beat."""

from __future__ import annotations

from hwgen.plan.layer import Layer
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import PADDING, Lines, Stream


def lines_of(layer: Layer, inputs: Stream) -> Lines | None:
    """Give the windows of a layer that reads a map pixel by pixel; None for a vector."""
    window = layer.window
    if window is None or inputs.image == (1, 1) == window.outputs:
        return None
    return Lines(
        kernel=(window.rows.kernel, window.columns.kernel),
        stride=(window.rows.stride, window.columns.stride),
        origin=(window.rows.origin, window.columns.origin),
        taps=window.taps,
    )


def ring_lanes(layer: Layer, pixels: Stream, cycles: int) -> int:
    """Channels a beat, as few as take a map in within so many cycles; all of them where none do."""
    lines, kind = lines_of(layer, pixels), pixels.lanes[0]
    assert lines is not None
    windows = Stream(lanes=(kind,), order=(0,), image=layer.positions)
    channels = len(pixels.order)
    for lanes in range(1, channels):
        order = (*range(channels), *[PADDING] * (-channels % lanes))
        taken = Stream(lanes=(kind,) * lanes, order=order, image=pixels.image)
        if LineShape(taken, windows, lines).frame_steps <= cycles:
            return lanes
    return channels

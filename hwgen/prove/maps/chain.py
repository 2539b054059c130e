"""Goes along a chain of units on feature maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hwgen.ir import Flatten
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.maps.moving import enlarger, pool, queue, widener, window, window_max
from hwgen.prove.maps.stream import MapStream
from hwgen.prove.maps.summing import argmax, matrix, settle, threshold
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.read import DesignFolder

Progress = Callable[[str], None]
MOVING = {
    "WindowBuffer": window,
    "RunningPool": pool,
    "Enlarger": enlarger,
    "Widener": widener,
    "Fifo": queue,
}
COMPUTING = {
    "WindowMax": window_max,
    "UnrolledDense": matrix,
    "ParallelThreshold": threshold,
    "ParallelArgmax": argmax,
}


def prove_maps(
    design: DesignFolder,
    netlist: Mapping[str, Any],
    modules: Mapping[str, Module],
    stream: MapStream,
    progress: Progress,
) -> Iterator[MapUnit]:
    """Give the proof of each unit; `stream` is what enters the first, and then what leaves each.

    An output buffer is left to `prove_flow`.

    Raises
    ------
    NotProvedError
        Where a unit does not do what the network does.
    """
    beats, lanes = stream.positions, len(stream.channels)
    if (design.input_beats, design.input_lanes) != (beats, lanes):
        raise NotProvedError(f"{design.top}: must take {beats} beats of {lanes} lanes")
    for name, kind in zip(design.units, design.kinds, strict=True):
        progress(name)
        if kind in MOVING:
            yield MOVING[kind](stream, netlist, modules[name])
        elif kind in COMPUTING:
            yield COMPUTING[kind](stream, modules[name])
    check_last(design, modules[design.units[-1]], stream)


def check_last(design: DesignFolder, last: Module, stream: MapStream) -> None:
    """Show that the last stream is the network's output, in order and in its type."""
    settle(stream, last)
    kind = design.output
    while stream.nodes and isinstance(stream.nodes[0], Flatten):
        stream.nodes.pop(0)
    if stream.nodes or stream.taps:
        raise NotProvedError(f"{design.top}: must have units for all of the network")
    beats, lanes = stream.positions, len(stream.channels)
    if (design.output_beats, design.output_lanes) != (beats, lanes):
        raise NotProvedError(f"{design.top}: must give {beats} beats of {lanes} lanes")
    for index, channel in enumerate(stream.channels):
        limits = channel.limits
        if channel.bits != kind.bits or limits.lo < kind.lo or limits.hi > kind.hi:
            raise NotProvedError(
                f"{last.name}, lane {index}: must be {kind} and hold [{limits.lo}, "
                f"{limits.hi}], and has {channel.bits} bits"
            )

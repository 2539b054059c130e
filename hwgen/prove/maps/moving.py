"""Units that see more of a map than one position, and those that move its beats about."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from hwgen.ir import Conv2d, Flatten, MaxPool2d, SumPool2d, UpsampleNearest
from hwgen.numeric import Range
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.maps.stream import MapStream
from hwgen.prove.maps.summing import settle
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.units.flowing import Netlist, moved
from hwgen.prove.units.pool_words import Kind
from hwgen.prove.units.running_pool import prove_pool
from hwgen.prove.units.window import is_lane, lanes_of, prove_taps
from hwgen.prove.units.window_max import prove_window_max
from hwgen.prove.views import Channel, View, view_of


def window(stream: MapStream, netlist: Netlist, module: Module) -> MapUnit:
    """Show which taps of the next operation's windows the lanes are.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    node = stream.head(Conv2d, SumPool2d, MaxPool2d)
    if node is None:
        raise NotProvedError(f"{module.name}: must be of an operation of the network")
    settle(stream, module)
    stream.pixels_of(module)
    stream.view = view_of(node, stream.image)
    beats = stream.positions, prod(stream.view.outputs)
    found = moved(netlist, module.name, beats)
    stream.taps = prove_taps(module, found, stream.view, stream.channels)
    return MapUnit(
        name=module.name,
        op="window",
        positions=beats[1],
        states=found.states,
        queue_states=found.queued,
        classes=len(stream.view.classes),
    )


def window_max(stream: MapStream, module: Module) -> MapUnit:
    """Show that each channel's lane is the largest of its taps.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    stream.pop(module, MaxPool2d)
    words = stream.cut(module, [len(tap.nets) for tap in stream.taps])
    taps = [replace(tap, nets=nets) for tap, nets in zip(stream.taps, words, strict=True)]
    proof = prove_window_max(module, stream.view, taps, stream.channels)
    stream.flows.append((module.name, proof.flow))
    stream.to_positions()
    stream.channels = [
        replace(channel, bits=bits)
        for channel, bits in zip(stream.channels, proof.widths, strict=True)
    ]
    ranges = tuple(channel.limits for channel in stream.channels)
    positions = stream.positions
    return MapUnit(name=module.name, op="largest", positions=positions, ranges=ranges)


def pool(stream: MapStream, netlist: Netlist, module: Module) -> MapUnit:
    """Show that each channel's windows are pooled.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    node = stream.pop(module, MaxPool2d, SumPool2d)
    settle(stream, module)
    stream.pixels_of(module)
    kind: Kind = "max" if isinstance(node, MaxPool2d) else "sum"
    stream.view = view_of(node, stream.image)
    widths, states = prove_pool(netlist, module.name, kind, stream.view, stream.channels)
    pixels = 1 if kind == "max" else stream.view.pixels.shape[1]
    stream.channels = [
        Channel(limits=Range(c.limits.lo * pixels, c.limits.hi * pixels), bits=width)
        for c, width in zip(stream.channels, widths, strict=True)
    ]
    for channel in stream.channels:
        if channel.limits.type.bits > channel.bits:
            raise NotProvedError(f"{module.name}: must hold {channel.limits}")
    stream.to_positions()
    ranges = tuple(channel.limits for channel in stream.channels)
    return MapUnit(
        name=module.name,
        op=f"{kind} pool",
        positions=stream.positions,
        states=states,
        ranges=ranges,
    )


def enlarger(stream: MapStream, netlist: Netlist, module: Module) -> MapUnit:
    """Show that every pixel is shown as a square of itself.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    node = stream.pop(module, UpsampleNearest)
    assert isinstance(node, UpsampleNearest)
    settle(stream, module)
    stream.pixels_of(module)
    factor, (height, width) = node.factor, stream.image
    image = height * factor, width * factor
    found = moved(netlist, module.name, (stream.positions, prod(image)))
    rows, columns = np.arange(image[0])[:, None] // factor, np.arange(image[1]) // factor
    pixels = (rows * width + columns).ravel()
    lanes = [len(nets) for nets in lanes_of(module)]
    if len(lanes) != len(stream.channels):
        raise NotProvedError(f"{module.name}: must have {len(stream.channels)} lanes")
    start = end = read = 0
    for lane, channel in zip(lanes, stream.channels, strict=True):
        start, end = end, end + lane
        own = found.bits[start:end] - read
        read += channel.bits
        if not is_lane(found.beats[:, start:end].T, own, channel, pixels, 0):
            raise NotProvedError(f"{module.name}: must show each pixel as a square, as it came")
    stream.channels = [
        replace(channel, bits=lane) for channel, lane in zip(stream.channels, lanes, strict=True)
    ]
    stream.image = image
    stream.view = View(image=image)
    return MapUnit(
        name=module.name, op="enlargement", positions=stream.positions, states=found.states
    )


def widener(stream: MapStream, netlist: Netlist, module: Module) -> MapUnit:
    """Show that a map leaves as the vector of its elements.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    stream.pop(module, Flatten)
    settle(stream, module)
    stream.pixels_of(module)
    pixels = stream.positions
    found = moved(netlist, module.name, (pixels, 1))
    # one position that sees all pixels, each in its own tap
    view = View(image=stream.image, kernel=stream.image)
    taps = prove_taps(module, found, view, stream.channels)
    order = [(channel, tap) for channel in range(len(stream.channels)) for tap in range(pixels)]
    if [(tap.channel, tap.tap) for tap in taps] != order:
        raise NotProvedError(f"{module.name}: must give channel by channel, each row by row")
    stream.channels = [
        Channel(limits=stream.channels[channel].limits, bits=len(tap.nets))
        for tap, (channel, _) in zip(taps, order, strict=True)
    ]
    stream.image = (1, 1)
    stream.view = View(image=stream.image)
    return MapUnit(name=module.name, op="flatten", positions=1, states=found.states)


def queue(stream: MapStream, netlist: Netlist, module: Module) -> MapUnit:
    """Show that beats leave as they came, whatever they are."""
    found = moved(netlist, module.name, (1, 1))
    width = len(module.port("i__payload"))
    if found.beats.any() or found.bits.tolist() != list(range(width)):
        raise NotProvedError(f"{module.name}: must give the beat that came first, whole")
    return MapUnit(name=module.name, op="queue", positions=stream.positions, states=found.states)

"""Where units that are shown position by position meet those that are shown over whole frames.

The first have channels, of which all of a position come in one beat; the others have elements, in
any beat.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.ir import Op
from hwgen.numeric import Range
from hwgen.prove.frames.elements import is_element
from hwgen.prove.frames.rows import Frame, whole
from hwgen.prove.machine.streams import Element, Stream
from hwgen.prove.maps.stream import MapStream
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.views import Channel


def by_position(name: str, nodes: list[Op], stream: Stream, frame: Frame) -> MapStream:
    """Give the channels of a stream of whole pixels; `nodes` are the operations that follow.

    Raises
    ------
    NotProvedError
        Where a beat is no pixel, naming the unit that reads it.
    """
    positions, channels = frame.positions, frame.channels
    if (len(stream.beats), len(stream.lanes)) != (positions, channels):
        raise NotProvedError(
            f"{name}: must read {positions} beats of {channels} lanes, a pixel each, not "
            f"{len(stream.beats)} of {len(stream.lanes)}"
        )
    for position, beat in enumerate(stream.beats):
        for channel, content in enumerate(beat):
            element = channel * positions + position
            if not is_element(content, frame.limits[element], frame.alias[element]):
                raise NotProvedError(
                    f"{name}, lane {channel}: must read channel {channel} of pixel {position}"
                )
    found = [
        Channel(limits=_union(frame.limits[k * positions : (k + 1) * positions]), bits=bits)
        for k, bits in enumerate(stream.lanes)
    ]
    return MapStream(nodes, frame.image, found)


def over_frames(name: str, stream: MapStream) -> tuple[Stream, Frame]:
    """Give the beats of a map, and its elements.

    Raises
    ------
    NotProvedError
        Where there are windows, naming the unit that reads them.
    """
    if stream.taps:
        raise NotProvedError(f"{name}: must read pixels, not windows")
    positions = stream.positions
    limits = [channel.limits for channel in stream.channels for _ in range(positions)]
    beats = [
        tuple(
            Element(column=k * positions + position, limits=channel.limits, bits=channel.bits)
            for k, channel in enumerate(stream.channels)
        )
        for position in range(positions)
    ]
    lanes = tuple(channel.bits for channel in stream.channels)
    return Stream(lanes=lanes, beats=tuple(beats)), whole(stream.image, limits)


def _union(ranges: Sequence[Range]) -> Range:
    return Range(min(limits.lo for limits in ranges), max(limits.hi for limits in ranges))

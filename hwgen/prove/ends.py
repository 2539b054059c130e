"""Shows that what leaves a chain of units is the network's output."""

from __future__ import annotations

from hwgen.prove.frames.elements import is_element
from hwgen.prove.frames.rows import Frame
from hwgen.prove.machine.streams import Stream
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.netlist.read import DesignFolder


def check_end(design: DesignFolder, frame: Frame, stream: Stream) -> None:
    """Show that the last stream is the network's output, in order and in its type.

    A map leaves position by position, each with its channels in order in beats of its own.

    Raises
    ------
    NotProvedError
        Where a lane is not.
    """
    beats, lanes = design.output_beats, design.output_lanes
    if (len(stream.beats), len(stream.lanes)) != (beats, lanes):
        raise NotProvedError(
            f"{design.top}: must give {beats} beats of {lanes} lanes, not {len(stream.beats)} of "
            f"{len(stream.lanes)}"
        )
    found, kind = stream.natural(), design.output
    slots = len(found) // frame.positions
    for index, limits in enumerate(frame.limits):
        channel, position = divmod(index, frame.positions)
        content = found[position * slots + channel] if channel < slots else None
        right = content is not None and content.bits == kind.bits
        right = right and is_element(content, limits, frame.alias[index])
        if not right or limits.lo < kind.lo or limits.hi > kind.hi:
            raise NotProvedError(
                f"{design.top}: element {index} of the output must be that of the network, as "
                f"{kind}"
            )

"""Shows what each lane of a window buffer is: a tap of the layer's windows, at every position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.prove.control.contents import ONE, ZERO
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word
from hwgen.prove.units.flowing import Moved
from hwgen.prove.views import OUTSIDE, Channel, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A lane: a channel at a tap of the window, or 0 at every position where `channel` is None."""

    nets: Word
    tap: int
    channel: int | None


def lanes_of(module: Module) -> list[Word]:
    """Give the lanes that a unit sends."""
    count = 0
    while f"o__payload.e{count}" in module.names:
        count += 1
    return module.lanes("o__payload", count)


def prove_taps(module: Module, found: Moved, view: View, channels: Sequence[Channel]) -> list[Tap]:
    """Show that every lane is one tap of one channel at all positions, as `view` has it.

    Raises
    ------
    NotProvedError
        Where one is not.
    """
    taps = {
        np.where(column == OUTSIDE, tag, column).astype(np.int32).tobytes(): tap
        for tag in (ZERO, ONE)
        for tap, column in enumerate(view.pixels.T)
    }
    starts = np.cumsum([0, *(channel.bits for channel in channels)])
    lanes, place = [], 0
    for index, nets in enumerate(lanes_of(module)):
        columns = found.beats[:, place : place + len(nets)].T
        bits = found.bits[place : place + len(nets)]
        place += len(nets)
        where = f"{module.name}, lane {index}"
        if (columns == ZERO).all():
            lanes.append(Tap(nets=nets, tap=0, channel=None))
            continue
        tap = taps.get(np.ascontiguousarray(columns[0]).tobytes())
        if tap is None:
            raise NotProvedError(
                f"{where}: must show one tap of the window at every position, or one value beside "
                "the image"
            )
        channel = int(np.searchsorted(starts, bits[0], side="right")) - 1
        own = bits - starts[channel]
        if not is_lane(columns, own, channels[channel], view.pixels[:, tap], view.beside):
            raise NotProvedError(
                f"{where}: must have the bits of channel {channel} in their places, as wide as "
                "they are, and its value beside the image"
            )
        lanes.append(Tap(nets=nets, tap=tap, channel=channel))
    return lanes


def is_lane(
    columns: np.ndarray, bits: np.ndarray, channel: Channel, pixels: IntArray, beside: int | None
) -> bool:
    """Whether the bits of a lane are those of a channel, extended by its sign or by zeros.

    `columns` are the beats that each bit is of, (bits of the lane, beats), and `pixels` those that
    they must be of. A lane may have fewer bits than the channel, but those of its limits. Outside
    the image all are those of `beside`, or of the lowest number of the lane.
    """
    limits, own, inside = channel.limits, channel.bits, pixels != OUTSIDE
    if len(bits) < limits.type.bits:
        return False
    if beside is None:
        beside = -(1 << own >> 1) if limits.lo < 0 else 0
    if not inside.all() and limits.union(Range(beside, beside)).type.bits > own:
        return False
    for place, bit in enumerate(bits.tolist()):
        shown = columns[place]
        right = bool((shown[~inside] == (ONE if beside >> place & 1 else ZERO)).all())
        same = bool((shown[inside] == pixels[inside]).all())
        if place < own:
            right &= same and bit == place
        else:
            sign = same and bit == own - 1 and limits.hi < 1 << own >> 1
            right &= sign or (limits.lo >= 0 and bool((shown[inside] == ZERO).all()))
        if not right:
            return False
    return True

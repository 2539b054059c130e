"""Shows that a unit gives the largest tap of each channel of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.prove.netlist.netlist import Module, Net, NotProvedError
from hwgen.prove.netlist.pipeline import Flow, pipeline_of
from hwgen.prove.netlist.walk import Walk
from hwgen.prove.units.largest import Largest, Name, Value
from hwgen.prove.units.window import Tap, lanes_of
from hwgen.prove.views import OUTSIDE, Channel, View


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestProof:
    """What was shown of the unit; `widths` are the bits of each lane that it gives."""

    latency: int
    flow: Flow
    widths: tuple[int, ...]


def prove_window_max(
    module: Module, view: View, taps: Sequence[Tap], channels: Sequence[Channel]
) -> LargestProof:
    """Show that lane c is the largest of all taps of channel c that are in the image somewhere.

    Beside it a tap is no more than any value of its channel, as its window was shown to be.

    Raises
    ------
    NotProvedError
        Where it is not.
    """
    pipeline = pipeline_of(module)
    seen = np.flatnonzero((view.pixels != OUTSIDE).any(axis=0))
    outputs = lanes_of(module)
    if len(outputs) != len(channels):
        raise NotProvedError(f"{module.name}: must give {len(channels)} lanes, not {len(outputs)}")
    algebra = Largest(module, [channel.limits for channel in channels])
    leaves: dict[Net, Value] = {}
    for lane in taps:
        if lane.channel is not None:
            word = algebra.word(Name(lane.channel, lane.tap), len(lane.nets))
            leaves |= zip(lane.nets, word, strict=True)
    walk: Walk[Value] = Walk(module, pipeline.registers, leaves, (0, 1), algebra.rule)
    for channel, nets in enumerate(outputs):
        wanted = frozenset(Name(channel, int(tap)) for tap in seen)
        if algebra.read(walk.word(nets, pipeline.latency)) != wanted:
            raise NotProvedError(
                f"{module.name}, lane {channel}: must be the largest of its {len(wanted)} taps"
            )
        if channels[channel].limits.type.bits > len(nets):
            raise NotProvedError(
                f"{module.name}, lane {channel}: must hold {channels[channel].limits}"
            )
    widths = tuple(map(len, outputs))
    return LargestProof(latency=pipeline.latency, flow=pipeline.flow, widths=widths)

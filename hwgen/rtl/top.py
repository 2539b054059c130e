"""The AXI4-Stream top: wires the units of a design, and nothing else.

A beat of a unit that several read leaves when all of them take it; a unit that reads several takes
a beat of each when all are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_

from amaranth import (
    Cat,
    ClockDomain,
    ClockSignal,
    Const,
    Instance,
    Module,
    Mux,
    ResetSignal,
    Signal,
    Value,
)
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.stage import Stream
from hwgen.plan.stages.wiring import INPUT, Reads, readers_of
from hwgen.rtl.lanes import counter


def axis_bits(stream: Stream) -> int:
    """Width of tdata: the beat, padded to whole bytes as AXI4-Stream asks."""
    return -(-stream.width // 8) * 8


class Top(wiring.Component):
    """Units between two AXI4-Streams.

    Parameters
    ----------
    streams
        The stream before the units and behind each of them: one more than there are units.
    modules
        Module name of each unit, and whether it has a clock.
    reads
        Which units each of them reads; the last one is read by nothing but the design's output.

    Members
    -------
    aclk, aresetn : in
        Clock, and synchronous reset, active low.
    s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast
        Input vectors, lowest element in the lowest bits. A vector is counted in beats: tlast is
        accepted and not looked at.
    m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast
        Output vectors; tlast marks the last beat of each.
    """

    def __init__(
        self, streams: tuple[Stream, ...], modules: tuple[tuple[str, bool], ...], reads: Reads
    ) -> None:
        self.streams = streams
        self.modules = modules
        self.reads = reads
        super().__init__(
            {
                "aclk": In(1),
                "aresetn": In(1),
                "s_axis_tdata": In(axis_bits(streams[0])),
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "s_axis_tlast": In(1),
                "m_axis_tdata": Out(axis_bits(streams[-1])),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
                "m_axis_tlast": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = ClockDomain()
        m.d.comb += [ClockSignal().eq(self.aclk), ResetSignal().eq(~self.aresetn)]
        count = len(self.modules)
        payloads: list[Value] = [self.s_axis_tdata[: self.streams[0].width]]
        valids: list[Value] = [self.s_axis_tvalid]
        for place, stream in enumerate(self.streams[1:], 1):
            payloads.append(Signal(stream.width, name=f"payload{place}"))
            valids.append(Signal(name=f"valid{place}"))
        joints = _Joints(self.reads, valids, [Signal(name=f"ready{k}") for k in range(count + 1)])
        for index, (name, clocked) in enumerate(self.modules):
            clock = {"i_clk": ClockSignal(), "i_rst": ResetSignal()} if clocked else {}
            parts = [payloads[source + 1] for source in self.reads[index]]
            m.submodules[name] = Instance(
                name,
                i_i__payload=parts[0] if len(parts) == 1 else Cat(*parts),
                i_i__valid=joints.arrives(index),
                o_i__ready=joints.readies[index],
                o_o__payload=payloads[index + 1],
                o_o__valid=valids[index + 1],
                i_o__ready=joints.leaves(index) if index < count - 1 else joints.readies[count],
                **clock,
            )
        m.d.comb += [
            self.s_axis_tready.eq(joints.leaves(INPUT)),
            self.m_axis_tdata.eq(payloads[-1]),
            self.m_axis_tvalid.eq(valids[-1]),
            joints.readies[count].eq(self.m_axis_tready),
            self.m_axis_tlast.eq(self._last_beat(m)),
        ]
        return m

    def _last_beat(self, m: Module) -> Value:
        beats = self.streams[-1].beats
        if beats == 1:
            return Const(1)
        beat = counter(beats, "beat")
        with m.If(self.m_axis_tvalid & self.m_axis_tready):
            m.d.sync += beat.eq(Mux(beat == beats - 1, 0, beat + 1))
        return beat == beats - 1


class _Joints:
    """Who may go on: `valids` of the design's input and every unit, `readies` of every unit."""

    def __init__(self, reads: Reads, valids: list[Value], readies: list[Signal]) -> None:
        self.reads, self.valids, self.readies = reads, valids, readies
        self._readers = readers_of(reads)

    def arrives(self, unit: int) -> Value:
        """Whether a beat comes to a unit."""
        return _all(self._given(unit, source) for source in self.reads[unit])

    def leaves(self, source: int) -> Value:
        """Whether what a unit offers is taken."""
        return _all(self._taken(unit, source) for unit in self._readers[source + 1])

    def _given(self, unit: int, source: int) -> Value:
        """Whether a source offers a beat, and all others that read it take it."""
        others = [other for other in self._readers[source + 1] if other != unit]
        return _all((self.valids[source + 1], *(self._taken(o, source) for o in others)))

    def _taken(self, unit: int, source: int) -> Value:
        """Whether a unit takes a source's beat if it comes: all else that it reads is there."""
        others = [other for other in self.reads[unit] if other != source]
        return _all((self.readies[unit], *(self._given(unit, o) for o in others)))


def _all(conditions: Iterable[Value]) -> Value:
    return reduce(and_, conditions)

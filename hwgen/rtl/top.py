"""The AXI4-Stream top: wires the units of a design into a chain, and nothing else."""

from __future__ import annotations

from amaranth import (
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
from hwgen.rtl.lanes import counter


def axis_bits(stream: Stream) -> int:
    """Width of tdata: the beat, padded to whole bytes as AXI4-Stream asks."""
    return -(-stream.width // 8) * 8


class Top(wiring.Component):
    """A chain of units between two AXI4-Streams.

    Parameters
    ----------
    streams
        The stream before, between and after the units: one more than there are units.
    modules
        Module name of each unit, and whether it has a clock.

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

    def __init__(self, streams: tuple[Stream, ...], modules: tuple[tuple[str, bool], ...]) -> None:
        self.streams = streams
        self.modules = modules
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
        payload: Value = self.s_axis_tdata[: self.streams[0].width]
        valid: Value = self.s_axis_tvalid
        ready: Signal = self.s_axis_tready
        for index, (name, clocked) in enumerate(self.modules):
            next_payload = Signal(self.streams[index + 1].width, name=f"payload{index + 1}")
            next_valid = Signal(name=f"valid{index + 1}")
            next_ready = Signal(name=f"ready{index + 1}")
            clock = {"i_clk": ClockSignal(), "i_rst": ResetSignal()} if clocked else {}
            m.submodules[name] = Instance(
                name,
                i_i__payload=payload,
                i_i__valid=valid,
                o_i__ready=ready,
                o_o__payload=next_payload,
                o_o__valid=next_valid,
                i_o__ready=next_ready,
                **clock,
            )
            payload, valid, ready = next_payload, next_valid, next_ready
        m.d.comb += [
            self.m_axis_tdata.eq(payload),
            self.m_axis_tvalid.eq(valid),
            ready.eq(self.m_axis_tready),
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

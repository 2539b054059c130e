"""Text of the wrappers in Python and Verilog: LiteX, Amaranth, a plain instance."""

from __future__ import annotations

from hwgen.package.port_list import PortList

_LITEX = '''\
"""{name} for LiteX: two stream endpoints, or registers on the CSR bus. Written by hwgen {version}.

sink: {given}.
source: {found}.
"""

from pathlib import Path

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import CSR, CSRStatus, CSRStorage
from migen import ClockSignal, Instance, ResetSignal

VERILOG = Path(__file__).resolve().parent.parent / "{name}.v"


class {camel}(LiteXModule):
    """The design in the domain `sys`; `source.last` marks the last beat of a result."""

    def __init__(self, platform):
        self.sink = stream.Endpoint([("data", {input_bits})])
        self.source = stream.Endpoint([("data", {output_bits})])
        self.specials += Instance(
            "{name}",
            i_aclk=ClockSignal("sys"),
            i_aresetn=~ResetSignal("sys"),
            i_s_axis_tdata=self.sink.data,
            i_s_axis_tvalid=self.sink.valid,
            o_s_axis_tready=self.sink.ready,
            i_s_axis_tlast=self.sink.last,
            o_m_axis_tdata=self.source.data,
            o_m_axis_tvalid=self.source.valid,
            i_m_axis_tready=self.source.ready,
            o_m_axis_tlast=self.source.last,
        )
        platform.add_source(str(VERILOG))


class {camel}CSR(LiteXModule):
    """Beats through registers: write `beat`, then `send`; read `result` while `there`, then `take`.

    `ready` tells that a beat can be sent. `last` stands beside the last beat of a result.
    """

    def __init__(self, platform):
        self.core = core = {camel}(platform)
        self.beat = CSRStorage({input_bits})
        self.send = CSR()
        self.take = CSR()
        self.ready = CSRStatus()
        self.there = CSRStatus()
        self.last = CSRStatus()
        self.result = CSRStatus({output_bits})
        self.comb += [
            core.sink.data.eq(self.beat.storage),
            core.sink.valid.eq(self.send.re),
            self.ready.status.eq(core.sink.ready),
            self.result.status.eq(core.source.data),
            self.there.status.eq(core.source.valid),
            self.last.status.eq(core.source.last),
            core.source.ready.eq(self.take.re),
        ]
'''

_AMARANTH = '''\
"""{name} for Amaranth: two streams in the domain `sync`. Written by hwgen {version}.

i: {given}.
o: {found}.
"""

from pathlib import Path

from amaranth import ClockSignal, Const, Instance, Module, ResetSignal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

VERILOG = Path(__file__).resolve().parent.parent / "{name}.v"


class {camel}(wiring.Component):
    """The design; `last` marks the last beat of a result. Add VERILOG to the platform's files."""

    def __init__(self):
        super().__init__(
            {{
                "i": In(stream.Signature({input_bits})),
                "o": Out(stream.Signature({output_bits})),
                "last": Out(1),
            }}
        )

    def elaborate(self, platform):
        m = Module()
        if platform is not None:
            platform.add_file("{name}.v", VERILOG.read_text())
        m.submodules.core = Instance(
            "{name}",
            i_aclk=ClockSignal(),
            i_aresetn=~ResetSignal(allow_reset_less=True),
            i_s_axis_tdata=self.i.payload,
            i_s_axis_tvalid=self.i.valid,
            o_s_axis_tready=self.i.ready,
            i_s_axis_tlast=Const(0, 1),
            o_m_axis_tdata=self.o.payload,
            o_m_axis_tvalid=self.o.valid,
            i_m_axis_tready=self.o.ready,
            o_m_axis_tlast=self.last,
        )
        return m
'''

_INSTANCE = """\
// An instance of {name}, to be copied; written by hwgen {version}.
// s_axis: {given}.
// m_axis: {found}.
// A beat moves in a cycle in which tvalid and tready are both 1. aresetn is synchronous.
// s_axis_tlast is not looked at; m_axis_tlast marks the last beat of a result.
{wires}
{name} {name}_0 (
{connections}
);
"""


def litex(design: PortList) -> str:
    """Give litex_NAME.py."""
    return _filled(_LITEX, design)


def amaranth(design: PortList) -> str:
    """Give amaranth_NAME.py."""
    return _filled(_AMARANTH, design)


def instance(design: PortList) -> str:
    """Give NAME_instance.v."""
    inner = [port for port in design.ports if port[0] not in ("aclk", "aresetn")]
    wires = [f"wire {f'[{bits - 1}:0] ' if bits > 1 else ''}{name};" for name, _, bits in inner]
    lines = [f"  .{name}({name})" for name, _, _ in design.ports]
    text = _INSTANCE.replace("{wires}", "\n".join(wires))
    return _filled(text.replace("{connections}", ",\n".join(lines)), design)


def _filled(text: str, design: PortList) -> str:
    return text.format(
        name=design.name,
        camel="".join(part[:1].upper() + part[1:] for part in design.name.split("_")),
        version=design.version,
        input_bits=design.input_bits,
        output_bits=design.output_bits,
        given=design.given,
        found=design.found,
    )

"""Shift registers around a design, so that its pins do not limit place and route.

Every input bit comes from a register of one long chain, every output bit goes to a register and
from there, by exclusive or, into a second chain: three pins in all, and every path of the design
runs from register to register, so that a combinational design has a clock frequency too.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.errors import ToolError
from hwgen.synth.yosys import Port

MODULE = "hwgen_harness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """The Verilog of a harness, and the registers and LUTs that it adds to the design."""

    text: str
    ffs: int
    luts: int


def make_harness(top: str, ports: list[Port], clock: str | None) -> Harness:
    """Wrap the module `top`; `clock` names its clock port, None where it is combinational.

    Raises
    ------
    ToolError
        Where the design has a port that no shift register can drive or watch.
    """
    fed = [port for port in ports if port.direction == "input" and port.name != clock]
    watched = [port for port in ports if port.direction == "output"]
    if len(fed) + len(watched) + (clock is not None) != len(ports):
        names = ", ".join(f"{port.direction} {port.name}" for port in ports)
        raise ToolError(
            f"{top}: ports must be inputs, outputs and the clock {clock}, not {names}; "
            "place and route measures no other design"
        )
    if not fed or not watched:
        raise ToolError(
            f"{top}: must have an input and an output to be placed and routed; leave out --pnr"
        )
    feed, drain = sum(port.bits for port in fed), sum(port.bits for port in watched)
    text = _TEMPLATE.format(
        black_box=_black_box(top, ports),
        module=MODULE,
        feed=feed,
        drain=drain,
        top=_escape(top),
        connections=",\n    ".join(
            [
                *([] if clock is None else [f".{_escape(clock)} (clk)"]),
                *_connections(fed, "feed"),
                *_connections(watched, "result"),
            ]
        ),
    )
    return Harness(text=text, ffs=feed + 2 * drain, luts=drain)


_TEMPLATE = """\
{black_box}
module {module}(input clk, input serial_in, output serial_out);
  reg [{feed}-1:0] feed;
  wire [{drain}-1:0] result;
  reg [{drain}-1:0] caught, drain;
  always @(posedge clk) begin
    feed <= {{feed, serial_in}};
    caught <= result;
    drain <= caught ^ {{drain, 1'b0}};
  end
  assign serial_out = drain[{drain}-1];
  {top} dut (
    {connections}
  );
endmodule
"""


def _black_box(top: str, ports: list[Port]) -> str:
    lines = ",\n".join(
        f"  {port.direction} [{port.bits}-1:0] {_escape(port.name)}" for port in ports
    )
    return f"(* blackbox *)\nmodule {_escape(top)}(\n{lines}\n);\nendmodule"


def _connections(ports: list[Port], chain: str) -> list[str]:
    """Each port on its own bits of a chain, lowest first."""
    connections, low = [], 0
    for port in ports:
        connections.append(f".{_escape(port.name)} ({chain}[{low + port.bits - 1}:{low}])")
        low += port.bits
    return connections


def _escape(name: str) -> str:
    """Write a name as an escaped identifier, which takes every name; the space ends it."""
    return f"\\{name} "

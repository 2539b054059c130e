"""Files about pins: constraints of each family's tool, and the top that is wired to them."""

from __future__ import annotations

from typing import assert_never

from hwgen.board.clock import pll_instance
from hwgen.board.table import Board
from hwgen.plan.link import LinkPlan

BLINK_BITS = 23  # of a counter whose highest bit blinks twice a second or so


def pin_file(board: Board) -> str:
    """Name the file of constraints."""
    return {"ice40": "pins.pcf", "ecp5": "pins.lpf", "gowin": "pins.cst"}[board.family]


def constraints(board: Board) -> str:
    """Give the file of constraints: place and standard of each pin, and the clock."""
    pins = {"clk": board.clock_pin, "rx": board.rx, "tx": board.tx}
    pins["led_passed"] = board.led_passed
    if board.led_failed:
        pins["led_failed"] = board.led_failed
    lines = [f"# {board.name}: {board.part}"]
    for port, pin in pins.items():
        io = board.leds_io if port.startswith("led") else board.io
        match board.family:
            case "ice40":
                lines.append(f"set_io {port} {pin}")
            case "ecp5":
                lines += [f'LOCATE COMP "{port}" SITE "{pin}";']
                lines += [f'IOBUF PORT "{port}" IO_TYPE={io};']
            case "gowin":
                lines += [f'IO_LOC "{port}" {pin};', f'IO_PORT "{port}" IO_TYPE={io};']
            case _:
                assert_never(board.family)
    match board.family:
        case "ice40":
            lines.append(f"set_frequency clk {board.pin_mhz:g}")
        case "ecp5":
            lines.append(f'FREQUENCY PORT "clk" {board.pin_mhz:g} MHZ;')
        case "gowin":  # a constraint of the port stops at its buffer: nextpnr gets --freq
            lines[0] = f"// {board.name}: {board.part}"
        case _:
            assert_never(board.family)
    return "\n".join(lines) + "\n"


_TOP = """\
// {name} on {board} ({part}): the pins, and nothing else.
// Requests come on rx at {baud} baud, 8 data bits, no parity, one stop bit; replies leave on tx.
module hwgen_board (
{ports}
);
{pll}  wire passed, failed;  // of the self test; both 0 while it runs
  hwgen_link link ({clocks}, .rx(rx), .tx(tx), .passed(passed), .failed(failed));
{lamps}
endmodule
"""


def top(board: Board, link: LinkPlan) -> str:
    """Give the Verilog of the top."""
    ports = [
        ("input  clk", f"pin {board.clock_pin}, {board.pin_mhz:g} MHz"),
        ("input  rx", f"pin {board.rx}"),
        ("output tx", f"pin {board.tx}"),
        ("output led_passed", f"pin {board.led_passed}, on at {int(not board.leds_low)}"),
    ]
    clock = "clk" if board.pll is None else "clock"
    invert = "~" if board.leds_low else ""
    if board.led_failed:
        ports.append(
            ("output led_failed", f"pin {board.led_failed}, on at {int(not board.leds_low)}")
        )
        lamps = [f"  assign led_passed = {invert}passed;", f"  assign led_failed = {invert}failed;"]
    else:
        bits = BLINK_BITS + (board.clock_hz // 12_000_000).bit_length() - 1
        lamps = [
            f"  reg [{bits - 1}:0] blink = 0;  // the only lamp blinks for failed",
            f"  always @(posedge {clock}) blink <= blink + 1'b1;",
            f"  assign led_passed = {invert}(passed | (failed & blink[{bits - 1}]));",
        ]
    clocks = ".clk(clk)" if board.pll is None else ".clk(clock), .locked(locked)"
    last = len(ports) - 1
    lines = [
        f"  {port}{',' if place < last else ' '}  // {what}"
        for place, (port, what) in enumerate(ports)
    ]
    return _TOP.format(
        name=link.name,
        board=board.name,
        part=board.part,
        baud=link.baud,
        ports="\n".join(lines),
        pll="" if board.pll is None else pll_instance(board, board.pll),
        clocks=clocks,
        lamps="\n".join(lamps),
    )

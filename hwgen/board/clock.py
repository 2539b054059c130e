"""The clock that a board's design runs at: the oscillator's, or one that a PLL makes of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isfinite
from typing import Any, assert_never

from hwgen.board.pll import Pll, nearest_setting
from hwgen.board.table import Board
from hwgen.errors import PlanError

TOLERANCE = Fraction(1, 1_000_000)  # of a clock that is asked for: less than oscillators keep
FILTERS = (17, 26, 44, 66, 101)  # MHz at iCE40's phase detector: bounds of FILTER_RANGE 1 to 5


def at_clock(board: Board, clock_mhz: float) -> Board:
    """Give a board whose design runs at a clock, 0 for the board's own.

    Raises
    ------
    PlanError
        Where the part has no PLL that is known, or its PLL does not make this clock.
    """
    if clock_mhz in (0, board.clock_mhz):
        return board
    if not isfinite(clock_mhz):
        raise PlanError(
            f"clock-mhz: must be a number of MHz, not {clock_mhz}; take 0 for the board's"
        )
    asked, pin = Fraction(str(clock_mhz)), Fraction(str(board.clock_mhz))
    best = nearest_setting(board.part, pin, asked)
    if best is None:
        raise PlanError(
            f"clock-mhz: must be {board.name}'s, {board.clock_mhz:g} MHz, not {clock_mhz:g}, since "
            f"no PLL of {board.part} is known that takes it; leave --clock-mhz out"
        )
    if abs(best.mhz - asked) > TOLERANCE * asked:
        raise PlanError(
            f"clock-mhz: must be {board.name}'s, {board.clock_mhz:g} MHz, or what its PLL makes of "
            f"them, not {clock_mhz:g}; the nearest is {decimal(best.mhz)}"
        )
    return replace(board, clock_mhz=float(best.mhz), pll=best)


def decimal(mhz: Fraction) -> str:
    """Write a clock so that `at_clock` takes it."""
    return f"{float(mhz):.6f}".rstrip("0").rstrip(".")


def pll_facts(board: Board) -> dict[str, Any] | None:
    """Give what board.json says of the PLL."""
    pll = board.pll
    if pll is None:
        return None
    return {
        "primitive": _primitive(board),
        "pin_mhz": float(pll.pin_mhz),
        "reference_divider": pll.reference,
        "multiplier": pll.multiplier,
        "output_divider": pll.output,
        "detector_mhz": float(pll.detector_mhz),
        "oscillator_mhz": float(pll.oscillator_mhz),
        "mhz": float(pll.mhz),
    }


def pll_instance(board: Board, pll: Pll) -> str:
    """Give the Verilog of the PLL: from the pin `clk` to `clock` and `locked`."""
    ones, zeros = ("1'b1", "1'b0")
    connections: dict[str, str]
    match board.family:
        case "ice40":
            parameters = {
                "FEEDBACK_PATH": '"SIMPLE"',
                "DIVR": f"4'd{pll.reference - 1}",
                "DIVF": f"7'd{pll.multiplier - 1}",
                "DIVQ": f"3'd{pll.output.bit_length() - 1}",
                "FILTER_RANGE": f"3'd{filter_range(pll.detector_mhz)}",
            }
            pin = "PACKAGEPIN" if board.pll_pad else "REFERENCECLK"
            connections = {pin: "clk", "PLLOUTGLOBAL": "clock", "LOCK": "locked"}
            connections |= {"RESETB": ones, "BYPASS": zeros}
        case "ecp5":  # the first output only feeds back; the second is the clock
            parameters = {
                "CLKI_DIV": str(pll.reference),
                "CLKFB_DIV": "1",
                "CLKOP_DIV": str(pll.multiplier),
                "CLKOP_CPHASE": str(pll.multiplier - 1),
                "CLKOS_ENABLE": '"ENABLED"',
                "CLKOS_DIV": str(pll.output),
                "CLKOS_CPHASE": str(pll.output - 1),
                "FEEDBK_PATH": '"CLKOP"',
            }
            connections = {"CLKI": "clk", "CLKOP": "feedback", "CLKFB": "feedback"}
            connections |= {"CLKOS": "clock", "LOCK": "locked"}
            off = ("RST", "STDBY", "PHASESEL0", "PHASESEL1", "PLLWAKESYNC", "ENCLKOP", "ENCLKOS")
            connections |= dict.fromkeys(off, zeros)
            connections |= dict.fromkeys(("PHASEDIR", "PHASESTEP", "PHASELOADREG"), ones)
        case "gowin":
            parameters = {
                "FCLKIN": f'"{decimal(pll.pin_mhz)}"',
                "IDIV_SEL": str(pll.reference - 1),
                "FBDIV_SEL": str(pll.multiplier // pll.output - 1),
                "ODIV_SEL": str(pll.output),
                "DEVICE": '"GW1NR-9C"' if board.part.startswith("GW1N") else '"GW2AR-18C"',
            }
            connections = {"CLKIN": "clk", "CLKOUT": "clock", "LOCK": "locked"}
            connections |= dict.fromkeys(("RESET", "RESET_P", "CLKFB"), zeros)
            connections |= dict.fromkeys(("FBDSEL", "IDSEL", "ODSEL"), "6'd0")
            connections |= dict.fromkeys(("PSDA", "DUTYDA", "FDLY"), "4'd0")
        case _:
            assert_never(board.family)
    settings = ", ".join(f".{name}({value})" for name, value in parameters.items())
    ports = ", ".join(f".{name}({value})" for name, value in connections.items())
    wires = "clock, locked, feedback" if board.family == "ecp5" else "clock, locked"
    return (
        f"  // {decimal(pll.pin_mhz)} MHz / {pll.reference} * {pll.multiplier} / {pll.output}; "
        f"the oscillator at {decimal(pll.oscillator_mhz)}\n"
        f"  wire {wires};\n"
        f"  {_primitive(board)} #({settings})\n  pll ({ports});\n"
    )


def filter_range(detector_mhz: Fraction) -> int:
    """Give FILTER_RANGE of iCE40, as icepll has it."""
    return next((place for place, most in enumerate(FILTERS, 1) if detector_mhz < most), 6)


def _primitive(board: Board) -> str:
    match board.family:
        case "ice40":
            return "SB_PLL40_PAD" if board.pll_pad else "SB_PLL40_CORE"
        case "ecp5":
            return "EHXPLLL"
        case "gowin":
            return "rPLL"
        case _:
            assert_never(board.family)

"""What the small parts of a design take of a target's LUTs, before any correction."""

from __future__ import annotations

from hwgen.plan.design import Target

LUT_INPUTS: dict[Target, int] = {"xc7": 6, "ice40": 4, "ecp5": 4, "gowin": 4}


def adder_luts(target: Target, bits: int) -> int:
    """LUTs of an addition or comparison on a carry chain; ecp5 has them in pairs."""
    return 2 * -(-bits // 2) if target == "ecp5" else bits


def sum_luts(target: Target, bits: int) -> int:
    """LUTs of a register that is added to, and sometimes begins at 0."""
    return adder_luts(target, bits) + (0 if target == "xc7" else bits)


def mux_luts(target: Target, ways: int) -> int:
    """LUTs of a bit chosen among several; all but ice40 have free multiplexers behind LUTs."""
    if ways < 2:
        return 0
    match target:
        case "xc7":
            return -(-ways // 4)
        case "ecp5" | "gowin":
            return -(-ways // 2)
        case "ice40":
            return ways - 1

"""Block RAMs of a synthesised design as plans count them, and LUTs with their price.

Yosys counts a RAMB36 of xc7 as one cell; it is two of the halves that a plan counts and prices.
"""

from __future__ import annotations

from hwgen.plan.design import LUTS_PER_BRAM, Target
from hwgen.synth.count import Counts

BLOCK_BITS: dict[Target, int] = {"xc7": 18 * 1024, "ice40": 4 * 1024, "ecp5": 18 * 1024}


def block_rams(counts: Counts, target: Target) -> int:
    """Count the block RAMs of a design, those of xc7 in halves of 18 kbit."""
    return counts.bram_bits // BLOCK_BITS[target]


def priced_luts(luts: int, brams: int, target: Target) -> int:
    """Give LUTs and block RAMs as LUTs, at what the parts of the target have for each."""
    return luts + brams * LUTS_PER_BRAM[target]

"""What a small memory costs as LUTs and as block RAM, and which of the two a plan takes.

The LUT figures are fitted to Yosys (`bench/memories.py` measures them again).
"""

from __future__ import annotations

from hwgen.plan.design import Target
from hwgen.plan.stages import MemoryKind

# (bits a word, words) that one block RAM can be
_BLOCKS: dict[Target, tuple[tuple[int, int], ...]] = {
    "xc7": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
}


def block_count(target: Target, words: int, bits: int) -> int:
    """Give the fewest block RAMs that hold `words` words of `bits` bits."""
    return min(-(-bits // width) * -(-words // depth) for width, depth in _BLOCKS[target])


def rom_luts(target: Target, words: int, bits: int) -> int:
    """LUTs of a constant table."""
    per_lut = {"xc7": 64, "ecp5": 14, "ice40": 14}[target]
    return bits * max(-(-words // per_lut), 1)


def rom_in_block(target: Target, words: int, bits: int) -> bool:
    """Whether Yosys puts a constant table that nobody has chosen a place for into block RAM."""
    least = {"xc7": None, "ecp5": 2048, "ice40": 1088}[target]
    return least is not None and words * bits > least


def ram_luts(target: Target, words: int, bits: int) -> int | None:
    """LUTs of a memory with one write and one read port; None where LUTs cannot store."""
    if target == "ice40":
        return None
    if target == "ecp5":
        return 11 * -(-words // 16) * -(-bits // 4)
    if words <= 32:
        return 4 * -(-bits // 6)
    return round(2.6 * bits * -(-words // 64)) if words > 64 else 2 * bits


def rom_kind(target: Target, words: int, bits: int, luts_per_block: int) -> MemoryKind:
    """Give what a constant table is cheaper in."""
    blocks = block_count(target, words, bits)
    return "block" if rom_luts(target, words, bits) >= blocks * luts_per_block else "lut"


def ram_kind(target: Target, words: int, bits: int, luts_per_block: int) -> MemoryKind:
    """Give what a memory that is written is cheaper in."""
    luts = ram_luts(target, words, bits)
    if luts is None:
        return "block"
    return "block" if luts >= block_count(target, words, bits) * luts_per_block else "lut"

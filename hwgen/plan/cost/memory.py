"""What a small memory costs as LUTs and as block RAM, and which of the two a plan takes.

The LUT figures are fitted to Yosys (`bench/memories.py` measures them again).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hwgen.plan.cost.fabric import LUT_INPUTS, mux_luts
from hwgen.plan.design import Target
from hwgen.plan.stages.stage import MemoryKind
from hwgen.plan.stages.vector_shape import VectorShape

COMPARED_LUTS = 64  # LUTs that a block RAM has to save in front of a comparison

# (bits a word, words) that one block RAM can be
_BLOCKS: dict[Target, tuple[tuple[int, int], ...]] = {
    "xc7": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
}


def block_count(target: Target, words: int, bits: int) -> int:
    """Give the fewest block RAMs that hold `words` words of `bits` bits."""
    return min(-(-bits // width) * -(-words // depth) for width, depth in _BLOCKS[target])


def vector_blocks(target: Target, shape: VectorShape) -> int:
    """Count the block RAMs of a vector that is written by the beat and read by the element.

    An element takes the width of a port, and the writing port takes several of these.
    """
    if shape.parts == 1:
        return block_count(target, shape.depth, shape.element_bits)
    most, depth = _BLOCKS[target][0]
    unit = next((w for w, _ in reversed(_BLOCKS[target]) if w >= shape.element_bits), most)
    slices = -(-shape.element_bits // most)
    parts = 1 << shape.part_bits
    together = 1 << (most // unit).bit_length() - 1  # elements that one block takes at once
    return slices * -(-parts // together) * -(-shape.depth // depth)


def vector_luts(target: Target, shape: VectorShape, readers: int) -> int | None:
    """LUTs of the copies of a vector in memories of beats, and of what chooses an element of one.

    None where LUTs cannot store. Yosys finds no free multiplexer for more than three ways.
    """
    memory = ram_luts(target, shape.depth, shape.parts * shape.element_bits, readers)
    if memory is None:
        return None
    free = target == "xc7" or shape.parts < 4
    ways = mux_luts(target, shape.parts) if free else shape.parts - 1
    return memory + readers * shape.element_bits * ways


def vector_kind(target: Target, shape: VectorShape, luts_per_bram: int, readers: int) -> MemoryKind:
    """Give what the copies of a vector are cheaper in."""
    luts = vector_luts(target, shape, readers)
    if luts is None:
        return "block"
    blocks = readers * vector_blocks(target, shape)
    return "block" if luts >= blocks * luts_per_bram else "lut"


def rom_luts(target: Target, words: int, bits: int) -> int:
    """LUTs of a constant table."""
    per_lut = {"xc7": 64, "ecp5": 14, "ice40": 14}[target]
    return bits * max(-(-words // per_lut), 1)


def columns_luts(target: Target, columns: Iterable[int], words: int) -> int:
    """LUTs of a constant table by its contents: functions of a LUT's inputs, each once.

    A column is a bit of all words, bit k that of word k. Address bits beyond those of a LUT choose
    among LUTs; xc7 and ecp5 have free multiplexers for that, two levels of them and three.
    """
    inputs = LUT_INPUTS[target]
    free = {"xc7": 4, "ecp5": 8, "ice40": 1}[target]  # LUTs that are joined without another one
    size = 1 << inputs
    always = (1 << size) - 1
    luts = 0
    for column in columns:
        parts = {column >> start & always for start in range(0, words, size)}
        luts += len(parts - {0, always}) + mux_luts(target, -(-len(parts) // free))
    return luts


def table_luts(target: Target, words: Sequence[int]) -> int:
    """LUTs of a constant table, as `columns_luts`."""
    array = np.array(words, np.int64)
    columns = [
        int.from_bytes(np.packbits((array >> bit & 1).astype(bool), bitorder="little"), "little")
        for bit in range(max(words).bit_length())
    ]
    return columns_luts(target, columns, len(words))


def ram_luts(target: Target, words: int, bits: int, readers: int = 1) -> int | None:
    """LUTs of a memory with one write port and several read ports; None where LUTs cannot store.

    Every reader has a copy; on ecp5 these share what decodes the address that is written.
    """
    if target == "ice40":
        return None
    if target == "ecp5":
        return (6 * readers + 5) * -(-words // 16) * -(-bits // 4)
    if words <= 32:
        return readers * 4 * -(-bits // 6)
    return readers * (round(2.6 * bits * -(-words // 64)) if words > 64 else 2 * bits)


def program_kind(
    target: Target, columns: Sequence[int], steps: int, luts_per_bram: int
) -> MemoryKind:
    """Give what a program of some columns is cheaper in."""
    blocks = block_count(target, steps, max(len(columns), 1))
    luts = columns_luts(target, columns, steps)
    return "block" if luts >= max(blocks * luts_per_bram, 1) else "lut"


def table_kind(
    target: Target, tables: Sequence[Sequence[int]], bits: int, luts_per_bram: int
) -> MemoryKind:
    """Give what tables are cheaper in whose words are compared in the cycle of their read.

    A block RAM is read more slowly than LUTs, so it has to save more here.
    """
    blocks = sum(block_count(target, len(words), bits) for words in tables)
    luts = sum(table_luts(target, words) for words in tables)
    return "block" if luts >= blocks * max(luts_per_bram, COMPARED_LUTS) else "lut"

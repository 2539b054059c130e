"""What a small memory costs as LUTs and as block RAM, and which of the two a plan takes.

The LUT figures are fitted to Yosys (`bench/folded/memories.py` measures them again).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.plan.cost.fabric import LUT_INPUTS, mux_luts
from hwgen.plan.design import Target
from hwgen.plan.stages.stage import MemoryKind
from hwgen.plan.stages.vector_shape import VectorShape

COMPARED_LUTS = 64  # LUTs that a block RAM has to save in front of a comparison
WHOLE_WORDS = 256  # of a table in LUTs in one piece
SMALL_PARTS = 512  # words of a table whose parts are small
# LUTs of long programs of trained nets on xc7, over full LUTs and what chooses among parts
# (`bench/folded/long_tables.py --design`)
PROGRAM_EXCESS = 1.35

# (bits a word, words) that one block RAM can be
_BLOCKS: dict[Target, tuple[tuple[int, int], ...]] = {
    "xc7": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "gowin": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
}

# what Yosys weighs a block RAM against, where it cuts a memory, and a bit of a further way to one
_BLOCK_SCORE: dict[Target, int] = {"xc7": 129, "ecp5": 128, "gowin": 128, "ice40": 64}
_WAY_SCORE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockMemory:
    """Block RAMs of a memory, and the LUTs that choose among those which hold different words."""

    blocks: int
    luts: int

    def priced(self, luts_per_bram: int) -> int:
        """Give one number: LUTs, and block RAMs at their price."""
        return self.luts + self.blocks * luts_per_bram


def block_memory(target: Target, words: int, bits: int) -> BlockMemory:
    """Cut a memory into block RAMs of one width as Yosys 0.70 does (pass `memory_libmap`).

    Bits that fill no block of their own share one, at several depths too. With more words than a
    block has, every bit is chosen behind the blocks, for which Yosys saves few of them: ice40 has
    256 words of 16 bits in one, so 700 of 40 bits take 8 blocks and 80 LUTs, not 10 blocks.
    """

    def cut(width: int, depth: int) -> tuple[float, int, int]:
        ways = -(-words // depth)
        blocks = -(-ways * bits // width)
        return blocks * _BLOCK_SCORE[target] + (ways - 1) * bits * _WAY_SCORE, ways, blocks

    _, ways, blocks = min(cut(width, depth) for width, depth in _BLOCKS[target])
    return BlockMemory(blocks=blocks, luts=bits * mux_luts(target, ways))


def vector_blocks(target: Target, shape: VectorShape) -> int:
    """Count the block RAMs of a vector that is written by the beat and read by the element.

    An element takes the width of a port, and the writing port takes several of these.
    """
    if shape.parts == 1:
        return block_memory(target, shape.depth, shape.element_bits).blocks
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
    per_lut = {"xc7": 64, "ecp5": 14, "gowin": 14, "ice40": 14}[target]
    return bits * max(-(-words // per_lut), 1)


def part_words(words: int) -> int:
    """Give the words of each part of a table in LUTs, all of them where it is in one piece."""
    if words <= WHOLE_WORDS:
        return max(words, 1)
    return 128 if words <= SMALL_PARTS else 256


def columns_luts(target: Target, columns: Collection[int], words: int) -> int:
    """LUTs of a constant table by its contents: functions of a LUT's inputs, each once.

    A column is a bit of all words, bit k that of word k. Address bits beyond those of a LUT choose
    among LUTs; xc7 and ecp5 have free multiplexers for that, two levels of them and three. Long
    tables are in parts (`rtl/constant_table.py`), which others choose among. Of the longest on xc7
    only the size counts.
    """
    inputs = LUT_INPUTS[target]
    free = {"xc7": 4, "ecp5": 8, "gowin": 8, "ice40": 1}[
        target
    ]  # LUTs that are joined without another one
    size = 1 << inputs
    always = (1 << size) - 1
    ways = -(-words // part_words(words)) if free > 1 else 1
    if target == "xc7":
        between = max(3 * ways // 8, 1)
        if words > SMALL_PARTS:
            return round(PROGRAM_EXCESS * len(columns) * (-(-words // size) + between))
    else:  # without the free multiplexers of a part of 256 words
        between = (ways - (ways < 4)) * (2 if words > SMALL_PARTS else 1)
    luts = 0
    for column in columns:
        parts = {column >> start & always for start in range(0, words, size)}
        chosen = mux_luts(target, -(-len(parts) // free)) if ways == 1 else between
        luts += len(parts - {0, always}) + chosen
    return luts


def table_luts(target: Target, words: Sequence[int]) -> int:
    """LUTs of a constant table, as `columns_luts`."""
    bits = max(words).bit_length()
    array = np.array(words, np.int64 if bits < 64 else object)
    columns = [
        int.from_bytes(np.packbits((array >> bit & 1).astype(bool), bitorder="little"), "little")
        for bit in range(bits)
    ]
    return columns_luts(target, columns, len(words))


def ram_luts(target: Target, words: int, bits: int, readers: int = 1) -> int | None:
    """LUTs of a memory with one write port and several read ports; None where LUTs cannot store.

    Every reader has a copy; on ecp5 these share what decodes the address that is written.
    """
    if target == "ice40":
        return None
    if target in ("ecp5", "gowin"):
        return (6 * readers + 5) * -(-words // 16) * -(-bits // 4)
    if words <= 32:
        return readers * 4 * -(-bits // 6)
    return readers * (round(2.6 * bits * -(-words // 64)) if words > 64 else 2 * bits)


def program_kind(
    target: Target, columns: Sequence[int], steps: int, luts_per_bram: int
) -> MemoryKind:
    """Give what a program of some columns is cheaper in."""
    blocks = block_memory(target, steps, max(len(columns), 1))
    luts = columns_luts(target, columns, steps)
    return "block" if luts >= max(blocks.priced(luts_per_bram), 1) else "lut"


def table_kind(
    target: Target, tables: Sequence[Sequence[int]], bits: int, luts_per_bram: int
) -> MemoryKind:
    """Give what tables are cheaper in whose words are compared in the cycle of their read.

    A block RAM is read more slowly than LUTs, so it has to save more here.
    """
    return constant_kind(target, tables, bits, max(luts_per_bram, COMPARED_LUTS))


def constant_kind(
    target: Target, tables: Sequence[Sequence[int]], bits: int, luts_per_bram: int
) -> MemoryKind:
    """Give what tables are cheaper in."""
    blocks = sum(block_memory(target, len(words), bits).priced(luts_per_bram) for words in tables)
    luts = sum(table_luts(target, words) for words in tables)
    return "block" if luts >= max(blocks, 1) else "lut"

"""The memories of a unit that sees more of a map than one position, and what they cost.

A delay line is read at the place that is written next, so that on xc7 one port serves both. A queue
has a port for each. The figures are measured with Yosys.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.plan.cost.fabric import mux_luts
from hwgen.plan.cost.memory import block_memory
from hwgen.plan.design import Target
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import Enlarger, MemoryKind, RunningPool, WindowBuffer

FEW_WORDS_LUTS, MANY_WORDS_LUTS = 6, 12  # 16 words of 4 bits on ecp5, alone or one of several
REGISTERED = 2  # places of a delay line up to which registers hold them


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMemory:
    """A memory of `words` words of `bits` bits; `one_port` where the read place is the written."""

    words: int
    bits: int
    one_port: bool

    def luts(self, target: Target) -> int | None:
        """LUTs that hold it; None where LUTs cannot store."""
        if target == "ice40":
            return None
        if target in ("ecp5", "gowin"):
            banks = -(-self.words // 16)
            each = FEW_WORDS_LUTS if banks == 1 else MANY_WORDS_LUTS
            return each * banks * -(-self.bits // 4) + self.bits * mux_luts(target, banks)
        if self.words <= 32:
            return 4 * -(-self.bits // 6)
        if self.one_port:  # a LUT holds 64 words of a bit
            return self.bits * -(-self.words // 64)
        counts = {depth: -(-self.words // depth) for depth in (32, 64)}
        of_bits = {32: 6, 64: 3}  # in four LUTs
        return min(
            4 * count * -(-self.bits // of_bits[depth]) + self.bits * mux_luts(target, count)
            for depth, count in counts.items()
        )

    def blocks(self, target: Target) -> int:
        """Block RAMs that hold it."""
        return block_memory(target, self.words, self.bits).blocks


def line_memories(stage: WindowBuffer | RunningPool | Enlarger) -> tuple[LineMemory, ...]:
    """Give the memories of a stage: rows and queue, what is pooled so far, or a row."""
    if isinstance(stage, Enlarger | RunningPool):
        return _row_memory(stage)
    found = []
    if stage.column_bits and stage.row_steps > REGISTERED:
        found.append(LineMemory(words=stage.row_steps, bits=stage.column_bits, one_port=True))
    if stage.queue:
        tapped = {tap.lane for tap in stage.taps}
        bits = sum(stage.inputs.lanes[lane].bits for lane in tapped)
        found.append(LineMemory(words=max(stage.queue - 1, 2), bits=bits, one_port=False))
    return tuple(found)


def _row_memory(stage: RunningPool | Enlarger) -> tuple[LineMemory, ...]:
    """Give the memory of a row of pixels or windows, with a word for each beat of them."""
    words, bits = stage.inputs.beats_each, stage.outputs.width
    if isinstance(stage, Enlarger):
        words, bits = words * stage.inputs.image[1], stage.inputs.width
    elif stage.kernel[0] > 1:
        words *= stage.outputs.image[1]
    return (LineMemory(words=words, bits=bits, one_port=True),) if words > REGISTERED else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RingMemory:
    """The ring of rows that a folded convolution reads: a copy a reader, and what fills them."""

    copy: LineMemory
    readers: int
    assembled: LineMemory | None
    shares: int  # copies of what assembles words
    gathered: int  # lanes of which a share chooses one, for each bit that comes to it
    gathered_bits: int
    chosen: int  # bits of a word of which a reader chooses one, for each bit that it chooses
    chosen_bits: int

    def luts(self, target: Target) -> int:
        """LUTs of what fills the ring, and of what a reader chooses from a word."""
        mux = self.readers * self.chosen_bits * mux_luts(target, self.chosen)
        mux += self.shares * self.gathered_bits * mux_luts(target, self.gathered)
        if self.assembled is None:
            return mux
        held = self.assembled.luts(target)
        if held is None:  # registers store it, and every bit that is read is one of all words
            held = self.assembled.bits * mux_luts(target, self.assembled.words)
        return mux + self.shares * held

    def kind(self, target: Target, luts_per_bram: int) -> MemoryKind:
        """Give what the copies are cheaper in."""
        luts = self.copy.luts(target)
        blocks = self.copy.blocks(target)
        return "block" if luts is None or luts >= blocks * luts_per_bram else "lut"

    def priced(self, target: Target, kind: MemoryKind, luts_per_bram: int) -> int:
        """LUTs of all of it, block RAMs at their price."""
        one = self.copy.luts(target) if kind == "lut" else None
        each = self.copy.blocks(target) * luts_per_bram if one is None else one
        return self.luts(target) + self.readers * each


def ring_memory(shape: LineShape, readers: int) -> RingMemory:
    """Give the memories between the stream of a map and the windows of its convolution."""
    words, bits = shape.assembled
    return RingMemory(
        copy=LineMemory(words=shape.depth, bits=shape.width, one_port=False),
        readers=readers,
        assembled=LineMemory(words=words, bits=bits, one_port=True) if bits else None,
        shares=len(shape.kept),
        gathered=min(shape.inputs.channels, shape.beats) if shape.shares else 1,
        gathered_bits=shape.lanes * shape.inputs.beside * shape.element_bits,
        chosen=shape.lanes * shape.columns.shifts,
        chosen_bits=shape.pixels * shape.element_bits,
    )


def line_memory_kind(
    stage: WindowBuffer | RunningPool | Enlarger, target: Target, luts_per_bram: int
) -> MemoryKind:
    """Give what the memories of a stage are cheaper in, all together."""
    memories = line_memories(stage)
    luts = [memory.luts(target) for memory in memories]
    if None in luts:
        return "block"
    blocks = sum(memory.blocks(target) for memory in memories)
    price = sum(count for count in luts if count is not None)
    return "block" if blocks and price >= blocks * luts_per_bram else "lut"

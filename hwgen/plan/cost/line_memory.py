"""The memories of a unit that sees more of a map than one position, and what they cost.

A delay line is read at the place that is written next, so that on xc7 one port serves both. A queue
has a port for each. The figures are measured with Yosys.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.plan.cost.fabric import mux_luts
from hwgen.plan.cost.memory import block_memory
from hwgen.plan.design import Target
from hwgen.plan.stages.stage import MemoryKind, RunningPool, WindowBuffer

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
        if target == "ecp5":
            banks = -(-self.words // 16)
            return 6 * banks * -(-self.bits // 4) + self.bits * mux_luts(target, banks)
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


def line_memories(stage: WindowBuffer | RunningPool) -> tuple[LineMemory, ...]:
    """Give the memories of a stage: rows and queue, or what is pooled of the rows above."""
    found = []
    if isinstance(stage, RunningPool):
        columns = stage.outputs.image[1]
        if stage.kernel[0] > 1 and columns > REGISTERED:
            found.append(LineMemory(words=columns, bits=stage.outputs.width, one_port=True))
        return tuple(found)
    if stage.column_bits and stage.row_steps > REGISTERED:
        found.append(LineMemory(words=stage.row_steps, bits=stage.column_bits, one_port=True))
    if stage.queue:
        tapped = {tap.lane for tap in stage.taps}
        bits = sum(stage.inputs.lanes[lane].bits for lane in tapped)
        found.append(LineMemory(words=max(stage.queue - 1, 2), bits=bits, one_port=False))
    return tuple(found)


def line_memory_kind(
    stage: WindowBuffer | RunningPool, target: Target, luts_per_bram: int
) -> MemoryKind:
    """Give what the memories of a stage are cheaper in, all together."""
    memories = line_memories(stage)
    luts = [memory.luts(target) for memory in memories]
    if None in luts:
        return "block"
    blocks = sum(memory.blocks(target) for memory in memories)
    price = sum(count for count in luts if count is not None)
    return "block" if blocks and price >= blocks * luts_per_bram else "lut"

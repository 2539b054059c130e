"""Programs that hold how far the next input lies from this one, in place of where it lies.

A row reads its inputs in the order of their places. Among many weights the next one is near, and
its distance has fewer bits than its place, for which every reader has a register and an adder.
"""

from __future__ import annotations

from dataclasses import replace

from hwgen.plan.cost.fabric import sum_luts
from hwgen.plan.cost.memory import block_memory, columns_luts, program_kind
from hwgen.plan.design import Target
from hwgen.plan.stages.program_memory import place_shape, program_memory
from hwgen.plan.stages.stage import FoldedDense, MemoryKind


def with_program(stage: FoldedDense, target: Target, luts_per_bram: int) -> FoldedDense:
    """Give a unit the program that takes least, block RAMs at their price."""
    ways = [(_price(stage, target, luts_per_bram), stage)]
    if not stage.counted:
        near = replace(stage, distances=True)
        ways.append((_price(near, target, luts_per_bram), near))
    (_, kind), best = min(ways, key=lambda way: way[0][0])
    return replace(best, program_memory=kind)


def _price(stage: FoldedDense, target: Target, luts_per_bram: int) -> tuple[int, MemoryKind]:
    """LUTs of a program in what it is cheaper in, and of what adds its distances up."""
    memory = program_memory(stage)
    kind = program_kind(target, memory.held, stage.cycles, luts_per_bram)
    luts = columns_luts(target, memory.held, stage.cycles)
    blocks = block_memory(target, stage.cycles, max(len(memory.held), 1)).priced(luts_per_bram)
    adders = len(memory.readers) * sum_luts(target, place_shape(stage).place_bits)
    price = (luts if kind == "lut" else blocks) + (adders if stage.distances else 0)
    return price, kind

"""What windows and poolings of a map will take of a target: their memories, and little beside."""

from __future__ import annotations

from hwgen.plan.cost.fabric import adder_luts, mux_luts
from hwgen.plan.cost.memory import block_memory, ram_luts
from hwgen.plan.design import Target
from hwgen.plan.stages.stage import MapStage, RunningPool, WindowBuffer, WindowMax

REGISTERED = 2  # places of a delay up to which registers hold them


def map_luts(stage: MapStage, target: Target) -> int:
    """LUTs of a stage's parts, before the correction."""
    match stage:
        case WindowBuffer():
            counters = 4 * (stage.rows.bit_length() + stage.row_steps.bit_length())
            kernel = 2 * sum(stage.kernel)
            return counters + kernel + _memory_luts(stage, target)
        case RunningPool():
            lanes = sum(lane.bits for lane in stage.outputs.lanes)
            compared = len(stage.outputs.lanes) if stage.kind == "max" else 0
            return 20 + 2 * lanes + compared + _memory_luts(stage, target)
        case WindowMax():
            luts = 0
            for sources, lane in zip(stage.sources, stage.outputs.lanes, strict=True):
                choice = adder_luts(target, lane.bits) + lane.bits * mux_luts(target, 2)
                luts += (len(sources) - 1) * choice
            return luts


def map_brams(stage: WindowBuffer | RunningPool, target: Target) -> int:
    """Count the block RAMs of a stage's memories."""
    if stage.memory == "lut":
        return 0
    return sum(block_memory(target, words, bits).blocks for words, bits in memories(stage))


def memories(stage: WindowBuffer | RunningPool) -> list[tuple[int, int]]:
    """Give words and bits of each memory that a stage has."""
    if isinstance(stage, WindowBuffer):
        found = [(stage.row_steps, stage.column_bits), (stage.queue - 1, stage.inputs.width)]
    else:
        found = [(stage.outputs.image[1] if stage.kernel[0] > 1 else 0, stage.outputs.width)]
    return [(words, bits) for words, bits in found if words > REGISTERED and bits]


def _memory_luts(stage: WindowBuffer | RunningPool, target: Target) -> int:
    if stage.memory == "block":
        return 0
    return sum(ram_luts(target, words, bits) or 0 for words, bits in memories(stage))

"""What windows and poolings of a map will take of a target: their memories, and little beside."""

from __future__ import annotations

from hwgen.numeric import IntType
from hwgen.plan.cost.fabric import LUT_INPUTS, adder_luts, mux_luts
from hwgen.plan.cost.line_memory import line_memories
from hwgen.plan.design import Target
from hwgen.plan.stages.stage import Enlarger, MapStage, RunningPool, WindowBuffer, WindowMax

COUNTER_LUTS = 1.5  # of a bit of a counter that some logic looks at
QUEUE_LUTS = 10  # of the control of a queue, beside its counters
CONTROL: dict[Target, float] = {
    "xc7": 1.0,
    "ice40": 1.45,
    "ecp5": 1.75,
    "gowin": 1.75,
}  # of what xc7 takes
SHORT_BITS = 4  # up to which Yosys compares without a carry chain on ecp5


def map_luts(stage: MapStage, target: Target) -> int:
    """LUTs of a stage's parts, before the correction."""
    match stage:
        case WindowBuffer():
            control = CONTROL[target] * _control_luts(stage)
            return round(control) + _memory_luts(stage, target)
        case RunningPool():
            sizes = (size - 1 for size in (*stage.inputs.image, stage.inputs.beats_each))
            control = 2 * sum(size.bit_length() for size in sizes)
            pooled = sum(_pooled_luts(stage, lane, target) for lane in stage.outputs.lanes)
            return control + pooled + _memory_luts(stage, target)
        case Enlarger():
            return round(CONTROL[target] * _enlarging_luts(stage)) + _memory_luts(stage, target)
        case WindowMax():
            lanes = zip(stage.sources, stage.outputs.lanes, strict=True)
            return sum(_largest_luts(len(sources), lane, target) for sources, lane in lanes)


def map_brams(stage: WindowBuffer | RunningPool | Enlarger, target: Target) -> int:
    """Count the block RAMs of a stage's memories."""
    if stage.memory == "lut":
        return 0
    return sum(memory.blocks(target) for memory in line_memories(stage))


def _control_luts(stage: WindowBuffer) -> float:
    """LUTs that count the steps and the pixels that wait, and reset what lies outside the image."""
    counted = (stage.rows - 1).bit_length() + (stage.row_steps - 1).bit_length()
    if not stage.queue:
        return COUNTER_LUTS * counted
    queue = 2 * (stage.queue - 2).bit_length() + stage.queue.bit_length()
    resets = stage.kernel[0] * stage.kernel[1] / 2
    return COUNTER_LUTS * counted + queue + QUEUE_LUTS + resets


def _enlarging_luts(stage: Enlarger) -> float:
    """LUTs that count pixels and places, and choose lanes."""
    beats = stage.inputs.beats_each
    words = stage.inputs.image[1] * beats
    counted = 2 * stage.factor.bit_length() + (words - 1).bit_length() + (beats - 1).bit_length()
    shown = 0 if stage.repeats else stage.outputs.width * mux_luts("xc7", len(stage.sources))
    if beats > 1:
        shown += stage.outputs.width
    return COUNTER_LUTS * counted + shown


def _pooled_luts(stage: RunningPool, lane: IntType, target: Target) -> int:
    """LUTs that bring a pixel of one channel to what has come before."""
    if stage.kind == "max":
        is_short = lane.bits <= SHORT_BITS and target in ("ecp5", "gowin")
        return lane.bits * (6 if is_short else 3)
    return adder_luts(target, lane.bits) + lane.bits


def _largest_luts(values: int, lane: IntType, target: Target) -> int:
    """LUTs of a tree of choices; a LUT sees several short values at once."""
    at_once = LUT_INPUTS[target] // lane.bits
    if at_once >= 2:
        return lane.bits * -(-(values - 1) // (at_once - 1))
    return (values - 1) * (adder_luts(target, lane.bits) + lane.bits * mux_luts(target, 2))


def _memory_luts(stage: WindowBuffer | RunningPool | Enlarger, target: Target) -> int:
    if stage.memory == "block":
        return 0
    return sum(memory.luts(target) or 0 for memory in line_memories(stage))

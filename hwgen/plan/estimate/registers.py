"""How many registers a stage will take, from its numbers: they share the cells of LUTs on iCE40."""

from __future__ import annotations

from typing import assert_never

from hwgen.plan.stages.positions import at_one_position
from hwgen.plan.stages.program_memory import place_shape, program_memory
from hwgen.plan.stages.stage import (
    Enlarger,
    Fifo,
    FoldedDense,
    Joint,
    MapStage,
    Narrower,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Reorder,
    RunningPool,
    SerialArgmax,
    SerialThreshold,
    Stage,
    UnrolledDense,
    Widener,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.stages.weight_code import WeightCode
from hwgen.plan.unrolled.flow import held_bits

SEARCH = 1.8  # registers of a level of a search for each bit of sum, word and code
CONTROL = 12  # of counters and flags of a small unit


def registers_of(stages: tuple[Stage, ...]) -> int:
    """Give the estimate for some stages together."""
    return sum(map(stage_registers, stages))


def stage_registers(stage: Stage) -> int:
    """Give the estimate for a stage."""
    stage = at_one_position(stage)
    match stage:
        case UnrolledDense() | ParallelThreshold() | ParallelArgmax():
            return held_bits(stage) + stage.latency
        case FoldedDense():
            return _folded(stage)
        case SerialThreshold():
            lanes = zip(stage.inputs.lanes, stage.outputs.lanes, strict=True)
            held = sum(2 * sums.bits + code.bits for sums, code in lanes)  # sum, word and row
            found = CONTROL + round(SEARCH * stage.levels * held)
            return found if stage.ramps is None else found + _ramps(stage)
        case SerialArgmax():
            return CONTROL + stage.inputs.lanes[0].bits + 2 * stage.outputs.lanes[0].bits
        case _:
            return _moving(stage)


def _ramps(stage: SerialThreshold) -> int:
    """Count those of thresholds that are computed, two a level, and of steps that wait."""
    words = [stage.ramp_words(lane % stage.rows) for lane in range(len(stage.inputs.lanes))]
    return sum(2 * stage.levels * (word.bits + word.step_bits) for word in words)


def _moving(stage: Reorder | OutputBuffer | MapStage | Joint) -> int:
    """Count those of a stage that computes little."""
    match stage:
        case Reorder() | OutputBuffer():
            return 2 * CONTROL + stage.outputs.width
        case WindowBuffer() | RunningPool() | Enlarger():
            return 3 * CONTROL + stage.outputs.width
        case WindowMax():
            return stage.outputs.width + CONTROL
        case Fifo():
            if stage.memory == "block":
                return 3 * (stage.words - 1).bit_length() + stage.inputs.width
            return CONTROL + stage.inputs.width * (stage.depth if stage.in_registers else 1)
        case Narrower():
            return stage.parts.bit_length()
        case Widener():
            return stage.inputs.width * (stage.inputs.beats - 1) + stage.inputs.beats.bit_length()
        case _:
            assert_never(stage)


def _folded(stage: FoldedDense) -> int:
    """Count those of each PE: elements, weights, products, their sums, accumulator and result."""
    bits, count = place_shape(stage).element_bits, 0
    for element, owner in zip(stage.elements, stage.owners, strict=True):
        code, lanes = WeightCode(element.weights), stage.pe_sets[owner].lanes
        product = max(code.largest * ((1 << bits) - 1), 1).bit_length() + int(code.signed)
        weight, digits = code.largest.bit_length() + int(code.signed), max(code.largest, 1)
        steps = digits.bit_length() if code.shifts is None else 1  # of a product, each registered
        steps = code.digits or steps
        count += lanes * (2 * bits + weight + (1 + steps) * product)
        count += max(lanes - 1, 0) * (product + 1) + 2 * element.accumulator.bits
    count *= stage.pixels
    program = program_memory(stage)
    if stage.program_memory == "lut":
        count += len(program.held)
    if stage.distances:
        count += len(program.readers) * place_shape(stage).place_bits
    return count + 4 * CONTROL

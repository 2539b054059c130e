"""Counts behind the estimate of folded stages: products, sums, memories."""

from __future__ import annotations

from collections.abc import Iterator

from hwgen.plan.cost.fabric import LUT_INPUTS, adder_luts, mux_luts, sum_luts
from hwgen.plan.cost.line_memory import ring_memory
from hwgen.plan.cost.memory import (
    BlockMemory,
    block_memory,
    columns_luts,
    rom_luts,
    table_luts,
    vector_blocks,
    vector_luts,
)
from hwgen.plan.design import Target
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.program_memory import ProgramMemory, place_shape, program_memory
from hwgen.plan.stages.stage import (
    FoldedDense,
    MemoryKind,
    ProcessingElement,
    Reorder,
    SerialThreshold,
)
from hwgen.plan.stages.vector_shape import VectorShape
from hwgen.plan.stages.weight_code import WeightCode

COUNTER_LUTS = 2  # of a bit of a counter with an end
TURN_LUTS = 6  # of a set whose results wait for their turn


def folded_luts(stage: FoldedDense, target: Target) -> int:
    """LUTs of a folded unit before correction."""
    shape = place_shape(stage)
    luts = sum(
        _element_luts(element, stage.pe_sets[owner].lanes, stage.pixels, shape.element_bits, target)
        for element, owner in zip(stage.elements, stage.owners, strict=True)
    )
    luts += COUNTER_LUTS * ((stage.cycles - 1).bit_length() + (shape.words - 1).bit_length())
    widest = max(lane.bits for lane in stage.outputs.lanes)
    if stage.sets > 1:
        fed = [
            stage.copies * sum(lane in part.fed for part in stage.pe_sets)
            for lane in range(stage.width)
        ]
        luts += TURN_LUTS * stage.sets
        if stage.is_round:
            luts += stage.beside * sum(widest * mux_luts(target, ways) for ways in fed)
        else:  # each way behind a gate, and all in one OR
            gates = [-(-(2 * ways - 1) // (LUT_INPUTS[target] - 1)) for ways in fed if ways > 1]
            luts += widest * sum(gates)
            luts += table_luts(target, [sum(1 << s for s in turn) for turn in stage.turns])
    program = program_memory(stage)
    if stage.program_memory == "lut":
        luts += columns_luts(target, program.held, stage.cycles)
    else:
        luts += _program_blocks(program, target).luts
    if stage.distances:
        luts += len(program.readers) * sum_luts(target, shape.place_bits)
    copies = readers(stage, program)
    if isinstance(shape, LineShape):
        return luts + _ring_luts(shape, copies, stage.vector_memory, target)
    if stage.vector_memory == "lut":
        luts += vector_luts(target, shape, copies) or 0
    return luts


def _ring_luts(shape: LineShape, copies: int, kind: MemoryKind, target: Target) -> int:
    """LUTs of a ring: what fills it, its copies, and the counters of columns, rows and windows."""
    ring = ring_memory(shape, copies)
    held = ring.copy.luts(target) if kind == "lut" else None
    counts = (shape.columns.count, shape.beats, *shape.image, *shape.windows, shape.columns.groups)
    control = COUNTER_LUTS * sum((count - 1).bit_length() for count in counts)
    rows = (shape.rows.slots - 1).bit_length()
    return control + 3 * rows + ring.luts(target) + copies * ((held or 0) + rows + 1)


def reorder_luts(stage: Reorder, target: Target) -> int:
    """LUTs of a reorder buffer before correction: its places, and its memories."""
    lanes, shape = len(stage.outputs.lanes), VectorShape.of(stage.inputs, 1)
    luts = lanes * rom_luts(target, stage.outputs.beats, shape.place_bits)
    if stage.memory == "lut":
        luts += vector_luts(target, shape, lanes) or 0
    return luts


def folded_brams(stage: FoldedDense | Reorder, target: Target) -> int:
    """Count the block RAMs of program and vector."""
    if isinstance(stage, Reorder):
        blocks = vector_blocks(target, VectorShape.of(stage.inputs, 1))
        return len(stage.outputs.lanes) * blocks if stage.memory == "block" else 0
    shape, program, blocks = place_shape(stage), program_memory(stage), 0
    if stage.program_memory == "block":
        blocks += _program_blocks(program, target).blocks
    if stage.vector_memory == "block":
        one = (
            ring_memory(shape, 1).copy.blocks(target)
            if isinstance(shape, LineShape)
            else vector_blocks(target, shape)
        )
        blocks += readers(stage, program) * one
    return blocks


def _program_blocks(program: ProgramMemory, target: Target) -> BlockMemory:
    return block_memory(target, program.steps, max(len(program.held), 1))


def readers(stage: FoldedDense, program: ProgramMemory) -> int:
    """Read ports of the vector, each with a memory of its own."""
    return stage.banks if stage.counted else len(program.readers)


def _element_luts(
    element: ProcessingElement, lanes: int, copies: int, bits: int, target: Target
) -> int:
    """LUTs of a PE and its copies: lanes, their sum, accumulator, and the starts, which are shared.

    A carry in takes a bit.
    """
    code = WeightCode(element.weights)
    product = max(code.largest * ((1 << bits) - 1), 1).bit_length()
    signed = int(code.signed or code.digits > 0)
    inverted = lanes // 2 if target == "xc7" else lanes  # its adders invert an operand
    inverted = 0 if code.digits else inverted  # long ones come with their sign
    lane = _multiply_luts(code, bits, target)
    tree, terms, width = 0, lanes, product + signed
    while terms > 1:
        tree += terms // 2 * (width + 1 + signed)
        terms, width = -(-terms // 2), width + 1
    held = element.accumulator.bits
    starts = len(set(element.initial))
    choice = 0
    if starts > 1:
        rows = len(element.initial)
        choice = rom_luts(target, rows, held) + COUNTER_LUTS * (rows - 1).bit_length()
    return copies * (lanes * lane + signed * inverted * product + tree + held + signed) + choice


def _multiply_luts(code: WeightCode, bits: int, target: Target) -> int:
    """LUTs of a product without its sign; zero or the input as it is are its register's reset."""
    if code.digits:
        return bits + 2 + (code.digits - 1) * _digit_luts(bits, target)
    largest = code.largest.bit_length()
    if code.shifts is not None:
        return largest + bits if len(code.shifts) > 2 else 1
    gates = bits if target == "xc7" else largest * bits  # bits of the input that a weight lets by
    return gates + (largest - 1) * (bits + 1)


def _digit_luts(bits: int, target: Target) -> int:
    """LUTs that choose a digit's multiple of an input of so many bits, and add it."""
    match target:
        case "xc7":
            return bits + 4  # chosen where it is added
        case "ice40":
            return 3 * bits + 1
        case _:
            return 2 * bits + 5


def serial_threshold_luts(stage: SerialThreshold, target: Target) -> int:
    """LUTs of a search before correction: a comparison a level and lane, and tables in LUTs."""
    if stage.ramps is None:
        luts = stage.levels * sum(adder_luts(target, lane.bits) for lane in stage.inputs.lanes)
    else:
        luts = sum(_ramp_luts(stage, lane, target) for lane in range(len(stage.inputs.lanes)))
    luts += sum(memory.luts for memory in _table_blocks(stage, target))
    return luts + sum(table_luts(target, words) for _, words in _tables(stage, "lut"))


def serial_threshold_brams(stage: SerialThreshold, target: Target) -> int:
    """Count the block RAMs of a search."""
    return sum(memory.blocks for memory in _table_blocks(stage, target))


def _table_blocks(stage: SerialThreshold, target: Target) -> Iterator[BlockMemory]:
    for bits, words in _tables(stage, "block"):
        yield block_memory(target, len(words), bits)


def _ramp_luts(stage: SerialThreshold, lane: int, target: Target) -> int:
    """LUTs of a lane that computes its thresholds: a comparison a level, an addition but in one.

    A step is added or subtracted; only xc7 has that in the LUTs of the carry chain.
    """
    assert stage.ramps is not None
    words = stage.ramp_words(lane % stage.rows)
    compared = max(stage.inputs.lanes[lane].bits, words.bits - stage.ramps.fraction)
    luts = stage.levels * adder_luts(target, compared)
    for level in range(1, stage.levels):
        bits = words.bits - (stage.levels - 1 - level)  # a step's shift leaves low bits alone
        luts += adder_luts(target, bits) + (0 if target == "xc7" else min(words.step_bits, bits))
    return luts


def _tables(stage: SerialThreshold, kind: MemoryKind) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Bits of a word and the words of every table that is held so."""
    if stage.ramps is not None:
        for row in range(stage.rows if kind in stage.memories else 0):
            words = stage.ramp_words(row)
            yield words.bits + words.step_bits, words.words()
        return
    for lane in range(len(stage.inputs.lanes)):
        row = lane % stage.rows
        for level, memory in enumerate(stage.memories):
            if memory == kind:
                yield stage.word_bits(row), stage.words(row, level)

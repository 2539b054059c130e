"""Counts behind the estimate of folded stages: products, sums, memories."""

from __future__ import annotations

from collections.abc import Iterator

from hwgen.plan.design import Target
from hwgen.plan.fabric import adder_luts, mux_luts
from hwgen.plan.memory_cost import block_count, rom_luts, table_luts, vector_blocks, vector_luts
from hwgen.plan.stages import FoldedDense, MemoryKind, ProcessingElement, Reorder, SerialThreshold
from hwgen.plan.vector_shape import VectorShape

TURN_LUTS = 6  # of a set whose results wait for their turn


def folded_luts(stage: FoldedDense, target: Target) -> int:
    """LUTs of a folded unit before correction."""
    bits = max(lane.bits for lane in stage.inputs.lanes)
    luts = sum(_element_luts(stage, element, bits, target) for element in stage.elements)
    widest = max(lane.bits for lane in stage.outputs.lanes)
    if stage.sets > 1:
        luts += stage.width * widest * mux_luts(target, stage.sets) + TURN_LUTS * stage.sets
    if stage.program_memory == "lut":
        luts += rom_luts(target, stage.cycles, word_bits(stage))
    shape = VectorShape.of(stage.inputs, stage.banks)
    if stage.vector_memory == "lut":
        luts += readers(stage) * (vector_luts(target, shape) or 0)
    return luts


def reorder_luts(stage: Reorder, target: Target) -> int:
    """LUTs of a reorder buffer before correction: its places, and its memories."""
    lanes, shape = len(stage.outputs.lanes), VectorShape.of(stage.inputs, 1)
    luts = rom_luts(target, stage.outputs.beats, shape.place_bits)
    if stage.memory == "lut":
        luts += vector_luts(target, shape) or 0
    return lanes * luts


def folded_brams(stage: FoldedDense | Reorder, target: Target) -> int:
    """Count the block RAMs of program and vector."""
    if isinstance(stage, Reorder):
        shape = VectorShape.of(stage.inputs, 1)
        blocks = vector_blocks(target, shape)
        return len(stage.outputs.lanes) * blocks if stage.memory == "block" else 0
    shape = VectorShape.of(stage.inputs, stage.banks)
    blocks = 0
    if stage.program_memory == "block":
        blocks += block_count(target, stage.cycles, word_bits(stage))
    if stage.vector_memory == "block":
        blocks += readers(stage) * vector_blocks(target, shape)
    return blocks


def readers(stage: FoldedDense) -> int:
    """Read ports of the vector, each with a memory of its own."""
    return stage.lanes if stage.counted else stage.lanes * len(stage.elements)


def word_bits(stage: FoldedDense) -> int:
    """Bits of the program's word: ends of rows, weights and positions."""
    places = 0 if stage.counted else VectorShape.of(stage.inputs, stage.banks).place_bits
    weights = sum(stage.lanes * (_weight_bits(e) + places) for e in stage.elements)
    return weights + (0 if stage.counted else stage.sets)


def _magnitudes(element: ProcessingElement) -> list[int]:
    return sorted({abs(weight) for weight in element.weights})


def _weight_bits(element: ProcessingElement) -> int:
    magnitudes = _magnitudes(element)
    shifts = all(value & (value - 1) == 0 for value in magnitudes)
    highest = len(magnitudes) - 1 if shifts else magnitudes[-1]
    return highest.bit_length() + (min(element.weights) < 0)


def _element_luts(stage: FoldedDense, element: ProcessingElement, bits: int, target: Target) -> int:
    """LUTs of one PE: its lanes, their sum, accumulator and its starts. A carry in takes a bit."""
    magnitudes = _magnitudes(element)
    product = max(magnitudes[-1] * ((1 << bits) - 1), 1).bit_length()
    signed = int(min(element.weights) < 0)
    inverted = stage.lanes // 2 if target == "xc7" else stage.lanes  # its adders invert an operand
    lane = _multiply_luts(magnitudes, bits, target) + _delay_luts(stage, element, target)
    tree, terms, width = 0, stage.lanes, product + signed
    while terms > 1:
        tree += terms // 2 * (width + 1 + signed)
        terms, width = -(-terms // 2), width + 1
    held = element.accumulator.bits
    starts = len(set(element.initial))
    choice = rom_luts(target, len(element.initial), held) if starts > 1 else 0
    return stage.lanes * lane + signed * inverted * product + tree + held + signed + choice


def _multiply_luts(magnitudes: list[int], bits: int, target: Target) -> int:
    """LUTs of a product without its sign; zero or the input as it is are its register's reset."""
    largest = magnitudes[-1].bit_length()
    if all(value & (value - 1) == 0 for value in magnitudes):
        return largest + bits if len(magnitudes) > 2 else 1
    gates = bits if target == "xc7" else largest * bits  # bits of the input that a weight lets by
    return gates + (largest - 1) * (bits + 1)


def _delay_luts(stage: FoldedDense, element: ProcessingElement, target: Target) -> int:
    """LUTs as shift registers, which weights and parts of words wait in for their element."""
    if target != "xc7":
        return 0
    part_bits = VectorShape.of(stage.inputs, stage.banks).part_bits
    return _weight_bits(element) + (part_bits if stage.vector_memory == "lut" else 0)


def serial_threshold_luts(stage: SerialThreshold, target: Target) -> int:
    """LUTs of a search before correction: a comparison a level and lane, and tables in LUTs."""
    luts = stage.levels * sum(adder_luts(target, lane.bits) for lane in stage.inputs.lanes)
    return luts + sum(table_luts(target, words) for _, words in _tables(stage, "lut"))


def serial_threshold_brams(stage: SerialThreshold, target: Target) -> int:
    """Count the block RAMs of a search."""
    return sum(block_count(target, len(words), bits) for bits, words in _tables(stage, "block"))


def _tables(stage: SerialThreshold, kind: MemoryKind) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Bits of a word and the words of every table that is held so."""
    for lane in range(len(stage.tables)):
        for level, memory in enumerate(stage.memories):
            if memory == kind:
                yield stage.word_bits(lane), stage.words(lane, level)

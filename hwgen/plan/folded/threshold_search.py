"""Plans thresholds as a binary search: its tables, what holds them, and on how many lanes."""

from __future__ import annotations

from dataclasses import replace

from hwgen.numeric import Range
from hwgen.plan.cost.memory import table_kind
from hwgen.plan.design import Target
from hwgen.plan.folded.matrix import FoldedPlan
from hwgen.plan.folded.program import Register
from hwgen.plan.identifier import identifier, part_name
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.requantize.staircase import lane_thresholds
from hwgen.plan.stages.stage import PADDING, Narrower, SerialThreshold


def threshold_search(
    layer: Layer, planned: FoldedPlan, codes: Range, options: BuildOptions
) -> SerialThreshold:
    """Give the search behind a folded unit, on as many lanes as leave the unit."""
    dense = planned.stage
    limits = dense.outputs.lanes[0].range
    zero = (limits.lo,) * -codes.lo + (limits.hi + 1,) * codes.hi  # what padding gives
    tables = tuple(
        tuple(
            zero if row == PADDING else _moved(layer, planned.registers[row], row, limits)
            for row in dense.rows[lane :: dense.width][:: dense.copies]
        )
        for lane in range(dense.width)
    )
    search = SerialThreshold(
        name=identifier(layer.tail_name),
        inputs=dense.outputs,
        outputs=replace(dense.outputs, lanes=(codes.type,) * len(dense.outputs.lanes)),
        levels=codes.span.bit_length(),
        code_lo=codes.lo,
        tables=tables,
        memories=(),
    )
    return _in_memories(search, options.target, options.bram_price)


def on_lanes(
    search: SerialThreshold, lanes: int, target: Target, luts_per_bram: int
) -> tuple[Narrower, SerialThreshold]:
    """Give the converter to so many lanes, and a search that takes turns on them."""
    inputs, width = search.inputs, len(search.inputs.lanes)
    stream = replace(inputs, lanes=inputs.lanes[:lanes])
    narrow = Narrower(name=part_name(search.name, "narrow"), inputs=inputs, outputs=stream)
    tables = tuple(
        tuple(
            search.tables[first + lane][beat]
            for beat in range(len(search.tables[0]))
            for first in range(0, width, lanes)
        )
        for lane in range(lanes)
    )
    codes = replace(search.outputs, lanes=search.outputs.lanes[:lanes])
    turned = replace(search, inputs=stream, outputs=codes, tables=tables)
    return narrow, _in_memories(turned, target, luts_per_bram)


def _in_memories(search: SerialThreshold, target: Target, luts_per_bram: int) -> SerialThreshold:
    """Choose what holds the thresholds of each level."""
    lanes = range(len(search.tables))
    memories = tuple(
        table_kind(
            target,
            [search.words(lane, level) for lane in lanes],
            max(search.word_bits(lane) for lane in lanes),
            luts_per_bram,
        )
        for level in range(search.levels)
    )
    return replace(search, memories=memories)


def _moved(layer: Layer, register: Register, row: int, limits: Range) -> tuple[int, ...]:
    """Give a row's thresholds, moved to what its register holds."""
    assert layer.thresholds is not None
    return lane_thresholds(layer.thresholds[row], register.unit, register.constant, limits)[0]

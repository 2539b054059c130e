"""Plans thresholds as a binary search: how each is found, what holds them, on how many lanes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hwgen.numeric import Range
from hwgen.plan.cost.memory import constant_kind, table_kind
from hwgen.plan.estimate.stage import layer_cost
from hwgen.plan.folded.matrix import FoldedPlan
from hwgen.plan.folded.program import Register
from hwgen.plan.identifier import identifier, part_name
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.requantize.ramp import Row, ramps_of
from hwgen.plan.requantize.staircase import lane_thresholds
from hwgen.plan.stages.stage import PADDING, Narrower, SerialThreshold, Stage
from hwgen.plan.streams.joints import LOAD_MARGIN

Rows = tuple[tuple[Row, ...], ...]  # of each lane those of its groups of beats


def threshold_search(
    layer: Layer, planned: FoldedPlan, codes: Range, interval: int, options: BuildOptions
) -> tuple[Stage, ...]:
    """Give the cheapest search behind a folded unit that gets a vector every `interval` cycles.

    It has as many lanes as leave the unit, or fewer behind a converter.
    """
    dense = planned.stage
    limits = dense.outputs.lanes[0].range
    zero = (limits.lo,) * -codes.lo + (limits.hi + 1,) * codes.hi  # what padding gives
    rows = tuple(
        tuple(
            Row(thresholds=zero, reached=limits)
            if row == PADDING
            else _row(layer, planned.registers[row], row, limits)
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
        tables=(),
        memories=(),
    )
    ways: list[tuple[Stage, ...]] = [(way,) for way in _ways(search, rows, options)]
    width, beats = dense.width, dense.outputs.beats
    if dense.outputs.pixels == 1:
        for lanes in range(1, width):
            if width % lanes == 0 and beats * (width // lanes) <= interval - LOAD_MARGIN:
                ways += _on_lanes(search, rows, lanes, options)
    target, price = options.target, options.bram_price
    return min(ways, key=lambda stages: layer_cost(stages, target).priced(price))


def _on_lanes(
    search: SerialThreshold, rows: Rows, lanes: int, options: BuildOptions
) -> Iterator[tuple[Stage, ...]]:
    """Give the converter to so many lanes, and searches that take turns on them."""
    inputs, width = search.inputs, len(search.inputs.lanes)
    stream = replace(inputs, lanes=inputs.lanes[:lanes])
    narrow = Narrower(name=part_name(search.name, "narrow"), inputs=inputs, outputs=stream)
    turned = tuple(
        tuple(
            rows[first + lane][beat]
            for beat in range(len(rows[0]))
            for first in range(0, width, lanes)
        )
        for lane in range(lanes)
    )
    codes = replace(search.outputs, lanes=search.outputs.lanes[:lanes])
    narrower = replace(search, inputs=stream, outputs=codes)
    for way in _ways(narrower, turned, options):
        yield narrow, way


def _ways(search: SerialThreshold, rows: Rows, options: BuildOptions) -> Iterator[SerialThreshold]:
    """Give a search with tables, and one that computes its thresholds if they lie on lines.

    Of the two, "diagram" allows the first alone, "multiply" the second where there is one.
    """
    target, price = options.target, options.bram_price
    lanes, ramps = range(len(rows)), None
    if search.levels > 1 and options.requantization != "diagram":
        ramps = ramps_of(rows)
    if ramps is not None:
        computed = replace(search, ramps=ramps)
        tables = [computed.ramp_words(lane) for lane in lanes]
        words, bits = [t.words() for t in tables], max(t.bits + t.step_bits for t in tables)
        yield replace(computed, memories=(constant_kind(target, words, bits, price),))
        if options.requantization == "multiply":
            return
    searched = replace(search, tables=tuple(tuple(r.thresholds for r in own) for own in rows))
    memories = tuple(
        table_kind(
            target,
            [searched.words(lane, level) for lane in lanes],
            max(searched.word_bits(lane) for lane in lanes),
            price,
        )
        for level in range(search.levels)
    )
    yield replace(searched, memories=memories)


def _row(layer: Layer, register: Register, row: int, limits: Range) -> Row:
    """Give a row's thresholds, moved to what its register holds at the end of the row."""
    assert layer.thresholds is not None
    thresholds = layer.thresholds[row]
    moved, _ = lane_thresholds(thresholds, register.unit, register.constant, limits)
    total = layer.totals[row]
    return Row(thresholds=moved, reached=register.stored(total))

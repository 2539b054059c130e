"""Plans a matrix-vector unit that works over many cycles: a static schedule of nonzero weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import BoolArray, IntArray
from hwgen.plan.cost.line_memory import RingMemory, ring_memory
from hwgen.plan.cost.memory import rom_luts
from hwgen.plan.design import Target
from hwgen.plan.folded.distances import with_program
from hwgen.plan.folded.folding import Bits, FoldedOptions, Folding, choose_folding, dense_folding
from hwgen.plan.folded.program import (
    Register,
    RowWork,
    limits_by_slot,
    offset_starts,
    processing_element,
    row_register,
    row_work,
    started,
    union,
)
from hwgen.plan.folded.schedule import Schedule
from hwgen.plan.folded.shares import Reads, spread
from hwgen.plan.folded.weight_parts import largest_part, part_counts
from hwgen.plan.identifier import identifier
from hwgen.plan.layer import Layer
from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.positions import window_stream
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import (
    PADDING,
    FoldedDense,
    Lines,
    PeSet,
    ProcessingElement,
    Stream,
)
from hwgen.plan.windows import lines_of

RELEASED = 4  # cycles from the last read of a row until its slot is filled
SKIPPING_PAYS = 0.9  # share of dense mode's cycles above which positions are not worth a memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedPlan:
    """A folded unit, and the register of each row that it sums."""

    stage: FoldedDense
    registers: dict[int, Register]


def plan_folded(layer: Layer, inputs: Stream, options: FoldedOptions) -> FoldedPlan:
    """Schedule a layer; where dense mode has the smaller product of LUTs and cycles, take that.

    Where zeros are not skipped, the schedule still has only what the operation has weights for.
    Of a layer with windows `inputs` is the whole map.

    Raises
    ------
    PlanError
        Where pe, simd or pixels do not fit the layer.
    """
    _check_fold(layer, options)
    lines = lines_of(layer.window, inputs.image)
    vector = inputs if lines is None else window_stream(inputs, layer.columns)
    units = np.ones(layer.rows, np.int64)
    if layer.tail == "threshold":
        units = np.maximum(np.gcd.reduce(layer.weight, axis=1), 1)
    weight = layer.weight // units[:, None]
    connected = None if options.skip else layer.connected
    kept = weight != 0 if connected is None else connected
    bits = _bits(layer, vector, weight, options.target)
    if lines is not None:
        outputs = Stream(
            lanes=inputs.lanes[:1],
            order=tuple(range(options.pixels)),
            image=layer.positions,
            pixels=options.pixels,
        )
        ring = LineShape(inputs, outputs, lines)
        bits = replace(bits, ring=ring, reads=_few_channels(lines, kept, ring))
    largest = largest_part(weight) if options.skip else None
    dense = dense_folding(options, layer.rows, bits)
    own = _Work(
        layer=layer,
        inputs=inputs,
        vector=vector,
        lines=lines,
        ring=bits.ring,
        reads=bits.reads,
        weight=weight,
        kept=kept,
        largest=largest,
        units=units,
    )
    return _planned(own, options, _best(own, options, bits, dense))


def _best(own: _Work, options: FoldedOptions, bits: Bits, dense: Folding) -> Folding:
    """Give the arrangement that leaves zeros out, or dense mode where it takes less or is asked."""
    every = own.layer.connected is None
    if not options.skip and every:
        return dense
    parts = own.kept if own.largest is None else part_counts(own.weight, own.largest)
    counts = {row: int(count) for row, count in enumerate(parts.sum(axis=1))}
    if not options.skip:
        return choose_folding(options, counts, bits)
    if options.drop_empty:
        counts = {row: count for row, count in counts.items() if count} or {0: 0}
    if own.largest is not None:
        bits = replace(bits, magnitude=own.largest.bit_length())
    sparse = choose_folding(options, counts, bits)
    pays = sparse.schedule.cycles < SKIPPING_PAYS * dense.schedule.cycles
    return sparse if pays and sparse.product < dense.product else dense


def _with_spare(lines: Lines, ring: LineShape, cycles: int) -> Lines:
    """Give a ring one more row where a slot that is free some cycles late would be waited for."""
    late = cycles * ring.columns.groups < ring.row_steps + RELEASED
    return replace(lines, spare=1) if late else lines


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    """What is to be summed: a matrix in units of its rows, over a vector or windows of a map.

    `kept` are its places that have a product, whose weights have parts up to `largest`, or none.
    """

    layer: Layer
    inputs: Stream
    vector: Stream
    lines: Lines | None
    ring: LineShape | None
    reads: Reads | None
    weight: IntArray
    kept: BoolArray
    largest: int | None
    units: IntArray


def _check_fold(layer: Layer, options: FoldedOptions) -> None:
    for name, value, limit, meaning in (
        ("pe", options.pe, layer.rows, "rows"),
        ("simd", options.simd, layer.columns, "columns"),
    ):
        if not 1 <= value <= limit:
            raise PlanError(
                f"{layer.name}: {name} must be 1 to the layer's {limit} {meaning}, not {value}; "
                "choose another"
            )
    if options.pixels < 1 or layer.positions[1] % options.pixels:
        raise PlanError(
            f"{layer.name}: pixels must divide the {layer.positions[1]} windows of a row, not be "
            f"{options.pixels}; choose another"
        )


def _bits(layer: Layer, inputs: Stream, weight: IntArray, target: Target) -> Bits:
    accumulator = max(total.span.bit_length() for total in layer.totals)
    levels = 0 if layer.thresholds is None else layer.thresholds.shape[1].bit_length()
    table = 0 if layer.thresholds is None else rom_luts(target, layer.thresholds.size, accumulator)
    return Bits(
        magnitude=max(int(np.abs(weight).max(initial=0)).bit_length(), 1),
        accumulator=accumulator,
        vector=inputs,
        lane_luts=max(levels, 1) * (accumulator + 4),
        table_luts=table,
    )


def _planned(own: _Work, options: FoldedOptions, folding: Folding) -> FoldedPlan:
    """Fill the PEs of an arrangement with their programs."""
    layer, vector = own.layer, own.vector
    in_order = not options.skip or own.lines is not None
    every = folding.counted or (folding.natural and in_order)
    places = np.arange(len(vector.order))
    if own.ring is not None:
        places = own.ring.places(places)
    largest = None if folding.natural else own.largest
    work = row_work(own.weight, vector, places, counted=every, kept=own.kept, largest=largest)
    limits, schedule = limits_by_slot(layer, vector), folding.schedule
    bare = {
        row: row_register(work[row], limits, shape.lanes, int(own.units[row]), int(layer.bias[row]))
        for shape, groups in zip(schedule.shapes, schedule.sets, strict=True)
        for group in groups
        for row in group.rows
        if row != PADDING
    }
    dealt = [
        [group.rows if folding.natural else _widest_first(group.rows, bare) for group in part]
        for part in schedule.sets
    ]
    whole = _programmed(own, options, folding, dealt, work, bare)
    if own.reads is None or own.ring is None or folding.natural or len(whole.stage.elements) == 1:
        return whole
    needed = {row: max(-(-len(work[row].slots) // schedule.shapes[0].lanes), 1) for row in bare}
    steps = [[group.steps for group in part] for part in schedule.sets]
    dealt = spread(dealt, steps, needed, own.reads, own.ring)
    parts = _split(_programmed(own, options, folding, dealt, work, bare), options)
    return min((whole, parts), key=lambda plan: _ring_luts(plan.stage, options))


def _few_channels(lines: Lines, kept: BoolArray, ring: LineShape) -> Reads | None:
    """Give the channels that each row reads, None where some row reads many of them."""
    lanes = np.array([tap.lane for tap in lines.taps])
    reads = {r: frozenset(lanes[row].tolist()) for r, row in enumerate(kept)}
    return reads if 2 * max(map(len, reads.values())) <= len(ring.channels) else None


def _split(plan: FoldedPlan, options: FoldedOptions) -> FoldedPlan:
    """Let each copy of the ring store only what its reader reads."""
    assert plan.stage.lines is not None
    stage = replace(plan.stage, lines=replace(plan.stage.lines, split=True))
    kind = _ring_memory(stage).kind(options.target, options.luts_per_bram)
    stage = replace(stage, vector_memory=kind, distances=False)
    return replace(plan, stage=with_program(stage, options.target, options.luts_per_bram))


def _ring_memory(stage: FoldedDense) -> RingMemory:
    ring = ring_of(stage)
    assert ring is not None
    return ring_memory(ring, len(program_memory(stage).readers))


def _ring_luts(stage: FoldedDense, options: FoldedOptions) -> int:
    """LUTs of a ring, block RAMs at their price."""
    ring = _ring_memory(stage)
    return ring.priced(options.target, stage.vector_memory, options.luts_per_bram)


def _programmed(
    own: _Work,
    options: FoldedOptions,
    folding: Folding,
    dealt: list[list[tuple[int, ...]]],
    work: list[RowWork],
    bare: dict[int, Register],
) -> FoldedPlan:
    """Give the programs of PEs to which rows are dealt."""
    layer, schedule = own.layer, folding.schedule
    elements: list[ProcessingElement] = []
    registers: dict[int, Register] = {}
    for part, ends, shape in zip(dealt, schedule.ends, schedule.shapes, strict=True):
        for members in zip(*part, strict=True):
            starts = _starts(layer, {row: bare[row] for row in members if row != PADDING}, options)
            registers |= starts
            element = processing_element(
                members,
                work,
                starts,
                ends=ends,
                cycles=schedule.cycles,
                lanes=shape.lanes,
                minimum_bits=options.minimum_bits,
                common=layer.tail != "output" or not folding.natural,
            )
            elements.append(element)
    stage = _stage(own, options, folding, tuple(elements), _order(dealt, schedule))
    return FoldedPlan(stage=stage, registers=registers)


def _order(dealt: list[list[tuple[int, ...]]], schedule: Schedule) -> tuple[int, ...]:
    """Give the rows as they leave, beat after beat."""
    copies = schedule.shapes[0].copies
    following = [iter(part) for part in dealt for _ in range(copies)]
    order = []
    for together in schedule.turns:
        beat = [PADDING] * schedule.width
        for copy in together:
            first = schedule.shapes[copy // copies].first
            rows = next(following[copy])
            beat[first : first + len(rows)] = rows
        order += beat
    return tuple(order)


def _stage(
    own: _Work,
    options: FoldedOptions,
    folding: Folding,
    elements: tuple[ProcessingElement, ...],
    rows: tuple[int, ...],
) -> FoldedDense:
    lane = union([element.accumulator for element in elements]).type
    schedule = folding.schedule
    pixels, beside = (1, 1) if own.lines is None else (options.pixels, folding.beside)
    copies = schedule.shapes[0].copies
    order = tuple(
        row if row == PADDING else row * pixels + beat % copies * beside + neighbour
        for beat in range(len(schedule.turns))
        for neighbour in range(beside)
        for row in rows[beat * schedule.width : (beat + 1) * schedule.width]
    )
    lines = own.lines
    if lines is not None and own.ring is not None:
        lines = _with_spare(lines, own.ring, schedule.cycles)
    stage = FoldedDense(
        name=identifier(own.layer.name),
        inputs=own.inputs,
        outputs=Stream(
            lanes=(lane,) * schedule.width * beside,
            order=order,
            image=own.layer.positions,
            pixels=pixels,
            beside=beside,
        ),
        pe=options.pe,
        simd=options.simd,
        pe_sets=tuple(
            PeSet(first=shape.first, size=shape.width, lanes=shape.lanes, ends=ends)
            for shape, ends in zip(schedule.shapes, schedule.ends, strict=True)
        ),
        elements=elements,
        turns=schedule.turns,
        cycles=schedule.cycles,
        counted=folding.counted,
        banks=schedule.shapes[0].lanes if folding.counted else 1,
        program_memory="block",  # until it is known what it holds
        vector_memory=folding.vector_memory,
        rows=rows,
        nonzero=own.layer.nonzero,
        lines=lines,
    )
    return with_program(stage, options.target, options.luts_per_bram)


def _widest_first(rows: tuple[int, ...], registers: dict[int, Register]) -> tuple[int, ...]:
    """Put the row with the widest register first, so that wide rows share PEs."""
    return tuple(sorted(rows, key=lambda row: -registers[row].held.span if row != PADDING else 1))


def _starts(layer: Layer, own: dict[int, Register], options: FoldedOptions) -> dict[int, Register]:
    """Give the registers of a PE's rows their starts."""
    if layer.tail == "threshold":
        return offset_starts(own) if options.accumulator == "offset" else own
    align = -min(total.lo for total in layer.totals) if layer.tail == "argmax" else 0
    return {
        row: replace(started(item, int(layer.bias[row]) + align), unit=1)
        for row, item in own.items()
    }

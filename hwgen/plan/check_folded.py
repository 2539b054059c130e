"""Shows that a folded schedule, perhaps edited, is its layer's matrix and cannot overflow."""

from __future__ import annotations

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import IntArray, Range
from hwgen.plan.execute import run_stage
from hwgen.plan.lane_form import LaneForm, check_row
from hwgen.plan.layers import Layer
from hwgen.plan.stages import PADDING, FoldedDense


def check_folded(stage: FoldedDense, layer: Layer, where: str) -> tuple[LaneForm, ...]:
    """Give what the accumulators hold of each row's sum.

    Raises
    ------
    PlanError
        Where a row is not the layer's, or a value does not fit its register.
    """
    _check_shape(stage, layer, where)
    slots = len(stage.inputs.order)
    probes = np.vstack([np.zeros((1, slots), np.int64), np.eye(slots, dtype=np.int64)])
    sums = run_stage(stage, probes)
    columns = np.array(stage.inputs.order)
    forms = {}
    for place, row in enumerate(stage.rows):
        if row == PADDING:
            continue
        initial = int(sums[0, place])
        weights = np.zeros(layer.columns, np.int64)
        weights[columns[columns != PADDING]] = sums[1:, place][columns != PADDING] - initial
        unit = _unit(weights, layer.weight[row])
        check_row(layer, row, unit * weights, f"{where}.elements[{place % stage.pe}]")
        total = layer.totals[row]
        constant = int(layer.bias[row]) - unit * initial
        ends = sorted(((total.lo - constant) // unit, (total.hi - constant) // unit))
        forms[row] = LaneForm(
            unit=unit, constant=constant, reached=Range(ends[0], ends[1]), wrap_bits=0
        )
    _check_registers(stage, layer, where)
    return tuple(forms[row] for row in range(layer.rows))


def _check_shape(stage: FoldedDense, layer: Layer, where: str) -> None:
    """Refuse lists of wrong length and places that do not exist."""
    groups, products = stage.groups, stage.cycles * stage.simd
    if not stage.last or not stage.last[-1]:
        raise PlanError(f"{where}.last: must end with true, the last step of the last rows")
    if sorted(row for row in stage.rows if row != PADDING) != list(range(layer.rows)) or (
        len(stage.rows) != groups * stage.pe or stage.outputs.order != stage.rows
    ):
        raise PlanError(
            f"{where}.rows: must hold each of the {layer.rows} rows once in {groups} groups of "
            f"{stage.pe}, -1 elsewhere, and be outputs.order too"
        )
    for index, element in enumerate(stage.elements):
        place = f"{where}.elements[{index}]"
        for name, items, length in (
            ("weights", element.weights, products),
            ("slots", element.slots, products),
            ("initial", element.initial, groups),
        ):
            if len(items) != length:
                raise PlanError(f"{place}.{name}: must have {length} items, not {len(items)}")
        if not all(0 <= slot < len(stage.inputs.order) for slot in element.slots):
            raise PlanError(f"{place}.slots: must lie in 0 to {len(stage.inputs.order) - 1}")


def _unit(weights: IntArray, row: IntArray) -> int:
    """By what the schedule's weights were divided."""
    used = np.flatnonzero(weights)
    if not len(used) or int(row[used[0]]) % int(weights[used[0]]):
        return 1
    return int(row[used[0]]) // int(weights[used[0]]) or 1


def _check_registers(stage: FoldedDense, layer: Layer, where: str) -> None:
    """Follow the exact range of every register, step by step."""
    limits = [layer.inputs[e] if e != PADDING else Range(0, 0) for e in stage.inputs.order]
    ends = np.array([(r.lo, r.hi) for r in limits], np.int64)
    starts = np.flatnonzero([True, *stage.last[:-1]])
    for index, element in enumerate(stage.elements):
        place = f"{where}.elements[{index}]"
        products, held = _reached(stage, index, ends, starts)
        for name, reached, given in (
            ("products", products, element.products),
            ("accumulator", held, element.accumulator),
        ):
            if reached.lo < given.lo or reached.hi > given.hi:
                raise PlanError(
                    f"{place}.{name}: must hold [{reached.lo}, {reached.hi}], which its weights "
                    f"reach, not [{given.lo}, {given.hi}]; widen it"
                )
        lane = stage.outputs.lanes[index].range
        if element.accumulator.lo < lane.lo or element.accumulator.hi > lane.hi:
            raise PlanError(
                f"{where}.outputs.lanes[{index}]: must hold the accumulator's range "
                f"[{element.accumulator.lo}, {element.accumulator.hi}]; widen it"
            )


def _reached(
    stage: FoldedDense, index: int, ends: IntArray, starts: IntArray
) -> tuple[Range, Range]:
    """Exact ranges of a step's products, and of what the register holds for any row."""
    element = stage.elements[index]
    terms = ends[np.array(element.slots)] * np.array(element.weights)[:, None]
    steps = np.stack([terms.min(axis=1), terms.max(axis=1)], axis=1)
    steps = steps.reshape(stage.cycles, stage.simd, 2).sum(axis=1)
    bounds = [element.accumulator.hi, element.accumulator.lo]
    used = [g for g, row in enumerate(stage.rows[index :: stage.pe]) if row != PADDING]
    for group in used:
        stop = starts[group + 1] if group + 1 < len(starts) else stage.cycles
        sums = np.cumsum(steps[starts[group] : stop], axis=0) + element.initial[group]
        bounds[0] = min(bounds[0], int(sums[:, 0].min()), element.initial[group])
        bounds[1] = max(bounds[1], int(sums[:, 1].max()), element.initial[group])
    held = Range(*bounds) if used else element.accumulator
    return Range(min(int(steps[:, 0].min()), 0), max(int(steps[:, 1].max()), 0)), held

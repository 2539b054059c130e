"""Shows that a folded schedule, perhaps edited, is its layer's matrix and cannot overflow."""

from __future__ import annotations

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import IntArray, Range
from hwgen.plan.check.lane_form import LaneForm, check_row
from hwgen.plan.execute import run_stage
from hwgen.plan.layer import Layer
from hwgen.plan.stages.stage import PADDING, FoldedDense


def check_folded(
    stage: FoldedDense, layer: Layer, where: str, *, may_drop: bool
) -> dict[int, LaneForm]:
    """Give what the accumulators hold of each row's sum.

    `may_drop` says whether rows without weights may stay away.

    Raises
    ------
    PlanError
        Where a row is not the layer's, a value does not fit its register, or a result is lost.
    """
    _check_sets(stage, where)
    _check_rows(stage, layer, where, may_drop=may_drop)
    _check_elements(stage, where)
    check_ends(stage, where)
    slots = len(stage.inputs.order)
    probes = np.vstack([np.zeros((1, slots), np.int64), np.eye(slots, dtype=np.int64)])
    sums = run_stage(stage, probes)
    columns, sources = np.array(stage.inputs.order), stage.sources
    forms = {}
    for place, row in enumerate(stage.rows):
        if row == PADDING:
            continue
        initial = int(sums[0, place])
        weights = np.zeros(layer.columns, np.int64)
        weights[columns[columns != PADDING]] = sums[1:, place][columns != PADDING] - initial
        unit = _unit(weights, layer.weight[row])
        element, _ = sources[place]
        check_row(layer, row, unit * weights, f"{where}.elements[{element}]")
        total = layer.totals[row]
        constant = int(layer.bias[row]) - unit * initial
        ends = sorted(((total.lo - constant) // unit, (total.hi - constant) // unit))
        forms[row] = LaneForm(
            unit=unit, constant=constant, reached=Range(ends[0], ends[1]), wrap_bits=0
        )
    _check_registers(stage, layer, where)
    return forms


def _check_sets(stage: FoldedDense, where: str) -> None:
    """Refuse sets and beats that do not fit one another."""
    check_turns(stage, where)
    for index, part in enumerate(stage.pe_sets):
        fits = 0 <= part.first <= stage.width - part.size
        if min(part.size, part.lanes, len(part.ends)) < 1 or not fits:
            raise PlanError(
                f"{where}.pe_sets[{index}]: must have a PE, a lane and a row, and feed some of the "
                f"{stage.width} lanes of the output"
            )
    for beat, together in enumerate(stage.turns):
        lanes = [lane for index in together for lane in stage.pe_sets[index].fed]
        if not lanes or len(set(lanes)) < len(lanes):
            raise PlanError(
                f"{where}.turns[{beat}]: must name some of the {stage.sets} sets, and such as feed "
                "unlike lanes"
            )
    if stage.counted and stage.distances:
        raise PlanError(f"{where}.distances: must be false where counted is true")
    if stage.counted and [part.lanes for part in stage.pe_sets] != [stage.banks]:
        raise PlanError(
            f"{where}.pe_sets: must be one set of PEs of {stage.banks} lanes where counted is true"
        )


def check_turns(stage: FoldedDense, where: str) -> None:
    """Refuse sets that there are not, and other numbers of beats than of ends of rows.

    Raises
    ------
    PlanError
        With the place that is wrong, and what must hold there.
    """
    if not stage.sets:
        raise PlanError(f"{where}.pe_sets: must hold a set of PEs; undo the edit")
    for beat, together in enumerate(stage.turns):
        if not set(together) <= set(range(stage.sets)):
            raise PlanError(
                f"{where}.turns[{beat}]: must name some of the {stage.sets} sets, and such as feed "
                "unlike lanes"
            )
    for index, ends in enumerate(stage.ends):
        count = sum(index in together for together in stage.turns)
        if count != len(ends):
            raise PlanError(
                f"{where}.turns: must hold set {index} once for each of the {len(ends)} ends of "
                f"its rows, not {count} times"
            )


def _check_rows(stage: FoldedDense, layer: Layer, where: str, *, may_drop: bool) -> None:
    rows = sorted(row for row in stage.rows if row != PADDING)
    idle = {row for row in range(layer.rows) if may_drop and not layer.weight[row].any()}
    fed = stage.sources
    fits = len(stage.rows) == stage.groups * stage.width
    fits = fits and all(row == PADDING or slot in fed for slot, row in enumerate(stage.rows))
    if len(set(rows)) < len(rows) or set(range(layer.rows)) - idle - set(rows) or not fits:
        raise PlanError(
            f"{where}.rows: must hold each of the {layer.rows} rows of {layer.name} once in "
            f"{stage.groups} beats of {stage.width} lanes where a set feeds one, and -1 elsewhere"
        )
    if stage.outputs.order != stage.rows:
        raise PlanError(f"{where}.outputs.order: must be as rows")


def _check_elements(stage: FoldedDense, where: str) -> None:
    """Refuse lists of wrong length and places that do not exist."""
    if len(stage.elements) != len(stage.owners):
        raise PlanError(f"{where}.elements: must be the {len(stage.owners)} of all sets")
    for index, (element, owner) in enumerate(zip(stage.elements, stage.owners, strict=True)):
        place, part = f"{where}.elements[{index}]", stage.pe_sets[owner]
        products = stage.cycles * part.lanes
        for name, items, length in (
            ("weights", element.weights, products),
            ("slots", element.slots, products),
            ("initial", element.initial, len(part.ends)),
        ):
            if len(items) != length:
                raise PlanError(f"{place}.{name}: must have {length} items, not {len(items)}")
        slots, weights = np.array(element.slots), np.array(element.weights)
        if not ((slots >= 0) & (slots < len(stage.inputs.order))).all():
            raise PlanError(f"{place}.slots: must lie in 0 to {len(stage.inputs.order) - 1}")
        counted = np.arange(products) % max(products // stage.groups, 1)
        if stage.counted and (slots != counted)[weights != 0].any():
            raise PlanError(f"{place}.slots: must come in order where counted is true")
        if weights[(part.ends[-1] + 1) * part.lanes :].any():
            raise PlanError(f"{place}.weights: must be 0 behind the end of the last row")


def check_ends(stage: FoldedDense, where: str) -> None:
    """Rows must end in order, and no result before the one of its set has left in its turn."""
    for index, ends in enumerate(stage.ends):
        if (
            not ends
            or list(ends) != sorted(set(ends))
            or not 0 <= ends[0] <= ends[-1] < (stage.cycles)
        ):
            raise PlanError(
                f"{where}.pe_sets[{index}].ends: must ascend within the {stage.cycles} cycles of a "
                "vector"
            )
    leaves, left = 0, [0] * stage.sets
    for start in (0, stage.cycles):
        following = [0] * stage.sets
        for together in stage.turns:
            for index in together:
                k = following[index]
                following[index] += 1
                end = start + stage.ends[index][k] + 1
                if stage.sets > 1 and end < left[index]:
                    raise PlanError(
                        f"{where}.pe_sets[{index}].ends[{k}]: must be {left[index] - end} cycles "
                        "later: the result before it has not left yet"
                    )
                leaves = max(leaves, end)
            leaves += 1
            for index in together:
                left[index] = leaves


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
    rows: list[list[int]] = [[] for _ in stage.elements]
    for slot, (index, _) in stage.sources.items():
        rows[index].append(stage.rows[slot])
    for index, element in enumerate(stage.elements):
        place = f"{where}.elements[{index}]"
        products, held = _reached(stage, index, rows[index], ends)
        for name, reached, given in (
            ("products", products, element.products),
            ("accumulator", held, element.accumulator),
        ):
            if reached.lo < given.lo or reached.hi > given.hi:
                raise PlanError(
                    f"{place}.{name}: must hold [{reached.lo}, {reached.hi}], which its weights "
                    f"reach, not [{given.lo}, {given.hi}]; widen it"
                )
        owner = stage.owners[index]
        fed = stage.pe_sets[owner].first + index - stage.owners.index(owner)
        lane = stage.outputs.lanes[fed].range
        if element.accumulator.lo < lane.lo or element.accumulator.hi > lane.hi:
            raise PlanError(
                f"{where}.outputs.lanes[{fed}]: must hold the accumulator's range "
                f"[{element.accumulator.lo}, {element.accumulator.hi}]; widen it"
            )


def _reached(
    stage: FoldedDense, index: int, rows: list[int], ends: IntArray
) -> tuple[Range, Range]:
    """Exact ranges of a step's products, and of what the register holds for any row."""
    element, part = stage.elements[index], stage.pe_sets[stage.owners[index]]
    terms = ends[np.array(element.slots)] * np.array(element.weights)[:, None]
    steps = np.stack([terms.min(axis=1), terms.max(axis=1)], axis=1)
    steps = steps.reshape(stage.cycles, part.lanes, 2).sum(axis=1)
    low, high = [], []
    begin = 0
    for row, end, initial in zip(rows, part.ends, element.initial, strict=True):
        if row != PADDING:
            sums = np.cumsum(steps[begin : end + 1], axis=0) + initial
            low.append(min(int(sums[:, 0].min()), initial))
            high.append(max(int(sums[:, 1].max()), initial))
        begin = end + 1
    held = Range(min(low), max(high)) if low else element.accumulator
    return Range(min(int(steps[:, 0].min()), 0), max(int(steps[:, 1].max()), 0)), held

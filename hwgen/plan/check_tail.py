"""Shows that what follows a matrix, perhaps edited, gives the layer's codes or its argmax."""

from __future__ import annotations

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import IntArray, Range
from hwgen.plan.lane_form import LaneForm
from hwgen.plan.layers import Layer
from hwgen.plan.stages import (
    PADDING,
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
)

Staircase = tuple[tuple[int, ...], tuple[int, ...]]  # ascending thresholds, and the codes


def check_tail(tail: Stage | None, layer: Layer, forms: dict[int, LaneForm], where: str) -> None:
    """Compare the end of a layer with the network's.

    Raises
    ------
    PlanError
        Where a code differs for a sum that can occur, or sums are not comparable.
    """
    match tail:
        case ParallelThreshold() | SerialThreshold():
            staircases = _staircases(tail, where)
            if set(staircases) != set(forms):
                raise PlanError(f"{where}: must have a staircase for each of {len(forms)} rows")
            codes = tail.outputs.lanes
            for row, (lane, staircase, place) in staircases.items():
                _check_staircase(layer, row, forms[row], staircase, place)
                kind = codes[lane]
                if not all(kind.lo <= code <= kind.hi for code in staircase[1]):
                    raise PlanError(f"{where}.outputs.lanes[{lane}]: must hold every code")
        case ParallelArgmax() | SerialArgmax():
            if {form.unit for form in forms.values()} != {1} or (
                len({form.constant for form in forms.values()}) > 1
            ):
                raise PlanError(f"{where}: sums must have one unit and one start to be compared")
        case _:
            for row, form in forms.items():
                if (form.unit, form.constant, form.wrap_bits) != (1, 0, 0):
                    raise PlanError(f"{where}: lane {row} must carry the sum itself")


def _staircases(
    tail: ParallelThreshold | SerialThreshold, where: str
) -> dict[int, tuple[int, Staircase, str]]:
    """Give lane, staircase and place of each row."""
    found = {}
    width = len(tail.inputs.lanes)
    for slot, row in enumerate(tail.inputs.order):
        beat, lane = divmod(slot, width)
        try:
            if isinstance(tail, ParallelThreshold):
                place = f"{where}.channels[{lane}]"
                staircase = (tail.channels[lane].thresholds, tail.channels[lane].codes)
            else:
                place = f"{where}.tables[{lane}][{beat}]"
                count = (1 << tail.levels) - 1
                codes = tuple(range(tail.code_lo, tail.code_lo + count + 1))
                staircase = (tail.tables[lane][beat], codes)
        except IndexError:
            raise PlanError(
                f"{where}: must have thresholds for every lane and beat of its input"
            ) from None
        if len(staircase[1]) != len(staircase[0]) + 1 or list(staircase[0]) != sorted(staircase[0]):
            raise PlanError(
                f"{place}: must have ascending thresholds, {len(staircase[1]) - 1} of them"
            )
        if row != PADDING:
            found[row] = (lane, staircase, place)
    return found


def _check_staircase(
    layer: Layer, row: int, form: LaneForm, staircase: Staircase, where: str
) -> None:
    """Compare codes on both sides of every place where either of them changes."""
    assert layer.thresholds is not None
    values = _turning_points(form, staircase[0], layer.thresholds[row])
    sums = form.unit * values + form.constant
    wanted = np.searchsorted(layer.thresholds[row], sums, side="right") + layer.code_lo
    lanes = values & ((1 << form.wrap_bits) - 1) if form.wrap_bits else values
    given = np.array(staircase[1])[np.searchsorted(staircase[0], lanes, side="right")]
    wrong = np.flatnonzero(given != wanted)
    if len(wrong):
        first = int(wrong[0])
        raise PlanError(
            f"{where}: row {row} of {layer.name} must have code {wanted[first]} for a sum of "
            f"{sums[first]}, not {given[first]}; undo the edit"
        )


def _turning_points(form: LaneForm, planned: tuple[int, ...], thresholds: IntArray) -> IntArray:
    """Give the values of a lane, not wrapped, at and beside which a code may change."""
    reached, size = form.reached, 1 << form.wrap_bits
    turns = {reached.lo, reached.hi + 1}
    turns |= {-(-(int(t) - form.constant) // form.unit) for t in thresholds}
    for base in range(reached.lo // size * size, reached.hi + 1, size) if size > 1 else (0,):
        turns |= {base, *(base + threshold for threshold in planned)}
    near = {turn + step for turn in turns for step in (-1, 0, 1)}
    limits = Range(reached.lo, reached.hi)
    return np.array(sorted(v for v in near if limits.lo <= v <= limits.hi), np.int64)

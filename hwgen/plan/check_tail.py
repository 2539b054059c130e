"""Shows that what follows a matrix, perhaps edited, gives the layer's codes or its argmax."""

from __future__ import annotations

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.lane_form import LaneForm
from hwgen.plan.layers import Layer
from hwgen.plan.requantizers import Requantizer, Rescale, Steps, codes_of
from hwgen.plan.stages import (
    PADDING,
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
)


def check_tail(tail: Stage | None, layer: Layer, forms: dict[int, LaneForm], where: str) -> None:
    """Compare the end of a layer with the network's.

    Raises
    ------
    PlanError
        Where a code differs for a sum that can occur, or sums are not comparable.
    """
    match tail:
        case ParallelThreshold() | SerialThreshold():
            if isinstance(tail, SerialThreshold) and len(tail.memories) != tail.levels:
                raise PlanError(
                    f"{where}.memories: must name what holds each of {tail.levels} levels, not "
                    f"of {len(tail.memories)}"
                )
            channels = _channels(tail, where)
            if set(channels) != set(forms):
                raise PlanError(f"{where}: must have a staircase for each of {len(forms)} rows")
            for row, (lane, channel, place) in channels.items():
                _check_codes(layer, row, forms[row], tail.inputs.lanes[lane], channel, place)
                kind = tail.outputs.lanes[lane]
                if not all(kind.lo <= code <= kind.hi for code in _steps(channel).codes):
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


def _channels(
    tail: ParallelThreshold | SerialThreshold, where: str
) -> dict[int, tuple[int, Requantizer, str]]:
    """Give lane, requantizer and place of each row."""
    found: dict[int, tuple[int, Requantizer, str]] = {}
    width = len(tail.inputs.lanes)
    for slot, row in enumerate(tail.inputs.order):
        beat, lane = divmod(slot, width)
        channel: Requantizer
        try:
            if isinstance(tail, ParallelThreshold):
                place = f"{where}.channels[{lane}]"
                channel = tail.channels[lane]
            else:
                place = f"{where}.tables[{lane}][{beat}]"
                count = (1 << tail.levels) - 1
                codes = tuple(range(tail.code_lo, tail.code_lo + count + 1))
                channel = Steps(thresholds=tail.tables[lane][beat], codes=codes)
        except IndexError:
            raise PlanError(
                f"{where}: must have thresholds for every lane and beat of its input"
            ) from None
        steps = _steps(channel)
        places = list(steps.thresholds)
        if len(steps.codes) != len(places) + 1 or places != sorted(places):
            raise PlanError(
                f"{place}: must have ascending thresholds, {len(steps.codes) - 1} of them"
            )
        if row != PADDING:
            found[row] = (lane, channel, place)
    return found


def _steps(channel: Requantizer) -> Steps:
    """Give the staircase of a requantizer, behind its product where it has one."""
    return channel.steps if isinstance(channel, Rescale) else channel


def _check_codes(
    layer: Layer, row: int, form: LaneForm, lane: IntType, channel: Requantizer, where: str
) -> None:
    """Compare codes on both sides of every place where either changes; everywhere of a product."""
    assert layer.thresholds is not None
    if isinstance(channel, Rescale):
        values = np.arange(form.reached.lo, form.reached.hi + 1, dtype=np.int64)
    else:
        values = _turning_points(form, channel.thresholds, layer.thresholds[row])
    sums = form.unit * values + form.constant
    wanted = np.searchsorted(layer.thresholds[row], sums, side="right") + layer.code_lo
    lanes = values & ((1 << form.wrap_bits) - 1) if form.wrap_bits else values
    given = codes_of(channel, lane, lanes)
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

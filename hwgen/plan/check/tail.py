"""Shows that what follows a matrix, perhaps edited, gives the layer's codes or its argmax."""

from __future__ import annotations

from bisect import bisect_right

from hwgen.errors import PlanError
from hwgen.numeric import IntType
from hwgen.plan.check.lane_form import LaneForm
from hwgen.plan.layer import Layer
from hwgen.plan.requantize.staircase import steps
from hwgen.plan.requantize.steps_over import steps_over
from hwgen.plan.stages.requantizers import Requantizer, Rescale, Steps
from hwgen.plan.stages.stage import (
    PADDING,
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
)

EVERY_LANE = "must have thresholds for every lane and beat of its input"


def check_tail(tail: Stage | None, layer: Layer, forms: dict[int, LaneForm], where: str) -> None:
    """Compare the end of a layer with the network's.

    Raises
    ------
    PlanError
        Where a code differs for a sum that can occur, or sums are not comparable.
    """
    match tail:
        case ParallelThreshold() | SerialThreshold():
            if isinstance(tail, SerialThreshold):
                _check_memories(tail, where)
            channels = _channels(tail, where)
            if set(channels) != set(forms):
                raise PlanError(f"{where}: must have a staircase for each of {len(forms)} rows")
            for row, (lane, channel, place) in channels.items():
                _check_codes(layer, row, forms[row], tail.inputs.lanes[lane], channel, place)
                kind = tail.outputs.lanes[lane]
                if not all(kind.lo <= code <= kind.hi for code in _steps(channel).codes):
                    raise PlanError(f"{where}.outputs.lanes[{lane}]: must hold every code")
        case ParallelArgmax() | SerialArgmax():
            _check_argmax(tail, layer, forms, where)
        case _:
            for row, form in forms.items():
                if (form.unit, form.constant, form.wrap_bits) != (1, 0, 0):
                    raise PlanError(f"{where}: lane {row} must carry the sum itself")


def _check_memories(tail: SerialThreshold, where: str) -> None:
    if tail.ramps is not None and (tail.tables or tail.levels < 2):
        raise PlanError(f"{where}.ramps: must stand for the tables of two levels or more; undo it")
    wanted, held = tail.levels, f"each of {tail.levels} levels"
    if tail.ramps is not None:
        wanted, held = 1, f"the {sum(map(len, tail.ramps.rows))} ramps"
    if len(tail.memories) != wanted:
        raise PlanError(
            f"{where}.memories: must name what holds {held}, not of {len(tail.memories)}"
        )


def _check_argmax(
    tail: ParallelArgmax | SerialArgmax, layer: Layer, forms: dict[int, LaneForm], where: str
) -> None:
    units, starts = ({getattr(f, name) for f in forms.values()} for name in ("unit", "constant"))
    if units != {1} or len(starts) > 1:
        raise PlanError(f"{where}: sums must have one unit and one start to be compared")
    if tail.labels != layer.labels:
        raise PlanError(f"{where}.labels: must be those of {layer.tail_name}; undo the edit")


def _channels(
    tail: ParallelThreshold | SerialThreshold, where: str
) -> dict[int, tuple[int, Requantizer, str]]:
    """Give lane, requantizer and place of each row."""
    found: dict[int, tuple[int, Requantizer, str]] = {}
    width = len(tail.inputs.lanes)
    searched = _searched(tail, where) if isinstance(tail, SerialThreshold) else ()
    for slot, row in enumerate(tail.inputs.order):
        beat, lane = divmod(slot, width)
        channel: Requantizer
        try:
            if isinstance(tail, ParallelThreshold):
                place = f"{where}.channels[{lane}]"
                channel = tail.channels[lane]
            else:
                kind = "tables" if tail.ramps is None else "ramps.rows"
                place = f"{where}.{kind}[{lane}][{beat}]"
                count = (1 << tail.levels) - 1
                codes = tuple(range(tail.code_lo, tail.code_lo + count + 1))
                channel = Steps(thresholds=searched[lane][beat], codes=codes)
        except IndexError:
            raise PlanError(f"{where}: {EVERY_LANE}") from None
        steps = _steps(channel)
        places = list(steps.thresholds)
        if len(steps.codes) != len(places) + 1 or places != sorted(places):
            raise PlanError(
                f"{place}: must have ascending thresholds, {len(steps.codes) - 1} of them"
            )
        if row != PADDING:
            found[row] = (lane, channel, place)
    return found


def _searched(tail: SerialThreshold, where: str) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Give the thresholds of each lane and beat."""
    found, width = tail.staircases(), len(tail.inputs.lanes)
    if [len(rows) for rows in found] != [len(tail.inputs.order) // width] * width:
        raise PlanError(f"{where}: {EVERY_LANE}, and no others")
    for lane, ramps in enumerate(() if tail.ramps is None else tail.ramps.rows):
        for beat, ramp in enumerate(ramps):
            if ramp.step < 0:
                raise PlanError(
                    f"{where}.ramps.rows[{lane}][{beat}]: must have ascending thresholds, so its "
                    f"step must not be {ramp.step}"
                )
    return found


def _steps(channel: Requantizer) -> Steps:
    """Give the staircase of a requantizer, behind its product where it has one."""
    return channel.steps if isinstance(channel, Rescale) else channel


def _check_codes(
    layer: Layer, row: int, form: LaneForm, lane: IntType, channel: Requantizer, where: str
) -> None:
    """Compare two staircases over all values of a sum."""
    assert layer.thresholds is not None
    wanted = steps(layer.thresholds[row], form.unit, form.constant, form.reached, layer.code_lo)
    given = steps_over(channel, lane, form.reached, form.wrap_bits)
    if given is None:
        raise PlanError(
            f"{where}: row {row} of {layer.name} must multiply without dropping bits to be "
            f"comparable over {form.reached.span + 1} sums; undo the edit"
        )
    if given != wanted:
        value = _first_difference(given, wanted, form.reached.lo)
        codes = (found.codes[bisect_right(found.thresholds, value)] for found in (wanted, given))
        raise PlanError(
            f"{where}: row {row} of {layer.name} must have code {next(codes)} for a sum of "
            f"{form.unit * value + form.constant}, not {next(codes)}; undo the edit"
        )


def _first_difference(given: Steps, wanted: Steps, lowest: int) -> int:
    """Give the least value with different codes."""
    a = dict(zip((lowest, *given.thresholds), given.codes, strict=True))
    b = dict(zip((lowest, *wanted.thresholds), wanted.codes, strict=True))
    return min(place for place in a.keys() | b.keys() if a.get(place) != b.get(place))

"""Shows that the windows and poolings in front of a matrix, perhaps edited, are the network's."""

from __future__ import annotations

from typing import TypeVar

from hwgen.errors import PlanError
from hwgen.plan.identifier import identifier
from hwgen.plan.layer import Enlargement, Layer, Pool
from hwgen.plan.stages.stage import (
    PADDING,
    Enlarger,
    Fifo,
    RunningPool,
    Stage,
    Stream,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.windows import Window, window_of

S = TypeVar("S", bound=Stage)


def check_front(rest: list[tuple[int, Stage]], layer: Layer, where: str, *, shows: bool) -> None:
    """Take the next stages, as far as they stand in front of the layer's matrix, and compare them.

    `shows` says whether the matrix gets its windows shown, or reads them itself.

    Raises
    ------
    PlanError
        With the place that is wrong, and what must hold there.
    """
    for part in layer.front:
        if isinstance(part, Pool):
            _check_pool(rest, part, where)
        else:
            _check_enlarger(rest, part, where)
    window = layer.window
    if window is None or not layer.has_window or not shows:
        return
    stage, place = _next(rest, WindowBuffer, layer.name, where)
    if _as_seen(stage) != window:
        raise PlanError(
            f"{place}: must show the windows of {layer.name}: its kernel, stride, origin, the taps "
            "that its weights read and what they show beside the image; undo the edit"
        )
    _check_lanes(stage, layer, place)


def _as_seen(stage: WindowBuffer) -> Window:
    """Give the windows of a stage over channels, in place of lanes."""
    window, order = window_of(stage, stage), stage.inputs.order
    taps = tuple(tap._replace(lane=order[tap.lane]) for tap in window.taps)
    values = dict(zip(order, window.beside, strict=False))
    beside = tuple(values[channel] for channel in sorted(values))
    return Window(rows=window.rows, columns=window.columns, taps=taps, beside=beside)


def _check_lanes(stage: WindowBuffer, layer: Layer, place: str) -> None:
    for index, (lane, limits) in enumerate(zip(stage.outputs.lanes, layer.inputs, strict=True)):
        if not lane.lo <= limits.lo <= limits.hi <= lane.hi:
            raise PlanError(
                f"{place}.outputs.lanes[{index}]: must hold [{limits.lo}, {limits.hi}], not {lane}"
            )
    if stage.outputs.order != tuple(range(layer.columns)):
        raise PlanError(f"{place}.outputs.order: must be one beat in the order of the taps")


def _check_pool(rest: list[tuple[int, Stage]], pool: Pool, where: str) -> None:
    image = (pool.rows.count, pool.columns.count)
    if pool.is_running:
        running, place = _next(rest, RunningPool, pool.name, where)
        kernel = (pool.rows.kernel, pool.columns.kernel)
        stride = (pool.rows.stride, pool.columns.stride)
        if (running.kind, running.kernel, running.stride) != (pool.kind, kernel, stride):
            raise PlanError(f"{place}: must be the {pool.kind} over {kernel} every {stride}")
        _check_pooled(running.outputs, running.inputs.order, pool, image, place)
        return
    buffer, place = _next(rest, WindowBuffer, pool.name, where)
    seen = _as_seen(buffer)
    largest, place = _next(rest, WindowMax, pool.name, where)
    taps = {tap: lane for lane, tap in enumerate(seen.taps)}
    if (seen.rows, seen.columns) != (pool.rows, pool.columns) or len(taps) != len(seen.taps):
        raise PlanError(f"{place}: must show the windows of {pool.name}; undo the edit")
    if buffer.beside != pool.beside(buffer.inputs):
        raise PlanError(f"{place}: must show below the image's codes beside it; undo the edit")
    for lane, channel in enumerate(largest.outputs.order):
        wanted = {index for tap, index in taps.items() if tap.lane == channel}
        if set(largest.sources[lane]) != wanted or len(wanted) != len(pool.taps):
            raise PlanError(f"{place}.sources[{lane}]: must be all taps of channel {channel}")
    _check_pooled(largest.outputs, buffer.inputs.order, pool, image, place)


def _check_enlarger(rest: list[tuple[int, Stage]], part: Enlargement, where: str) -> None:
    stage, place = _next(rest, Enlarger, part.name, where)
    order, wanted = stage.inputs.order, tuple(range(len(part.outputs)))
    if stage.inputs.beats_each == 1:
        shown = tuple(tuple(order[lane] for lane in lanes) for lanes in stage.sources)
        alike = shown == part.sources
    else:
        lanes, wanted = tuple(range(len(stage.inputs.lanes))), order
        alike = part.takes_beats and set(stage.sources) == {lanes}
    if stage.factor != part.factor or not alike:
        raise PlanError(f"{place}: must be the enlargement of {part.name}; undo the edit")
    _check_pooled(stage.outputs, wanted, part, part.shown, place)


def _check_pooled(
    outputs: Stream,
    order: tuple[int, ...],
    pool: Pool | Enlargement,
    image: tuple[int, int],
    place: str,
) -> None:
    if outputs.image != image or outputs.order != order:
        raise PlanError(f"{place}.outputs: must be a map of {image} with the channels that come")
    lanes = outputs.lanes * outputs.beats_each
    for lane, channel in zip(lanes, outputs.order, strict=True):
        if channel == PADDING:
            continue
        limits = pool.outputs[channel]
        if not lane.lo <= limits.lo <= limits.hi <= lane.hi:
            raise PlanError(f"{place}.outputs.lanes: must hold [{limits.lo}, {limits.hi}]")


def _next(rest: list[tuple[int, Stage]], kind: type[S], name: str, where: str) -> tuple[S, str]:
    """Take the next stage behind queues, which must be of a kind, for an operation."""
    while rest and isinstance(rest[0][1], Fifo):
        rest.pop(0)
    index, stage = rest.pop(0) if rest else (0, None)
    place = f"{where}.stages[{index}]"
    if not isinstance(stage, kind) or not stage.name.startswith(identifier(name)):
        raise PlanError(
            f"{place}: must be a {kind.__name__} for {name} of the network; build the plan anew "
            "for another network"
        )
    return stage, place

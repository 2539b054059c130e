"""What stands between a stream of pixels and a matrix: poolings, and the windows of a map."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from hwgen.numeric import Range
from hwgen.plan.cost.line_memory import line_memory_kind
from hwgen.plan.identifier import identifier, part_name
from hwgen.plan.layer import Enlargement, Layer, Pool
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import (
    Enlarger,
    RunningPool,
    Stage,
    Stream,
    Tap,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.stages.window import LEAST_QUEUE
from hwgen.plan.streams.port_width import check_window
from hwgen.plan.windows import Window

ANY_TAIL = 1 << 30
S = TypeVar("S", WindowBuffer, RunningPool, Enlarger)


def front_stages(
    layer: Layer, stream: Stream, options: BuildOptions, *, shows: bool
) -> tuple[Stage, ...]:
    """Give the stages between a stream of pixels and the layer's matrix; none for a vector.

    `shows` says whether the matrix gets its windows shown, or reads them itself.

    Raises
    ------
    PlanError
        Where a window is too wide for a port.
    """
    stages: list[Stage] = []
    for part in layer.front:
        if isinstance(part, Pool):
            stages += _pool_stages(part, stream, options)
        else:
            stages.append(_enlarger(part, stream, options))
        stream = stages[-1].outputs
    window = layer.window
    if shows and window is not None and layer.has_window:
        check_window(layer)
        name = part_name(identifier(layer.name), "window")
        lanes = tuple(limits.type for limits in layer.inputs)
        order = tuple(range(layer.columns))
        outputs = Stream(lanes=lanes, order=order, image=window.outputs)
        stages.append(_window(name, window, stream, outputs, options))
    return tuple(stages)


def _window(
    name: str, window: Window, inputs: Stream, outputs: Stream, options: BuildOptions
) -> WindowBuffer:
    lane_of = {channel: lane for lane, channel in enumerate(inputs.order)}
    stage = WindowBuffer(
        name=name,
        inputs=inputs,
        outputs=outputs,
        kernel=(window.rows.kernel, window.columns.kernel),
        stride=(window.rows.stride, window.columns.stride),
        origin=(window.rows.origin, window.columns.origin),
        taps=tuple(tap._replace(lane=lane_of[tap.lane]) for tap in window.taps),
        queue=ANY_TAIL,  # until the tail is known
        memory="lut",
        beside=tuple(window.beside[channel] for channel in inputs.order) if window.beside else (),
    )
    stage = replace(stage, queue=max(stage.tail, LEAST_QUEUE) if stage.tail else 0)
    return _with_memory(stage, options)


def _with_memory(stage: S, options: BuildOptions) -> S:
    """Choose what the memories of a stage are made of."""
    kind = line_memory_kind(stage, options.target, options.bram_price)
    return replace(stage, memory=kind)


def _enlarger(part: Enlargement, stream: Stream, options: BuildOptions) -> Enlarger:
    """Give what makes a map larger."""
    if stream.beats_each > 1:
        outputs = replace(stream, image=part.shown)
        sources = (tuple(range(len(stream.lanes))),) * len(part.sources)
    else:
        lane_of = {channel: lane for lane, channel in enumerate(stream.order)}
        lanes = tuple(limits.type for limits in part.outputs)
        outputs = Stream(lanes=lanes, order=tuple(range(len(lanes))), image=part.shown)
        sources = tuple(tuple(lane_of[source] for source in row) for row in part.sources)
    stage = Enlarger(
        name=identifier(part.name),
        inputs=stream,
        outputs=outputs,
        factor=part.factor,
        sources=sources,
        memory="lut",
    )
    return _with_memory(stage, options)


def _pool_stages(pool: Pool, stream: Stream, options: BuildOptions) -> tuple[Stage, ...]:
    name, channels = identifier(pool.name), range(len(stream.lanes))
    image = (pool.rows.count, pool.columns.count)
    if stream.beats_each > 1:
        lanes = (Range.covering(pool.outputs).type,) * len(stream.lanes)
    else:
        lanes = tuple(pool.outputs[channel].type for channel in stream.order)
    outputs = replace(stream, lanes=lanes, image=image)
    if pool.is_running:
        running = RunningPool(
            name=name,
            inputs=stream,
            outputs=outputs,
            kind=pool.kind,
            kernel=(pool.rows.kernel, pool.columns.kernel),
            stride=(pool.rows.stride, pool.columns.stride),
            memory="lut",
        )
        return (_with_memory(running, options),)
    window = replace(_pool_window(pool, channels), beside=pool.beside(stream))
    shown = Stream(
        lanes=tuple(stream.lanes[tap.lane] for tap in window.taps),
        order=tuple(range(len(window.taps))),
        image=image,
    )
    lanes_in_order = replace(stream, order=tuple(channels))
    buffer = _window(part_name(name, "window"), window, lanes_in_order, shown, options)
    sources: dict[int, list[int]] = {}
    for lane, tap in enumerate(window.taps):
        sources.setdefault(tap.lane, []).append(lane)
    largest = WindowMax(
        name=name,
        inputs=shown,
        outputs=outputs,
        sources=tuple(tuple(sources[lane]) for lane in channels),
    )
    return replace(buffer, inputs=stream), largest


def _pool_window(pool: Pool, channels: range) -> Window:
    """Give a pooling's windows with a tap for every pixel of every channel."""
    taps = tuple(Tap(u, v, channel) for u, v in pool.taps for channel in channels)
    return Window(rows=pool.rows, columns=pool.columns, taps=taps)

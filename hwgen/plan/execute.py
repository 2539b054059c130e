"""Runs a plan on integers, stage by stage: what the hardware will give, before there is any."""

from __future__ import annotations

from typing import assert_never

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.design import Plan
from hwgen.plan.stages.adder_graph import evaluate
from hwgen.plan.stages.positions import at_one_pixel, at_one_position, is_by_position
from hwgen.plan.stages.requantizers import codes_of
from hwgen.plan.stages.stage import (
    PADDING,
    Enlarger,
    Fifo,
    FoldedDense,
    Joint,
    Narrower,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Reorder,
    RunningPool,
    SerialArgmax,
    SerialThreshold,
    Stage,
    Stream,
    UnrolledDense,
    Widener,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.windows import Window, window_of

_VectorStage = (
    UnrolledDense
    | ParallelThreshold
    | ParallelArgmax
    | OutputBuffer
    | FoldedDense
    | SerialThreshold
    | SerialArgmax
    | Reorder
    | Joint
)


def run_plan(plan: Plan, x: IntArray) -> list[IntArray]:
    """Give the slots of every stream: the design's input, then each stage's output.

    `x` is (samples, elements), maps as (channel, row, column); each result is (samples, beats *
    lanes), padding as zero.
    """
    slots = [to_slots(plan.inputs, x)]
    for index, stage in enumerate(plan.stages):
        slots.append(run_stage(stage, read_slots(plan, index, slots)))
    return slots


def read_slots(plan: Plan, index: int, slots: list[IntArray]) -> IntArray:
    """Give what stage `index` reads, of the slots of the design's input and of every stage."""
    sources, beats = plan.reads[index], plan.stages[index].inputs.beats
    if len(sources) == 1:
        return slots[sources[0] + 1]
    found = [slots[source + 1] for source in sources]
    parts = [given.reshape(len(given), beats, -1) for given in found]
    return np.concatenate(parts, axis=2).reshape(len(parts[0]), -1)


def to_slots(stream: Stream, vectors: IntArray) -> IntArray:
    """Vectors in natural order as the stream carries them."""
    order = stream.elements
    slots = vectors[:, np.maximum(order, 0)]
    return np.where(order == PADDING, 0, slots).astype(np.int64)


def from_slots(stream: Stream, slots: IntArray) -> IntArray:
    """Give what a stream carried, back in natural order."""
    order = stream.elements
    vectors = np.zeros((len(slots), order.max() + 1), np.int64)
    vectors[:, order[order != PADDING]] = slots[:, order != PADDING]
    return vectors


def run_stage(stage: Stage, slots: IntArray) -> IntArray:
    """One stage on the slots of its input stream: (vectors or maps, slots)."""
    if is_by_position(stage):
        positions = slots.reshape(-1, len(stage.inputs.order))
        return run_stage(at_one_position(stage), positions).reshape(len(slots), -1)
    match stage:
        case WindowBuffer():
            return _windows(_by_lane(stage, slots), window_of(stage, stage))
        case RunningPool():
            return _pooled(stage, slots)
        case Enlarger():
            return _enlarged(stage, slots)
        case WindowMax():
            taps = slots.reshape(-1, len(stage.inputs.lanes))
            largest = [taps[:, list(sources)].max(axis=1) for sources in stage.sources]
            return np.stack(largest, axis=1).reshape(len(slots), -1)
        case _:
            return _run_vectors(stage, slots)


def _run_vectors(stage: _VectorStage, slots: IntArray) -> IntArray:
    match stage:
        case UnrolledDense():
            return evaluate(stage.graph, slots, stage.inputs.lanes)
        case ParallelThreshold():
            columns = [
                codes_of(channel, lane, column)
                for channel, lane, column in zip(
                    stage.channels, stage.inputs.lanes, slots.T, strict=True
                )
            ]
            return np.stack(columns, axis=1)
        case ParallelArgmax() | SerialArgmax():
            vectors = from_slots(stage.inputs, slots)
            best: IntArray = vectors.argmax(axis=1)[:, None].astype(np.int64)
            return np.array(stage.labels, np.int64)[best] if stage.labels else best
        case OutputBuffer():
            return slots
        case FoldedDense():
            return _folded(stage, slots) if stage.lines is None else _convolved(stage, slots)
        case SerialThreshold():
            return _serial(stage, slots)
        case Fifo() | Narrower() | Widener():
            return _joined(stage, slots)
        case Reorder():
            sources = np.array(stage.sources)
            moved = slots[:, np.maximum(sources, 0)]
            return np.where(sources == PADDING, np.array(stage.constants), moved)
        case _:
            assert_never(stage)


def _by_lane(stage: WindowBuffer, slots: IntArray) -> IntArray:
    """Give maps whose channels are the lanes of a window buffer, (maps, lanes * positions)."""
    maps = slots.reshape(len(slots), stage.inputs.positions, len(stage.inputs.lanes))
    return maps.transpose(0, 2, 1).reshape(len(slots), -1)


def _windows(maps: IntArray, window: Window) -> IntArray:
    """Give the taps of every window."""
    sources = window.sources()
    shown = maps[:, np.maximum(sources, 0)]
    found: IntArray = np.where(sources == PADDING, np.array(window.outside), shown)
    return found.reshape(len(maps), -1)


def _pooled(stage: RunningPool, slots: IntArray) -> IntArray:
    (height, width), (rows, columns) = stage.inputs.image, stage.outputs.image
    maps = slots.reshape(len(slots), height, width, -1)
    pixels = [
        maps[:, u :: stage.stride[0], v :: stage.stride[1]][:, :rows, :columns]
        for u in range(stage.kernel[0])
        for v in range(stage.kernel[1])
    ]
    stack = np.stack(pixels)
    pooled: IntArray = stack.max(axis=0) if stage.kind == "max" else stack.sum(axis=0)
    return pooled.reshape(len(slots), -1)


def _enlarged(stage: Enlarger, slots: IntArray) -> IntArray:
    (height, width), factor = stage.inputs.image, stage.factor
    pixels = slots.reshape(len(slots), height, width, stage.inputs.beats_each, -1)
    squares = np.stack([pixels[..., list(sources)] for sources in stage.sources], axis=3)
    shaped = squares.reshape(len(slots), height, width, factor, factor, -1)
    found: IntArray = shaped.swapaxes(2, 3).reshape(len(slots), -1)
    return found


def _convolved(stage: FoldedDense, slots: IntArray) -> IntArray:
    """Run a convolution window by window; neighbours leave together, one after another."""
    assert stage.lines is not None
    shown = _windows(from_slots(stage.inputs, slots), window_of(stage, stage.lines))
    windows = at_one_pixel(stage)
    sums = run_stage(windows, shown.reshape(-1, len(windows.inputs.order)))
    pixels, width = stage.pixels, stage.width
    beats = sums.reshape(len(slots) * stage.outputs.positions, pixels, -1, width)
    return beats.swapaxes(1, 2).reshape(len(slots), -1)


def _folded(stage: FoldedDense, slots: IntArray) -> IntArray:
    sums = []
    for element, owner in zip(stage.elements, stage.owners, strict=True):
        part = stage.pe_sets[owner]
        ends = np.array(part.ends)
        row = np.minimum(np.searchsorted(ends, np.arange(stage.cycles)), len(ends) - 1)
        matrix = np.zeros((len(ends), slots.shape[1]), np.int64)
        places = (row.repeat(part.lanes), np.array(element.slots))
        np.add.at(matrix, places, np.array(element.weights))
        sums.append(slots @ matrix.T + np.array(element.initial))
    left = np.zeros((len(slots), stage.groups * stage.width), np.int64)
    for slot, (element_index, k) in stage.sources.items():
        left[:, slot] = sums[element_index][:, k]
    return left


def _serial(stage: SerialThreshold, slots: IntArray) -> IntArray:
    codes = np.empty_like(slots)
    staircases, lanes = stage.staircases(), len(stage.inputs.lanes)
    for slot in range(slots.shape[1]):
        thresholds = staircases[slot % stage.rows][slot // lanes // stage.inputs.copies]
        codes[:, slot] = np.searchsorted(thresholds, slots[:, slot], side="right") + stage.code_lo
    return codes


def _narrow(stage: Narrower, slots: IntArray) -> IntArray:
    """Pad each beat to whole parts; their lanes follow one another."""
    lanes = len(stage.inputs.lanes)
    padding = stage.parts * len(stage.outputs.lanes) - lanes
    beats = slots.reshape(len(slots), stage.inputs.beats, lanes)
    padded: IntArray = np.pad(beats, ((0, 0), (0, 0), (0, padding)))
    return padded.reshape(len(slots), -1)


def _joined(stage: Joint, slots: IntArray) -> IntArray:
    match stage:
        case Fifo():
            return slots
        case Narrower():
            return _narrow(stage, slots)
        case Widener():
            places = np.array(stage.slots)
            return np.where(places == PADDING, 0, slots[:, np.maximum(places, 0)])
        case _:
            assert_never(stage)

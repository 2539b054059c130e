"""What each stage promises of a vector: input beats that outputs need, and that are taken.

It follows from how a stage works, not from its handshakes cycle by cycle (`rules.py`), and holds
however long its input or its output is kept waiting.
"""

from __future__ import annotations

import numpy as np

from hwgen.numeric import BoolArray, IntArray
from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.positions import at_one_position
from hwgen.plan.stages.stage import (
    Enlarger,
    Fifo,
    FoldedDense,
    Narrower,
    Reorder,
    RunningPool,
    SerialArgmax,
    Stage,
    Widener,
    WindowBuffer,
)
from hwgen.plan.stages.window_steps import Table, WindowSteps
from hwgen.rhythm.check import Promise
from hwgen.rhythm.tables import fold

Tables = tuple[IntArray, IntArray]  # needs and takes


def promise_of(stage: Stage) -> Promise:
    """Give what a stage promises."""
    if isinstance(stage, Fifo):
        return Promise(beats=stage.inputs.beats, depth=stage.depth)
    one = at_one_position(stage)
    needs, takes = _tables(one)
    starts = np.arange(stage.inputs.beats // one.inputs.beats) * one.inputs.beats
    return Promise(
        beats=stage.inputs.beats,
        needs=fold((starts[:, None] + needs).reshape(-1)),
        takes=fold((starts[:, None] + takes).reshape(-1)),
        holds=not isinstance(stage, Narrower | Widener) and getattr(stage, "latency", 1) > 0,
    )


def _tables(stage: Stage) -> Tables:
    """Give the tables of a vector, a map, or the one position that a stage works on."""
    outputs, beats = np.arange(stage.outputs.beats), stage.inputs.beats
    match stage:
        case FoldedDense() if (ring := ring_of(stage)) is not None:
            return _ring(ring, stage)
        case FoldedDense() | Reorder():  # two halves, of which one may be in use
            return np.full(len(outputs), beats), beats * (2 + _is_read(stage))
        case SerialArgmax():
            return np.array([beats]), np.array([beats])
        case Narrower():
            return outputs // stage.parts + 1, outputs // stage.parts
        case Widener():
            gathered = beats // len(outputs)
            return gathered * (outputs + 1), gathered * (outputs + 1) - 1
        case WindowBuffer():
            return _window(stage)
        case RunningPool():
            needs = _ends(stage) + 1
            return needs, needs
        case Enlarger():
            needs = _shown(stage)
            return needs, needs
        case _:
            held = 1 if getattr(stage, "latency", 1) else 0
            return outputs + 1, outputs + held


def _is_read(stage: FoldedDense | Reorder) -> IntArray:
    """Tell of each output beat of a vector or a group of windows whether all is read by then.

    Steps go on until the beat stands in the output register. What was read is free two cycles
    behind the last step.
    """
    sets = stage.sets if isinstance(stage, FoldedDense) else 1
    turns = stage.turns if isinstance(stage, FoldedDense) and sets > 1 else ()
    ends = [iter(steps) for steps in stage.ends]
    if turns:
        last = [max(next(ends[index]) for index in together) for together in turns]
    else:
        last = sorted(step for steps in stage.ends for step in steps)
    behind = stage.pipeline + (1 if sets > 1 else 0)
    found: IntArray = (np.array(last) + behind >= stage.cycles + 1).astype(np.int64)
    return found


def _ring(ring: LineShape, stage: FoldedDense) -> Tables:
    """Give what rows of windows need, and what the slots that are certainly free can take."""
    rows = ring.rows
    stored = np.flatnonzero(rows.stored)
    frame = ring.row_beats * ring.image[0]
    freed = np.cumsum([0, *rows.dropped])

    def beats_of(row: IntArray) -> IntArray:
        frames, place = np.divmod(row - 1, len(stored))
        found: IntArray = frames * frame + (stored[place] + 1) * ring.row_beats
        return found

    a_row = stage.outputs.beats // ring.windows[0]
    needs = np.where(rows.wanted, beats_of(freed[:-1] + np.array(rows.wanted)), 0)
    ended = np.zeros(a_row, np.int64)  # the last group of a row may have read it
    own = _is_read(stage)
    ended[-len(own) :] = own
    released = np.where(ended, freed[1:, None], freed[:-1, None])
    needs = np.maximum.accumulate(needs)  # the last windows may see padding alone
    return np.repeat(needs, a_row), beats_of(released.reshape(-1) + rows.slots)


def _window(stage: WindowBuffer) -> Tables:
    """Give the pixels up to the step of each window; those of the tail need no more."""
    steps = WindowSteps(stage)
    shows = _steps(stage, steps.own_rows(False), steps.own_columns)
    shows |= _steps(stage, steps.late_rows(False), steps.late_columns)
    pixels = np.cumsum(_steps(stage, steps.pixel_rows, steps.pixel_columns))
    needs = np.full(stage.outputs.beats, stage.inputs.beats)
    needs[: shows.sum()] = pixels[shows]
    return needs, needs + stage.queue


def _steps(stage: WindowBuffer, rows: Table, columns: Table) -> BoolArray:
    """Give the steps whose row and column are of tables."""
    both = np.array(rows, np.bool_)[:, None] & np.array(columns, np.bool_)
    return both.reshape(-1)[: stage.steps]


def _ends(stage: RunningPool) -> IntArray:
    """Give the places of the beats of the last pixel of each window."""
    y, x = (
        kernel - 1 + stride * np.arange(count)
        for kernel, stride, count in zip(
            stage.kernel, stage.stride, stage.outputs.image, strict=True
        )
    )
    beats = stage.inputs.beats_each
    pixels = y[:, None] * stage.inputs.image[1] + x
    found: IntArray = (pixels[..., None] * beats + np.arange(beats)).reshape(-1)
    return found


def _shown(stage: Enlarger) -> IntArray:
    """Give the beats that have come with each one that is shown: later rows repeat one."""
    factor, beats = stage.factor, stage.inputs.beats_each
    width = stage.inputs.image[1] * beats
    y, x = (np.arange(count) for count in stage.outputs.image)
    row = (y // factor * width)[:, None, None]
    column = x // factor * beats
    came = np.where(
        (x % factor)[:, None] == 0,
        column[:, None] + np.arange(beats) + 1,
        column[:, None] + beats,  # a pixel that is shown again is there
    )
    first = (y % factor == 0)[:, None, None]
    found: IntArray = np.where(first, row + came, row + width).reshape(-1)
    return found

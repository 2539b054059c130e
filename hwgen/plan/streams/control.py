"""The control of a stage as numbers: constants of its rules, and its registers after a reset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.positions import at_one_position
from hwgen.plan.stages.stage import (
    Enlarger,
    Fifo,
    FoldedDense,
    Narrower,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Reorder,
    RunningPool,
    SerialArgmax,
    SerialThreshold,
    Stage,
    UnrolledDense,
    Widener,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.stages.window_steps import WindowSteps
from hwgen.plan.streams import folded_rules as folded
from hwgen.plan.streams import rules
from hwgen.plan.streams.pipeline_rules import WORD


@dataclass(frozen=True, slots=True)
class Control:
    """What kind of rules a stage has, their constants and tables, and its registers."""

    kind: int
    constants: list[int]
    registers: list[int]


def slow_sink(first: int, beat: int) -> Control:
    """Give a sink that takes a beat when it has been offered `first` cycles, and then `beat`."""
    return Control(rules.SLOW, [beat], [first, 0])


def no_sink() -> Control:
    """Give a sink that takes nothing."""
    return Control(rules.QUEUE, [0], [0, 0])


def control_of(stage: Stage) -> Control:
    """Give the control of a stage, as after a reset."""
    stage = at_one_position(stage)
    match stage:
        case UnrolledDense() | ParallelThreshold() | ParallelArgmax() | SerialThreshold():
            return _pipeline(stage.latency)
        case OutputBuffer() | WindowMax():
            return _pipeline(stage.latency)
        case SerialArgmax():
            return _pipeline(1, stage.inputs.beats)
        case FoldedDense() | Reorder():
            return _folded(stage)
        case WindowBuffer():
            return _window(stage)
        case RunningPool():
            return _pool(stage)
        case Enlarger():
            square = stage.factor * stage.inputs.beats_each
            row = stage.inputs.image[1] * square
            return Control(rules.ENLARGER, [stage.factor, square, row], [0, 0])
        case _:
            return _joint(stage)


def _pipeline(latency: int, beats: int = 1) -> Control:
    words = -(-latency // WORD)
    return Control(rules.PIPELINE, [latency, beats], [0] * (1 + words))


def _joint(stage: Fifo | Narrower | Widener) -> Control:
    match stage:
        case Fifo():
            return Control(rules.QUEUE, [stage.depth], [0, 0])
        case Narrower():
            return Control(rules.NARROWER, [stage.parts], [0])
        case Widener():
            return Control(rules.WIDENER, [stage.inputs.beats], [0])
        case _:
            assert_never(stage)


def _with_tables(constants: Sequence[int | Iterable[int]]) -> list[int]:
    """Put tables behind the constants, and in their places where they begin."""
    own: list[int] = []
    tables: list[int] = []
    for value in constants:
        if isinstance(value, int):
            own.append(value)
        else:
            own.append(len(constants) + len(tables))
            tables += map(int, value)
    return own + tables


def _window(stage: WindowBuffer) -> Control:
    steps, length = WindowSteps(stage), stage.row_steps
    places = [divmod(step, length) for step in range(stage.steps)]
    takes = [bool(steps.pixel_rows[row] and steps.pixel_columns[c]) for row, c in places]
    shows = [
        bool((steps.own_columns[c] and own[row]) or (steps.late_columns[c] and late[row]))
        for own, late in (
            (steps.own_rows(pending), steps.late_rows(pending)) for pending in (False, True)
        )
        for row, c in places
    ]
    numbers = [stage.queue, steps.tail_pixels, stage.steps, stage.tail]
    return Control(rules.WINDOW, _with_tables([*numbers, takes, shows]), [0] * 7)


def _pool(stage: RunningPool) -> Control:
    rows, columns = (_ends(stage, axis) for axis in (0, 1))
    beats = range(stage.inputs.beats_each)
    ends = [int(row and column) for row in rows for column in columns for _ in beats]
    return Control(rules.POOL, [len(ends), *ends], [0, 0])


def _ends(stage: RunningPool, axis: int) -> list[bool]:
    """Whether windows end at each place of an axis."""
    first, stride, count = stage.kernel[axis] - 1, stage.stride[axis], stage.outputs.image[axis]
    ends = range(first, first + count * stride, stride)
    return [place in ends for place in range(stage.inputs.image[axis])]


def _folded(stage: FoldedDense | Reorder) -> Control:
    ring = ring_of(stage) if isinstance(stage, FoldedDense) else None
    turns = stage.turns if isinstance(stage, FoldedDense) and stage.sets > 1 else ()
    ending: list[list[int]] = [[] for _ in range(stage.cycles)]
    for index, steps in enumerate(stage.ends):
        for step in steps:
            ending[step].append(index)
    store: list[int | Iterable[int]] = [stage.inputs.beats] if ring is None else _ring(ring)
    missing = folded.CONSTANTS - folded.STORE - len(store)
    constants = _with_tables(
        [
            *(int(ring is not None), stage.cycles, stage.pipeline, stage.sets, stage.groups),
            _starts(ending),
            [index for own in ending for index in own],
            _ahead(ending),
            _starts(turns),
            [index for together in turns for index in together],
            *store,
            *[0] * missing,
        ]
    )
    registers = [0] * folded.REGISTERS + [-1] * stage.pipeline + [0] * stage.sets
    return Control(rules.FOLDED, constants, registers)


def _ring(ring: LineShape) -> list[int | Iterable[int]]:
    rows = ring.rows
    return [
        *(rows.slots, ring.row_beats, ring.row_steps, ring.image[0], ring.columns.groups),
        *(ring.windows[0], rows.wanted, rows.stored, rows.dropped),
    ]


def _starts(lists: Sequence[Sequence[int]]) -> list[int]:
    """Give where each list begins, and the last one ends, when they follow one another."""
    starts = [0]
    for own in lists:
        starts.append(starts[-1] + len(own))
    return starts


def _ahead(ending: list[list[int]]) -> list[int]:
    """Give of each step those until the next one that ends anything."""
    ahead, distance = [], 0
    for step in reversed(range(len(ending))):
        distance = 0 if ending[step] or step == len(ending) - 1 else distance + 1
        ahead.append(distance)
    return ahead[::-1]

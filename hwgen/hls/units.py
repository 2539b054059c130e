"""The unit of each kind of stage, as C++ functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from hwgen.hls.beats import Beat
from hwgen.hls.enlarger import enlarger_process
from hwgen.hls.folded_dense import dense_functions
from hwgen.hls.folded_map import convolution_functions
from hwgen.hls.joints import narrower_process, reorder_process, reorder_tables, widener_process
from hwgen.hls.parallel_argmax import argmax_lines, window_max_lines
from hwgen.hls.parallel_threshold import threshold_lines
from hwgen.hls.running_pool import pool_process
from hwgen.hls.serial_argmax import argmax_process, argmax_tables
from hwgen.hls.serial_threshold import search_lines, search_tables
from hwgen.hls.text import indented
from hwgen.hls.unrolled_dense import dense_parts
from hwgen.hls.window_buffer import window_process
from hwgen.plan.stages.positions import at_one_position, is_by_position
from hwgen.plan.stages.stage import (
    Enlarger,
    Fifo,
    FoldedDense,
    MapStage,
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

Beatwise = UnrolledDense | ParallelThreshold | ParallelArgmax | WindowMax
Passing = Fifo | OutputBuffer  # stages that only hold beats: a stream's depth, and no code


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A stage's function `name`, from beats `x` to beats `y`.

    A `beatwise` one takes a beat and gives one, `name(x, y)`, and `name_beats(in, out)` is the loop
    around it. Any other takes and gives streams, `name(in, out)`, a vector or a whole map a call,
    or, where it is `by_position`, `name<POSITIONS>(in, out)`.
    """

    stage: Stage
    name: str
    x: Beat
    y: Beat
    beatwise: bool
    by_position: bool
    functions: tuple[tuple[str, ...], ...]

    @property
    def call(self) -> str:
        """Give the text that names the process of all positions of a map."""
        if self.beatwise:
            return f"{self.name}_beats"
        return f"{self.name}<{self.stage.inputs.positions}>" if self.by_position else self.name


def unit_of(stage: Stage, name: str, x: Beat, y: Beat) -> Unit:
    """Give the unit of a stage that computes or moves elements."""
    beatwise = isinstance(stage, Beatwise)
    functions = _beatwise(stage, name, x, y) if beatwise else _process(stage, name, x, y)
    return Unit(
        stage=stage,
        name=name,
        x=x,
        y=y,
        beatwise=beatwise,
        by_position=not beatwise and is_by_position(stage),
        functions=tuple(tuple(lines) for lines in functions),
    )


def _beatwise(stage: Stage, name: str, x: Beat, y: Beat) -> list[list[str]]:
    parts: list[list[str]] = []
    match stage:
        case UnrolledDense():
            parts, lines = dense_parts(stage, name, x, y)
        case ParallelThreshold():
            lines = threshold_lines(stage, x, y)
        case ParallelArgmax():
            lines = argmax_lines(stage, x, y)
        case WindowMax():
            lines = window_max_lines(stage, x, y)
        case _:
            raise AssertionError(stage)
    head = f"static void {name}(const {x.name} &x, {y.name} &y) {{"
    pragmas = ["#pragma HLS INLINE off", "#pragma HLS PIPELINE II=1"]
    return [*parts, [head, *pragmas, *indented(lines), "}"]]


def beats_process(unit: Unit) -> list[str]:
    """Give the loop around a unit that takes a beat and gives one."""
    return [
        f"static void {unit.name}_beats(hls::stream<{unit.x.name}> &in, "
        f"hls::stream<{unit.y.name}> &out) {{",
        "beats:",
        f"  for (int beat = 0; beat < {unit.stage.inputs.beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"    const {unit.x.name} x = in.read();",
        f"    {unit.y.name} y;",
        f"    {unit.name}(x, y);",
        "    out.write(y);",
        "  }",
        "}",
    ]


def _process(stage: Stage, name: str, x: Beat, y: Beat) -> list[list[str]]:
    """Give the functions of a stage that takes and gives streams."""
    by_position, one = is_by_position(stage), at_one_position(stage)
    times = " * POSITIONS" if by_position else ""
    match one:
        case FoldedDense():
            if one.lines is not None:
                return convolution_functions(one, name, x, y)
            return _dense(one, name, x, y, by_position)
        case SerialThreshold():
            lines = _searches(one, x, y, times)
        case Narrower():
            lines = narrower_process(one, x, y, times)
        case Reorder() | SerialArgmax() | Widener():
            lines = _at_positions(*_vector_process(one, x, y), by_position)
        case _:
            lines = _map_process(one, x, y)
    return [_process_text(name, x, y, lines, by_position)]


def _dense(stage: FoldedDense, name: str, x: Beat, y: Beat, by_position: bool) -> list[list[str]]:
    if not by_position:
        return dense_functions(stage, name, x, y)
    lines = _at_positions([], [f"{name}_vector(in, out);"], by_position)
    functions = dense_functions(stage, f"{name}_vector", x, y)
    return [*functions, _process_text(name, x, y, lines, by_position)]


def _vector_process(
    stage: Reorder | SerialArgmax | Widener, x: Beat, y: Beat
) -> tuple[list[str], list[str]]:
    """Give the tables and the body of a process that takes a vector."""
    match stage:
        case SerialArgmax():
            return argmax_tables(stage), argmax_process(stage, x, y)
        case Reorder():
            return reorder_tables(stage, x, y), reorder_process(stage, x, y)
        case Widener():
            return [], widener_process(stage, x, y)
        case _:
            assert_never(stage)


def _map_process(stage: Beatwise | Passing | MapStage, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that takes a map."""
    match stage:
        case WindowBuffer():
            return window_process(stage, x, y)
        case RunningPool():
            return pool_process(stage, x, y)
        case Enlarger():
            return enlarger_process(stage, x, y)
        case UnrolledDense() | ParallelThreshold() | ParallelArgmax() | WindowMax():
            raise AssertionError(stage)
        case Fifo() | OutputBuffer():
            raise AssertionError(stage)
        case _:
            assert_never(stage)


def _searches(stage: SerialThreshold, x: Beat, y: Beat, times: str) -> list[str]:
    """Give the body of a process that searches; `group` counts the thresholds' rows."""
    groups, copies = stage.groups, stage.inputs.copies
    count = f"group = group == {groups - 1} ? 0 : group + 1;"
    counting = [f"  {count}"] if groups > 1 else []
    lines = ["int group = 0;"] if groups > 1 else ["const int group = 0;"]
    if copies > 1 and groups > 1:
        lines.append("int neighbour = 0;")
        last = f"neighbour == {copies - 1}"
        counting = [f"  if ({last}) {count}", f"  neighbour = {last} ? 0 : neighbour + 1;"]
    return [
        *search_tables(stage),
        *lines,
        "beats:",
        f"for (int beat = 0; beat < {stage.inputs.beats}{times}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"  const {x.name} x = in.read();",
        f"  {y.name} y;",
        *indented(search_lines(stage, x, y)),
        "  out.write(y);",
        *counting,
        "}",
    ]


def _at_positions(tables: list[str], lines: list[str], by_position: bool) -> list[str]:
    """Do the same at every position of a map."""
    if not by_position:
        return [*tables, *lines]
    head = "for (int position = 0; position < POSITIONS; position++) {"
    return [*tables, "positions:", head, *indented(lines), "}"]


def _process_text(name: str, x: Beat, y: Beat, lines: list[str], by_position: bool) -> list[str]:
    template = "template <int POSITIONS> " if by_position else ""
    head = f"{template}static void {name}("
    head += f"hls::stream<{x.name}> &in, hls::stream<{y.name}> &out) {{"
    return [head, "#pragma HLS INLINE off", *indented(lines), "}"]

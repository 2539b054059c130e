"""What each step of a window buffer's tape does: pixels it takes, windows it ends, masks it sets.

A step is known by its row and column. Row ends and frame ends cost no step: the first steps of a
row may end the last windows of the row before, and the first rows of a frame, or steps without
pixels, those of the frame before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hwgen.plan.stages.window import WindowBuffer

Table = tuple[bool | None, ...]  # of a counter's values; None where either will do


@dataclass(frozen=True)
class ColumnMask:
    """When the registers of a window's column load 0.

    Attributes
    ----------
    table
        Of each column of steps.
    apart
        What is masked here goes on to other windows unmasked, and needs registers of its own.
    """

    table: Table
    apart: bool


@dataclass(frozen=True)
class WindowSteps:
    """The steps of `stage`, as functions of the counters of rows and columns."""

    stage: WindowBuffer

    @cached_property
    def pixel_rows(self) -> Table:
        """Rows of steps that take pixels."""
        return tuple(row < self.stage.inputs.image[0] for row in range(self.stage.rows))

    @cached_property
    def pixel_columns(self) -> Table:
        """Columns of steps that take pixels."""
        return tuple(c < self.stage.inputs.image[1] for c in range(self.stage.row_steps))

    @cached_property
    def tail_pixels(self) -> int:
        """Pixels that the next frame's first `tail` steps take."""
        length = self.stage.row_steps
        return sum(
            bool(self.pixel_rows[step // length] and self.pixel_columns[step % length])
            for step in range(self.stage.tail)
        )

    def own_rows(self, pending: bool) -> Table:
        """Rows in which windows end; `pending`: the frame before has windows to end."""
        return self._rows_of_ends(0, pending)

    def late_rows(self, pending: bool) -> Table:
        """Rows whose first steps end windows of the row before."""
        return self._rows_of_ends(1, pending)

    @cached_property
    def own_columns(self) -> Table:
        """Columns that end windows of their row."""
        first = self.stage.first_end[1]
        return tuple(
            column >= first and self._is_end(1, column) for column in range(self.stage.row_steps)
        )

    @cached_property
    def late_columns(self) -> Table:
        """Columns that end windows of the row before."""
        first, length = self.stage.first_end[1], self.stage.row_steps
        return tuple(c < first and self._is_end(1, c + length) for c in range(length))

    def row_mask(self, u: int) -> Table:
        """Rows of steps in which row `u` of a window lies outside the image."""
        stage = self.stage
        table: list[bool | None] = []
        for row in range(stage.rows):
            end = row if row >= stage.first_end[0] else row + stage.rows
            outside = not 0 <= end - (stage.kernel[0] - 1 - u) < stage.inputs.image[0]
            table.append(outside if self._is_end(0, end) else None)
        return tuple(table)

    def column_mask(self, v: int) -> ColumnMask:
        """Columns of steps in which column `v` of a window lies outside the image."""
        columns = range(self.stage.row_steps)
        alone = tuple(self._outside(column, v) for column in columns)
        passed = [self._is_needed_later(column, v) for column in columns]
        if any(outside and needed for outside, needed in zip(alone, passed, strict=True)):
            return ColumnMask(alone, apart=True)
        shared = zip(alone, passed, strict=True)
        return ColumnMask(tuple(False if needed else o for o, needed in shared), apart=False)

    def _is_needed_later(self, column: int, v: int) -> bool:
        """Whether what is at column `v` of a window is in the image at a lower one, later."""
        return any(
            self._outside((column + v - lower) % self.stage.row_steps, lower) is False
            for lower in range(v)
        )

    def _outside(self, column: int, v: int) -> bool | None:
        """Whether column `v` of the windows that end here is outside; None where none end."""
        stage = self.stage
        end = column if column >= stage.first_end[1] else column + stage.row_steps
        if not self._is_end(1, end):
            return None
        return not 0 <= end - (stage.kernel[1] - 1 - v) < stage.inputs.image[1]

    def _rows_of_ends(self, back: int, pending: bool) -> Table:
        stage = self.stage
        table: list[bool | None] = []
        for row in range(stage.rows):
            own = row - back >= stage.first_end[0]
            end = row - back + (0 if own else stage.rows)
            comes = not pending or row * stage.row_steps < stage.tail
            table.append((own or pending) and self._is_end(0, end) if comes else None)
        return tuple(table)

    def _is_end(self, axis: int, end: int) -> bool:
        """Whether windows end there on an axis."""
        stage = self.stage
        index, rest = divmod(end - stage.first_end[axis], stage.stride[axis])
        return rest == 0 and 0 <= index < stage.outputs.image[axis]

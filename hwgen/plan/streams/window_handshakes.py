"""The handshakes of the stages that see more of a map than one position, cycle by cycle."""

from __future__ import annotations

import sys

from hwgen.plan.stages.window import RunningPool, WindowBuffer
from hwgen.plan.stages.window_steps import WindowSteps

FOREVER = sys.maxsize


class WindowModel:
    """The queue, and the steps of the tape."""

    def __init__(self, stage: WindowBuffer) -> None:
        steps, length = WindowSteps(stage), stage.row_steps
        self._stage, self._tail_pixels = stage, steps.tail_pixels
        places = [divmod(step, length) for step in range(stage.steps)]
        self._takes = tuple(
            bool(steps.pixel_rows[row] and steps.pixel_columns[column]) for row, column in places
        )
        self._shows = tuple(
            tuple(
                bool(
                    (steps.own_columns[column] and own[row])
                    or (steps.late_columns[column] and late[row])
                )
                for row, column in places
            )
            for own, late in (
                (steps.own_rows(pending), steps.late_rows(pending)) for pending in (False, True)
            )
        )
        self._step = self._level = 0
        self._head = self._output = self._pending = self._undecided = self._flushing = False

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return self._output

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""
        if self._stage.queue:
            return self._level < self._stage.queue
        return self._takes[self._step] and (downstream or not self._output)

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge."""
        level, free = self._level + arrived, downstream or not self._output
        alone = self._flushing or (self._undecided and level < self._tail_pixels)
        takes = self._takes[self._step] and not alone
        offered = self._head if self._stage.queue else arrived
        moves = free and (offered or not takes)
        fetches = self._level > self._head and (not self._head or (moves and takes))
        self._head = fetches or (self._head and not (moves and takes))
        if self._stage.queue:
            self._level = level - (moves and takes)
        if free:
            self._output = moves and self._shows[self._pending][self._step]
        if moves:
            self._move(alone)

    def _move(self, alone: bool) -> None:
        """Move the tape a place; `alone`: to end windows of the frame before, with no pixel."""
        step, tail = self._step, self._stage.tail
        ends_frame = step == self._stage.steps - 1
        self._undecided = ends_frame and tail > 0
        ends_tail = self._pending and step == tail - 1
        self._flushing = alone and not ends_tail
        self._pending = (self._pending and not ends_tail) or self._undecided
        self._step = 0 if ends_frame or (ends_tail and alone) else step + 1

    def quiet(self, downstream: bool) -> int:
        """Cycles in which nothing changes as long as no beat moves."""
        stands = self._output and not downstream
        filling = self._level > self._head and not self._head
        if stands:
            return 0 if filling else FOREVER
        alone = self._flushing or (self._undecided and self._level < self._tail_pixels)
        waits = self._takes[self._step] and not alone and not self._head and not filling
        return FOREVER if waits and not self._output else 0

    def skip(self, cycles: int, downstream: bool) -> None:
        """Change nothing."""


class PoolModel:
    """Which pixels are the last ones of a window."""

    def __init__(self, stage: RunningPool) -> None:
        rows, columns = (_ends(stage, axis) for axis in (0, 1))
        self._ends = tuple(row and column for row in rows for column in columns)
        self._pixel, self._output = 0, False

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return self._output

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""
        return downstream or not self._output

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge."""
        if self.ready(downstream):
            self._output = arrived and self._ends[self._pixel]
            self._pixel = (self._pixel + arrived) % len(self._ends)

    def quiet(self, downstream: bool) -> int:
        """Cycles in which nothing changes as long as no beat moves."""
        return 0 if self._output and downstream else FOREVER

    def skip(self, cycles: int, downstream: bool) -> None:
        """Change nothing."""


def _ends(stage: RunningPool, axis: int) -> list[bool]:
    """Whether windows end at each place of an axis."""
    first, stride, count = stage.kernel[axis] - 1, stage.stride[axis], stage.outputs.image[axis]
    ends = range(first, first + count * stride, stride)
    return [place in ends for place in range(stage.inputs.image[axis])]

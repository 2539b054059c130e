"""The handshakes of a folded unit, cycle by cycle: what is filled, the steps, results that wait."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod

from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import FoldedDense, Reorder

FETCH = 2  # registers between a step and the read of its elements
FOREVER = sys.maxsize


class _Halves:
    """Two halves of a vector each, one filled while the other is read."""

    def __init__(self, beats: int) -> None:
        self._beats, self._beat = beats, 0
        self._fill = self._read = self._free = 0
        self._filled, self._busy = [False, False], [False, False]

    @property
    def ready(self) -> bool:
        """Whether a beat is accepted."""
        return not self._busy[self._fill]

    @property
    def available(self) -> bool:
        """Whether the next vector is there."""
        return self._filled[self._read]

    @property
    def moves(self) -> bool:
        """Whether something is filled without a beat."""
        return False

    def tick(self, arrived: bool, claimed: bool, released: bool) -> None:
        """Give the clock edge."""
        if claimed:
            self._filled[self._read] = False
            self._read ^= 1
        if arrived:
            self._beat += 1
            if self._beat == self._beats:
                self._beat = 0
                self._filled[self._fill] = self._busy[self._fill] = True
                self._fill ^= 1
        if released:
            self._busy[self._free] = False
            self._free ^= 1


class _Ring:
    """Rows of a map: some are read for a group of windows, others are filled."""

    def __init__(self, shape: LineShape) -> None:
        self._shape = shape
        self._present = self._busy = 0
        self._y = self._group = self._row = self._step = 0
        self._freed: list[int] = []  # behind each group that was claimed and not yet released

    @property
    def _beyond(self) -> bool:
        return self._step >= self._shape.row_beats

    @property
    def ready(self) -> bool:
        """Whether a beat is accepted."""
        return self._busy < self._shape.rows.slots and not self._beyond

    @property
    def available(self) -> bool:
        """Whether the rows of the next windows are there."""
        return self._present >= self._shape.rows.wanted[self._y]

    @property
    def moves(self) -> bool:
        """Whether columns beyond the image are filled, without a beat."""
        return self._busy < self._shape.rows.slots and self._beyond

    def tick(self, arrived: bool, claimed: bool, released: bool) -> None:
        """Give the clock edge."""
        shape = self._shape
        filled = arrived or self.moves
        if claimed:
            self._claim()
        if released:
            self._busy -= self._freed.pop(0)
        if filled:
            stored = shape.rows.stored[self._row]
            self._step += 1
            if self._step == (shape.row_steps if stored else shape.row_beats):
                self._step = 0
                self._row = (self._row + 1) % shape.image[0]
                self._present += stored
                self._busy += stored

    def _claim(self) -> None:
        self._group += 1
        freed = 0
        if self._group == self._shape.columns.groups:
            freed = self._shape.rows.dropped[self._y]
            self._group, self._y = 0, (self._y + 1) % self._shape.windows[0]
            self._present -= freed
        self._freed.append(freed)


Store = _Halves | _Ring


class _FoldedModel(ABC):
    """What is filled, the sequencer, and the pipeline behind it."""

    def __init__(
        self, store: Store, cycles: int, pipeline: int, ends: tuple[tuple[int, ...], ...]
    ) -> None:
        self._store, self._cycles = store, cycles
        self._ending: dict[int, list[int]] = {}
        for index, steps in enumerate(ends):
            for step in steps:
                self._ending.setdefault(step, []).append(index)
        self._step, self._output = 0, False
        self._claimed = [False] * FETCH
        self._pipeline: list[list[int]] = [[] for _ in range(pipeline)]
        ahead: list[int] = []
        distance = 0
        for step in reversed(range(cycles)):
            acts = step in self._ending or step == cycles - 1
            distance = 0 if acts else distance + 1
            ahead.append(distance)
        self._ahead = tuple(reversed(ahead))  # steps to the next one that ends anything

    @abstractmethod
    def _leave(self, ended: list[int]) -> None:
        """End the rows of some sets."""

    @property
    @abstractmethod
    def _waits(self) -> bool:
        """Whether results wait."""

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return self._output

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""
        return self._store.ready

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge."""
        enable = downstream or not self._output
        issue = self._store.available
        claim = enable and issue and self._step == self._cycles - 1
        release = self._claimed[-1] and enable
        if enable:
            self._leave(self._pipeline.pop())
            self._pipeline.insert(0, self._ending.get(self._step, []) if issue else [])
            if issue:
                self._step = 0 if claim else self._step + 1
            self._claimed = [claim, *self._claimed[:-1]]
        self._store.tick(arrived, claim, release)

    def quiet(self, downstream: bool) -> int:
        """Cycles in which neither valid nor ready changes as long as no beat moves."""
        if self._store.moves:
            return 0
        if self._output and not downstream:
            return FOREVER
        if any(self._claimed) or any(self._pipeline) or self._waits:
            return 0
        return self._ahead[self._step] if self._store.available else FOREVER

    def skip(self, cycles: int, downstream: bool) -> None:
        """Give so many clock edges at once, all of them quiet."""
        if self._store.available and (downstream or not self._output):
            self._step += cycles


class _DenseModel(_FoldedModel):
    """Results of several sets wait for their turn."""

    def __init__(self, stage: FoldedDense) -> None:
        ring = ring_of(stage)
        store = _Halves(stage.inputs.beats) if ring is None else _Ring(ring)
        super().__init__(store, stage.cycles, stage.pipeline, stage.ends)
        self._stage, self._beat = stage, 0
        self._pending = [False] * stage.sets

    @property
    def _waits(self) -> bool:
        return any(self._pending)

    def _leave(self, ended: list[int]) -> None:
        """Those of one beat leave, in turn."""
        if self._stage.sets == 1:
            self._output = bool(ended)
            return
        together = self._stage.turns[self._beat]
        self._output = all(self._pending[index] for index in together)
        if self._output:
            for index in together:
                self._pending[index] = False
            self._beat = (self._beat + 1) % self._stage.groups
        for index in ended:
            self._pending[index] = True


class _ReorderModel(_FoldedModel):
    """Every step gives a beat."""

    def __init__(self, stage: Reorder) -> None:
        super().__init__(_Halves(stage.inputs.beats), stage.cycles, stage.pipeline, stage.ends)

    @property
    def _waits(self) -> bool:
        return False

    def _leave(self, ended: list[int]) -> None:
        self._output = bool(ended)


def folded_model(stage: FoldedDense | Reorder) -> _DenseModel | _ReorderModel:
    """Give the model of a stage, as after a reset."""
    return _DenseModel(stage) if isinstance(stage, FoldedDense) else _ReorderModel(stage)

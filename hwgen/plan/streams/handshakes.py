"""The handshakes of each stage, cycle by cycle, with the registers of the RTL and no data."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Protocol, assert_never

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
from hwgen.plan.streams.enlarger_handshakes import EnlargerModel
from hwgen.plan.streams.folded_handshakes import folded_model
from hwgen.plan.streams.window_handshakes import PoolModel, WindowModel

FOREVER = sys.maxsize


class Model(Protocol):
    """A stage's registers of control."""

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge: `arrived`, an input beat was taken; `left`, an output beat was."""

    def quiet(self, downstream: bool) -> int:
        """Cycles from now in which neither valid nor ready changes as long as no beat moves."""

    def skip(self, cycles: int, downstream: bool) -> None:
        """Give so many clock edges at once, all of them quiet."""


class _Still:
    """A stage that does nothing while no beat moves."""

    def quiet(self, downstream: bool) -> int:
        return FOREVER

    def skip(self, cycles: int, downstream: bool) -> None:
        """Change nothing."""


@dataclass
class _Pipeline:
    """Registers that all stall together; every `beats_per_output`-th beat leaves."""

    latency: int
    beats_per_output: int = 1
    stages: list[bool] = field(default_factory=list)
    beat: int = 0

    def __post_init__(self) -> None:
        self.stages = [False] * self.latency

    def valid(self, upstream: bool) -> bool:
        return self.stages[-1] if self.latency else upstream

    def ready(self, downstream: bool) -> bool:
        return downstream or not self.stages[-1] if self.latency else downstream

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        if self.latency and self.ready(downstream):
            leaves = arrived and self.beat == self.beats_per_output - 1
            self.stages = [leaves, *self.stages[:-1]]
            self.beat = (self.beat + arrived) % self.beats_per_output

    def quiet(self, downstream: bool) -> int:
        return 0 if any(self.stages) and self.ready(downstream) else FOREVER

    def skip(self, cycles: int, downstream: bool) -> None:
        """Change nothing."""


class Peak:
    """The most that was held, with what came as something left."""

    def __init__(self) -> None:
        self.most = 0

    def see(self, held: int) -> None:
        """Take notice of what is held."""
        self.most = max(self.most, held)


@dataclass
class FifoModel(_Still):
    """How many beats are stored."""

    depth: int
    level: int = 0
    peak: Peak = field(default_factory=Peak)

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return self.level > 0

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle, whatever is behind."""
        return self.level < self.depth

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge."""
        self.peak.see(self.level + arrived)
        self.level += arrived - left


@dataclass
class _Narrower(_Still):
    """An input beat leaves as so many parts, and is taken with the last one."""

    parts: int
    part: int = 0

    def valid(self, upstream: bool) -> bool:
        return upstream

    def ready(self, downstream: bool) -> bool:
        return downstream and self.part == self.parts - 1

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        self.part = (self.part + left) % self.parts


@dataclass
class _Widener(_Still):
    """So many beats arrive; the output is offered beside the last one."""

    beats: int
    beat: int = 0

    def valid(self, upstream: bool) -> bool:
        return upstream and self.beat == self.beats - 1

    def ready(self, downstream: bool) -> bool:
        return downstream or self.beat < self.beats - 1

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        self.beat = (self.beat + arrived) % self.beats


def model_of(stage: Stage) -> Model:
    """Give the model of a stage, as after a reset."""
    stage = at_one_position(stage)
    match stage:
        case UnrolledDense() | ParallelThreshold() | ParallelArgmax() | SerialThreshold():
            return _Pipeline(stage.latency)
        case OutputBuffer() | WindowMax():
            return _Pipeline(stage.latency)
        case SerialArgmax():
            return _Pipeline(1, stage.inputs.beats)
        case FoldedDense() | Reorder():
            return folded_model(stage)
        case WindowBuffer() | RunningPool() | Enlarger():
            return _map_model(stage)
        case Fifo():
            return FifoModel(stage.depth)
        case Narrower():
            return _Narrower(stage.parts)
        case Widener():
            return _Widener(stage.inputs.beats)
        case _:
            assert_never(stage)


def _map_model(stage: WindowBuffer | RunningPool | Enlarger) -> Model:
    match stage:
        case WindowBuffer():
            return WindowModel(stage)
        case RunningPool():
            return PoolModel(stage)
        case Enlarger():
            return EnlargerModel(stage)
        case _:
            assert_never(stage)

"""When results come: the handshakes of a chain of stages, cycle by cycle, without the data.

Every stage of the RTL has its model here with the same registers; latency and interval are read
off a run of a few vectors with a source and a sink that never wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, assert_never

from hwgen.plan.stages import (
    FoldedDense,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
    UnrolledDense,
)

FOLDED_PIPELINE = 3  # registers between a step and its accumulator
WARM_UP = 3  # vectors, beside one a stage, until the interval is steady
WINDOW = 4  # intervals of which the longest counts


class _Model(Protocol):
    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""

    def tick(self, arrived: bool, downstream: bool) -> None:
        """Give the clock edge: `arrived`, an input beat was taken."""


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

    def tick(self, arrived: bool, downstream: bool) -> None:
        if self.latency and self.ready(downstream):
            leaves = arrived and self.beat == self.beats_per_output - 1
            self.stages = [leaves, *self.stages[:-1]]
            self.beat = (self.beat + arrived) % self.beats_per_output


@dataclass
class _Folded:
    """The vector buffer, the sequencer and the pipeline behind it."""

    beats: int
    last: tuple[bool, ...]
    beat: int = 0
    fill_bank: int = 0
    read_bank: int = 0
    free_bank: int = 0
    filled: list[bool] = field(default_factory=lambda: [False, False])
    busy: list[bool] = field(default_factory=lambda: [False, False])
    step: int = 0
    claimed: bool = False
    pipeline: list[bool] = field(default_factory=lambda: [False] * FOLDED_PIPELINE)
    output_valid: bool = False

    def valid(self, upstream: bool) -> bool:
        return self.output_valid

    def ready(self, downstream: bool) -> bool:
        return not self.busy[self.fill_bank]

    def tick(self, arrived: bool, downstream: bool) -> None:
        enable = downstream or not self.output_valid
        issue = self.filled[self.read_bank]
        claim = enable and issue and self.step == len(self.last) - 1
        release = self.claimed and enable
        if enable:
            ends = issue and self.last[self.step]
            self.output_valid = self.pipeline[-1]
            self.pipeline = [ends, *self.pipeline[:-1]]
            if issue:
                self.step = 0 if claim else self.step + 1
            self.claimed = claim
        if claim:
            self.filled[self.read_bank] = False
            self.read_bank ^= 1
        if arrived:
            self.beat += 1
            if self.beat == self.beats:
                self.beat = 0
                self.filled[self.fill_bank] = self.busy[self.fill_bank] = True
                self.fill_bank ^= 1
        if release:
            self.busy[self.free_bank] = False
            self.free_bank ^= 1


def _model(stage: Stage) -> _Model:
    match stage:
        case UnrolledDense() | ParallelThreshold() | ParallelArgmax() | SerialThreshold():
            return _Pipeline(stage.latency)
        case OutputBuffer():
            return _Pipeline(stage.latency)
        case SerialArgmax():
            return _Pipeline(1, stage.inputs.beats)
        case FoldedDense():
            return _Folded(stage.inputs.beats, stage.last)
        case _:
            assert_never(stage)


def latency_and_interval(stages: tuple[Stage, ...]) -> tuple[int, int]:
    """Cycles from the first input beat to the first output beat, and between vectors."""
    models = [_model(stage) for stage in stages]
    beats = stages[-1].outputs.beats
    times: list[int] = []
    cycle = 0
    while len(times) < (WARM_UP + len(stages) + WINDOW) * beats:
        if _cycle(models):
            times.append(cycle)
        cycle += 1
    ends = times[beats - 1 :: beats][-WINDOW - 1 :]
    return times[0], max(late - early for early, late in pairwise(ends))


def _cycle(models: list[_Model]) -> bool:
    """One clock cycle of a chain whose source and sink never wait: whether a beat left."""
    offered = [True]
    for model in models:
        offered.append(model.valid(offered[-1]))
    accepted = [True]
    for model in reversed(models):
        accepted.append(model.ready(accepted[-1]))
    accepted.reverse()
    for index, model in enumerate(models):
        model.tick(offered[index] and accepted[index], accepted[index + 1])
    return offered[-1]

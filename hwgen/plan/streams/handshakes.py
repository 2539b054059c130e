"""A design's handshakes: the registers of every stage's control, and who reads whom, as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.stage import Fifo, Stage
from hwgen.plan.stages.wiring import Reads, in_a_row
from hwgen.plan.streams import map_rules, pipeline_rules, rules, run
from hwgen.plan.streams.control import Control, control_of
from hwgen.plan.streams.islands import edges_of, islands_of, lists_of

FOREVER = pipeline_rules.FOREVER


class StageModel:
    """One stage by itself, a cycle at a time."""

    def __init__(self, stage: Stage) -> None:
        control = control_of(stage)
        self._kind = control.kind
        self._constants = np.array(control.constants, np.int64)
        self._registers = np.array(control.registers, np.int64)

    @property
    def _own(self) -> tuple[int, int, int, IntArray, IntArray]:
        return self._kind, 0, 0, self._constants, self._registers

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return bool(rules.valid(*self._own, int(upstream)))

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""
        return bool(rules.ready(*self._own, int(downstream)))

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge: `arrived`, an input beat was taken; `left`, an output beat was."""
        rules.tick(*self._own, int(arrived), int(left), int(downstream))


@dataclass(slots=True)
class Clock:
    """Cycles so far, beats that came and left, and the cycles of the first of each."""

    numbers: IntArray

    @property
    def cycle(self) -> int:
        """Cycles so far."""
        return int(self.numbers[run.CYCLE])

    @property
    def came(self) -> int:
        """Beats that came."""
        return int(self.numbers[run.CAME])

    @property
    def left(self) -> int:
        """Beats that left."""
        return int(self.numbers[run.LEFT])

    @property
    def first(self) -> int:
        """The cycle in which the first beat came."""
        return int(self.numbers[run.FIRST_CAME])

    @property
    def latency(self) -> int:
        """Cycles from the first beat that came to the first that left."""
        return int(self.numbers[run.FIRST_LEFT] - self.numbers[run.FIRST_CAME])


class Handshakes:
    """The handshakes of a design; without a `sink`, one that never waits.

    A beat of a stage that several read leaves when all take it, and one that reads several takes a
    beat of each when all are there. Of the readers of one stage all but one at the most are queues
    (`Fifo`), which take a beat or not whatever is behind them.
    """

    def __init__(
        self, stages: tuple[Stage, ...], reads: Reads | None = None, sink: Control | None = None
    ) -> None:
        reads = in_a_row(len(stages)) if reads is None else reads
        controls = [control_of(stage) for stage in stages]
        if sink is not None:
            controls.append(sink)
            reads = (*reads, (len(stages) - 1,))
        self._queues = [k for k, stage in enumerate(stages) if isinstance(stage, Fifo)]
        sizes = [
            (len(control.constants), len(control.registers), len(sources))
            for control, sources in zip(controls, reads, strict=True)
        ]
        starts = np.concatenate([np.zeros((1, 3), np.int64), np.cumsum(sizes, axis=0)])
        kinds = np.array([[*(control.kind for control in controls), 0]])
        self._lay = np.concatenate([kinds.T, starts], axis=1)
        self._edges, gates = edges_of(reads, set(self._queues))
        out = lists_of(self._edges[:-1, run.SOURCE], len(self._lay))
        self._constants = np.array([n for c in controls for n in c.constants], np.int64)
        self._registers = np.array([n for c in controls for n in c.registers], np.int64)
        self._net = (self._lay, self._edges, gates, out, self._constants, self._registers)
        self._reads = reads
        self.clock = Clock(np.zeros(5, np.int64))
        self._known = np.zeros((run.ROWS, len(controls) + 1), np.int64)
        self._known[run.MOVED] = -1
        self._lists = np.zeros((run.LISTS, max(len(controls) + 1, run.NUMBERS_SIZE)), np.int64)
        self._given = np.zeros(len(self._edges), np.int64)
        self._log = np.zeros(0, np.int64)
        self._lists[run.STAGES, : len(controls)] = np.arange(len(controls))  # in the first cycle
        self._lists[run.NUMBERS, run.STAGES] = len(controls)
        self._look_everywhere()

    def _look_everywhere(self) -> None:
        """Find the islands, and list them all for the next cycle."""
        apart = [
            kind in (rules.QUEUE, rules.FOLDED)
            or (kind == rules.WINDOW and self._constants[first + map_rules.QUEUE] > 0)
            for kind, first in self._lay[:-1, : run.CONSTANTS + 1].tolist()
        ]
        islands = islands_of(self._reads, apart)
        self._islands = lists_of(islands, len(self._lay))
        self._known[run.ISLAND] = islands
        found, which = sorted(set(islands.tolist())), run.ISLANDS + self._lists[-1, run.TURN]
        self._known[run.CHANGED] = self.clock.cycle
        self._lists[which, : len(found)] = found
        self._lists[run.NUMBERS, which] = len(found)

    @property
    def _state(self) -> tuple[tuple[IntArray, ...], *tuple[IntArray, ...]]:
        net = (*self._net, self._islands, self._log)
        return net, self._known, self._lists, self._given, self.clock.numbers

    @property
    def _all(self) -> tuple[IntArray, ...]:
        """All that changes, less the islands."""
        numbers = self._lay, self._constants, self._registers, self.clock.numbers
        return (*numbers, self._known, self._lists, self._given)

    def kept(self) -> tuple[IntArray, ...]:
        """Give a copy of all that changes, to go on from there later."""
        return tuple(array.copy() for array in self._all)

    def go_back(self, kept: tuple[IntArray, ...], depths: Mapping[int, int]) -> None:
        """Go on from what `kept` gave, with queues of other depths.

        One of depth 0 passes beats on. What is held beyond a new depth leaves first.
        """
        for array, copy in zip(self._all, kept, strict=True):
            array[...] = copy
        for stage, depth in depths.items():
            self._lay[stage, run.KIND] = rules.QUEUE if depth else rules.NO_QUEUE
            self._constants[self._lay[stage, run.CONSTANTS] + pipeline_rules.SIZE] = depth
        self._look_everywhere()

    def run(self, wanted: int, goal: int = 0, beats: int = 1) -> bool:
        """Run until so many beats have left in all; False where the design stands still before.

        The source has a beat in every cycle, or, where there is a `goal`, so many `beats` evenly in
        as many cycles.
        """
        return int(run.advance(*self._state, (beats, goal), wanted)) < FOREVER

    def cycle(self, offers: bool = True, most: int = FOREVER) -> tuple[int, bool, bool]:
        """Run one cycle; `offers`: whether the source has a beat.

        Gives the cycles that were skipped before it because nothing moves in them, `most` at the
        most and FOREVER where all stands still, and whether a beat was taken, and one left.
        """
        before = self.clock.came, self.clock.left
        skipped = int(run.advance(*self._state, (int(offers), most), 0))
        return skipped, self.clock.came > before[0], self.clock.left > before[1]

    def passed(self) -> list[int]:
        """Give how many beats have passed each place: the input, then the stages."""
        found: list[int] = self._known[run.PASSED].tolist()
        return found

    def logged(self, counts: list[int], vector: int) -> list[IntArray]:
        """Give the cycles of the first beats that pass the input and each of the stages.

        So many of each; whole vectors are run, of so many output beats.
        """
        ends = np.cumsum([0, *counts])
        self._log = np.zeros(ends[-1], np.int64)
        self._known[run.LOGGED], self._known[run.LOG_END] = ends[:-1], ends[1:]
        while (self._known[run.LOGGED] < ends[1:]).any():
            moved = self.run(self.clock.left + vector)
            assert moved
        return np.split(self._log, ends[1:-1])

    def state(self) -> bytes:
        """Give what decides all that follows: the registers, less what queues held the most."""
        run.catch_all_up(self._state[0], self._known, self.clock.cycle)
        registers = self._registers.copy()
        registers[self._lay[self._queues, run.REGISTERS] + pipeline_rules.PEAK] = 0
        return registers.tobytes()

    def peaks(self) -> dict[int, int]:
        """Give what each queue held the most, with what came as something left, by its stage."""
        first = self._lay[self._queues, run.REGISTERS]
        peaks = self._registers[first + pipeline_rules.PEAK].tolist()
        return dict(zip(self._queues, peaks, strict=True))

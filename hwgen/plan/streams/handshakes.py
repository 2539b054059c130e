"""A design's handshakes: the registers of every stage's control, and who reads whom, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray, IntType
from hwgen.plan.stages.stage import Fifo, Stage, Stream
from hwgen.plan.stages.wiring import Reads, in_a_row, readers_of
from hwgen.plan.streams import map_rules, pipeline_rules, rules, run
from hwgen.plan.streams.control import Control, control_of

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
        sizes = [
            (len(control.constants), len(control.registers), len(sources))
            for control, sources in zip(controls, reads, strict=True)
        ]
        starts = np.concatenate([np.zeros((1, 3), np.int64), np.cumsum(sizes, axis=0)])
        kinds = np.array([*(control.kind for control in controls), 0])
        self._queues = [k for k, stage in enumerate(stages) if isinstance(stage, Fifo)]
        edges, gates = _edges(reads, set(self._queues))
        self._registers = np.array([n for c in controls for n in c.registers], np.int64)
        constants = np.array([n for c in controls for n in c.constants], np.int64)
        self._peaks = [int(starts[k, 1]) + pipeline_rules.PEAK for k in self._queues]
        self.clock = Clock(np.zeros(5, np.int64))
        self._known = np.zeros((run.ROWS, len(controls) + 1), np.int64)
        self._known[run.ISLAND] = islands = _islands(reads, [_is_apart(c) for c in controls])
        self._known[[run.MOVED, run.LOGGED]] = -1
        self._lists = np.zeros((run.LISTS, max(len(controls) + 1, run.NUMBERS_SIZE)), np.int64)
        self._known[run.CHANGED] = 0  # all are listed for the first cycle
        for rows, items in ((run.STAGES, range(len(controls))), (run.ISLANDS, set(islands))):
            self._lists[rows, : len(items)] = list(items)
            self._lists[run.NUMBERS, rows] = len(items)
        lay = np.concatenate([kinds[:, None], starts], axis=1)
        out, members = _lists(edges[:-1, run.SOURCE], len(lay)), _lists(islands, len(lay))
        self._net = (lay, edges, gates, out, constants, self._registers, members)
        self._log = np.zeros(0, np.int64)
        self._given = np.zeros(len(edges), np.int64)

    @property
    def _state(self) -> tuple[tuple[IntArray, ...], *tuple[IntArray, ...]]:
        net = (*self._net, self._log)
        return net, self._known, self._lists, self._given, self.clock.numbers

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

    def state(self) -> bytes:
        """Give what decides all that follows: the registers, less what queues held the most."""
        run.catch_all_up(self._state[0], self._known, self.clock.cycle)
        registers = self._registers.copy()
        registers[self._peaks] = 0
        return registers.tobytes()

    def peaks(self) -> dict[int, int]:
        """Give what each queue held the most, with what came as something left, by its stage."""
        return {
            stage: int(self._registers[place])
            for stage, place in zip(self._queues, self._peaks, strict=True)
        }


def prepare() -> None:
    """Compile the rules and keep them on disk: seconds, once for a machine."""
    bit = Stream(lanes=(IntType.parse("u1"),), order=(0,))
    queue = Fifo(name="queue", inputs=bit, outputs=bit, depth=2)
    Handshakes((queue,)).run(1)


def _edges(reads: Reads, queues: set[int]) -> tuple[IntArray, IntArray]:
    """Give the edges, one a stage and place that it reads, and the queues that each waits for."""
    readers = readers_of(reads)
    rows: list[tuple[int, int, int]] = []
    gates: list[int] = []
    for index, sources in enumerate(reads):
        for source in sources:
            rows.append((index, source + 1, len(gates)))
            gates += [k for k in readers[source + 1] if k != index and k in queues]
    rows.append((0, 0, len(gates)))
    return np.array(rows, np.int64), np.array([*gates, 0], np.int64)


def _lists(owners: IntArray, count: int) -> IntArray:
    """List what belongs to each of `count` owners, behind where each list begins and ends."""
    order = np.argsort(owners, kind="stable")
    starts = np.searchsorted(owners[order], np.arange(count + 1))
    return np.concatenate([starts + count + 1, order])


def _is_apart(control: Control) -> bool:
    """Whether what a stage offers and accepts follows from its registers alone."""
    window = control.kind == rules.WINDOW and control.constants[map_rules.QUEUE] > 0
    return window or control.kind in (rules.QUEUE, rules.FOLDED)


def _islands(reads: Reads, apart: list[bool]) -> IntArray:
    """Give the island of each place: places that reach one another within a cycle."""
    found = list(range(len(reads) + 1))

    def join(places: list[int]) -> None:
        islands = {found[place] for place in places}
        found[:] = [min(islands) if own in islands else own for own in found]

    for stage, sources in enumerate(reads):
        join([source + 1 for source in sources] + ([] if apart[stage] else [stage + 1]))
    return np.array(found, np.int64)

"""When results come: the handshakes of a graph of stages, cycle by cycle, without the data.

Latency and interval are read off a run of a few vectors with a source and a sink that never wait.
The run ends when the registers are as they were at the end of an earlier vector: from there on all
repeats itself. Cycles in which no beat moves are skipped.
"""

from __future__ import annotations

from itertools import pairwise

from hwgen.plan.stages.stage import Fifo, Stage
from hwgen.plan.stages.wiring import Reads, in_a_row, readers_of
from hwgen.plan.streams.folded_handshakes import Store
from hwgen.plan.streams.handshakes import FOREVER, Model, model_of

WARM_UP = 3  # vectors, beside one a stage, after which the interval is taken as steady
WINDOW = 4  # intervals of which the longest counts then


def latency_and_interval(stages: tuple[Stage, ...], reads: Reads | None = None) -> tuple[int, int]:
    """Cycles from the first input beat to the first output beat, and between vectors.

    Without `reads` the stages are a chain. `FOREVER` where the design stands still.
    """
    run = Handshakes(stages, reads)
    beats, most = stages[-1].outputs.beats, WARM_UP + len(stages) + WINDOW
    ends: list[int] = []
    seen: dict[tuple[object, ...], int] = {}
    first_taken = first_left = -1
    cycle = left_beats = 0
    while len(ends) < most:
        skipped, taken, left = run.cycle()
        if skipped == FOREVER:
            return FOREVER, FOREVER
        cycle += skipped
        if taken and first_taken < 0:
            first_taken = cycle
        if left:
            first_left = cycle if first_left < 0 else first_left
            left_beats += 1
        if left and left_beats == beats:
            left_beats = 0
            ends.append(cycle)
            state = run.registers()
            if state in seen:
                ends = ends[seen[state] :]
                break
            seen[state] = len(ends) - 1
        cycle += 1
    if len(ends) == most:
        ends = ends[-WINDOW - 1 :]
    return first_left - first_taken, max(late - early for early, late in pairwise(ends))


def _registers(part: object) -> object:
    """Give the values of all registers of a model: its numbers and lists, and those of its parts.

    What never changes is in tuples, dictionaries and stages.
    """
    if isinstance(part, int):
        return part
    if isinstance(part, list):
        return tuple(_registers(item) for item in part)
    return tuple(
        _registers(value) for value in vars(part).values() if isinstance(value, int | list | Store)
    )


class Handshakes:
    """The handshakes of a design; without a model of its `sink`, one that never waits.

    A beat of a stage that several read leaves when all take it, and one that reads several takes a
    beat of each when all are there. Of the readers of one stage all but one at the most are queues
    (`Fifo`), which take a beat or not whatever is behind them.
    """

    def __init__(
        self, stages: tuple[Stage, ...], reads: Reads | None = None, sink: Model | None = None
    ) -> None:
        reads = in_a_row(len(stages)) if reads is None else reads
        self.models: list[Model] = [model_of(stage) for stage in stages]
        if sink is not None:
            self.models.append(sink)
            reads = (*reads, (len(stages) - 1,))
        self._sources = [tuple(source + 1 for source in sources) for sources in reads]
        self._readers = readers_of(reads)
        self._gates = [
            tuple(
                tuple(
                    self.models[other]
                    for other in self._readers[source]
                    if other != index and isinstance(stages[other], Fifo)
                )
                for source in self._sources[index]
            )
            for index in range(len(self.models))
        ]
        self._is_chain = reads == in_a_row(len(self.models))

    def registers(self) -> tuple[object, ...]:
        """Give the values of all registers."""
        return tuple(_registers(model) for model in self.models)

    def cycle(self, offers: bool = True, most: int = FOREVER) -> tuple[int, bool, bool]:
        """One clock cycle; `offers`: whether the source has a beat.

        Gives the cycles that were skipped before it because nothing moves in them, `most` at the
        most, and whether a beat was taken, and one left.
        """
        if self._is_chain:
            offered, accepted, arrived = self._of_chain(offers)
        else:
            offered, accepted, arrived = self._of_graph(offers)
        models, skipped = self.models, 0
        left = [given and taken for given, taken in zip(offered, accepted, strict=True)]
        if not any(left):
            skipped = min(m.quiet(later) for m, later in zip(models, accepted[1:], strict=True))
            skipped = min(skipped, most)
            for model, later in zip(models, accepted[1:], strict=True):
                model.skip(skipped, later)
        for index, model in enumerate(models):
            model.tick(arrived[index], left[index + 1], accepted[index + 1])
        return skipped, left[0], offered[-1]

    def _of_chain(self, offers: bool) -> tuple[list[bool], list[bool], list[bool]]:
        offered = [offers]
        for model in self.models:
            offered.append(model.valid(offered[-1]))
        accepted = [True]
        for model in reversed(self.models):
            accepted.append(model.ready(accepted[-1]))
        accepted.reverse()
        return offered, accepted, [a and b for a, b in zip(offered, accepted, strict=True)]

    def _of_graph(self, offers: bool) -> tuple[list[bool], list[bool], list[bool]]:
        """Give what is offered, what of it is taken, and to which stages beats come."""
        models, offered = self.models, [offers]
        given: dict[tuple[int, int], bool] = {}  # of stages that read or are read with others
        for index, model in enumerate(models):
            sources = self._sources[index]
            if len(sources) == 1 and not self._gates[index][0]:
                offered.append(model.valid(offered[sources[0]]))
                continue
            for source, queues in zip(sources, self._gates[index], strict=True):
                is_there = offered[source] and all(queue.ready(False) for queue in queues)
                given[index, source] = is_there
            offered.append(model.valid(all(given[index, source] for source in sources)))
        accepted = [True] * (len(models) + 1)
        ready = [False] * len(models)
        for place in range(len(models), -1, -1):
            for reader in self._readers[place]:
                accepted[place] &= ready[reader]
                if len(self._sources[reader]) > 1:
                    others = (source for source in self._sources[reader] if source != place)
                    accepted[place] &= all(given[reader, source] for source in others)
            if place:
                ready[place - 1] = models[place - 1].ready(accepted[place])
        moved = [a and b for a, b in zip(offered, accepted, strict=True)]
        arrived = [
            moved[sources[0]] if len(sources) == 1 else all(moved[s] for s in sources)
            for sources in self._sources
        ]
        return offered, accepted, arrived

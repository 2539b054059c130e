"""Queues between stages of unlike rhythm, and where a stream divides: as short as full rate allows.

A source that gives its beats evenly, at the rate of the slowest stage, is followed through queues
without an end; what they hold at the most is enough, since no queue is then ever full, and a
source that is earlier makes no beat later: no stage chooses by what happens to be waiting. Then
each queue is shortened as far as the same rate is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.plan.identifier import part_name
from hwgen.plan.stages.stage import Fifo, Stage, Stream
from hwgen.plan.stages.wiring import INPUT, Reads, readers_of
from hwgen.plan.streams.handshakes import Handshakes
from hwgen.plan.streams.joints import slowest_stage
from hwgen.plan.streams.timing import latency_and_interval

Edge = tuple[int, int]  # a stage, and the place of one of those that it reads
Depths = dict[Edge, int]
Wired = tuple[tuple[Stage, ...], Reads]
LEAST = 2  # beats of a queue: with one a beat passes every other cycle
ENDLESS = 1 << 40
FRAMES = 8  # after which the levels of queues are taken as steady
WARM = 8  # vectors of a run that finds an interval, about
MOST_TICKS = 20_000_000_000  # of stages, in all runs that shorten queues: a minute or two


def with_queues(
    inputs: Stream, stages: tuple[Stage, ...], reads: Reads, places: tuple[Edge, ...]
) -> Wired:
    """Put queues where stages need them.

    Parameters
    ----------
    inputs, stages, reads
        A design without queues, and the stream that enters it.
    places
        Where a queue may be put, beside the places where a stream divides: there all ways but one
        must have one.
    """
    net = _Net(inputs, stages, reads)
    goal = slowest_stage(stages)
    forks = net.forks()
    if not forks and (not places or net.interval({}) <= goal):
        return stages, reads
    edges = tuple(dict.fromkeys((*places, *(edge for ways in forks for edge in ways))))
    depths = net.peaks(edges, goal)
    best = net.interval(depths)
    runs = len(edges) + sum(depth.bit_length() for depth in depths.values() if depth > LEAST)
    if runs * best * len(stages) * WARM > MOST_TICKS:
        return net.queued(depths)
    return net.queued(_shortened(net, depths, forks, best))


def _shortened(net: _Net, depths: Depths, forks: list[list[Edge]], best: int) -> Depths:
    """Shorten queues one after another; one less of any of them is then slower or stands still."""
    kept = {way for ways in forks for way in sorted(ways, key=lambda way: depths[way])[1:]}
    depths = dict(depths)

    def drop(edges: list[Edge]) -> None:
        """Leave out what is not needed, many at once where that does no harm."""
        if edges and net.interval(depths | dict.fromkeys(edges, 0)) <= best:
            depths.update(dict.fromkeys(edges, 0))
        elif len(edges) > 1:
            middle = len(edges) // 2
            drop(edges[:middle])
            drop(edges[middle:])

    drop([edge for edge in depths if edge not in kept])
    for edge in sorted(depths, key=lambda edge: depths[edge]):
        low, high = LEAST, depths[edge]
        while low < high:
            middle = (low + high) // 2
            if net.interval(depths | {edge: middle}) <= best:
                high = middle
            else:
                low = middle + 1
        depths[edge] = high
    return depths


@dataclass(frozen=True, slots=True)
class _Net:
    """A design without queues."""

    inputs: Stream
    stages: tuple[Stage, ...]
    reads: Reads

    def forks(self) -> list[list[Edge]]:
        """Give the ways out of each place where a stream divides."""
        found: dict[int, list[Edge]] = {}
        for index, sources in enumerate(self.reads):
            for place, source in enumerate(sources):
                found.setdefault(source, []).append((index, place))
        return [ways for ways in found.values() if len(ways) > 1]

    def queued(self, depths: Depths) -> Wired:
        """Put a queue of its depth on each edge; one of depth 0 or 1 is left out."""
        readers = readers_of(self.reads)
        found: list[Stage] = []
        reads: list[tuple[int, ...]] = []
        moved = {INPUT: INPUT}
        for index, (stage, sources) in enumerate(zip(self.stages, self.reads, strict=True)):
            own = []
            for place, source in enumerate(sources):
                own.append(moved[source])
                depth = depths.get((index, place), 0)
                if depth < LEAST:
                    continue
                if source != INPUT and len(readers[source + 1]) == 1:
                    name = part_name(self.stages[source].name, "fifo")
                else:
                    name = part_name(stage.name, f"skip{place}" if len(sources) > 1 else "skip")
                stream = self.inputs if source == INPUT else self.stages[source].outputs
                if len(sources) == 1 and source != INPUT:
                    stream = stage.inputs
                found.append(Fifo(name=name, inputs=stream, outputs=stream, depth=depth))
                reads.append((moved[source],))
                own[-1] = len(found) - 1
            found.append(stage)
            reads.append(tuple(own))
            moved[index] = len(found) - 1
        return tuple(found), tuple(reads)

    def interval(self, depths: Depths) -> int:
        """Cycles between vectors; without an end where it stands still."""
        return latency_and_interval(*self.queued(depths))[1]

    def peaks(self, edges: tuple[Edge, ...], goal: int) -> Depths:
        """Give what queues without an end hold at the most, behind a source that is even."""
        stages, reads = self.queued(dict.fromkeys(edges, ENDLESS))
        design = Handshakes(stages, reads)
        beats, frame = self.inputs.beats, stages[-1].outputs.beats
        seen: set[tuple[int, int, bytes]] = set()
        for left in range(1, FRAMES + 1):
            if not design.run(left * frame, goal, beats):
                raise AssertionError("a design with queues without an end must not stand still")
            state = (design.clock.cycle % goal, design.clock.came % beats, design.state())
            if state in seen:
                break
            seen.add(state)
        held = design.peaks()
        endless = [k for k, s in enumerate(stages) if isinstance(s, Fifo) and s.depth == ENDLESS]
        # edges stand among the stages in their order
        return {e: max(held[k], LEAST) for e, k in zip(sorted(edges), endless, strict=True)}

"""Queues between stages of unlike rhythm, and where a stream divides: as short as full rate allows.

A source that gives its beats evenly, at the rate of the slowest stage, is followed through queues
without an end. What they hold at the most is where the search begins: with these depths none of
them is ever full behind such a source. Then each queue is left out or shortened as far as a source
that always has a beat keeps the rate.

A stage stops as a whole while its output waits, with what is on its way in it and the gaps between.
So a beat that comes earlier can make a later one come later, and a shorter queue can be the faster
one: what is enough is found by runs, not by a rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter

from hwgen.plan.identifier import part_name
from hwgen.plan.stages.joint import extra_words
from hwgen.plan.stages.stage import Fifo, Stage, Stream
from hwgen.plan.stages.wiring import INPUT, Reads, readers_of
from hwgen.plan.streams.handshakes import FOREVER, Handshakes
from hwgen.plan.streams.joints import slowest_stage
from hwgen.plan.streams.order import full_queues
from hwgen.plan.streams.timing import latency_and_interval, steady_interval

Edge = tuple[int, int]  # a stage, and the place of one of those that it reads
Depths = dict[Edge, int]
Wired = tuple[tuple[Stage, ...], Reads]
LEAST = 2  # beats of a queue: with one a beat passes every other cycle
ENDLESS = 1 << 40
FRAMES = 8  # after which the levels of queues are taken as steady
WARM = 8  # vectors of a run that finds an interval, about
MOST_TICKS = 20_000_000_000  # of stages, in all runs that shorten queues: a minute or two
SHORT = 1_000_000  # cycles a vector times stages, for which all runs begin behind a reset


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
    if not forks and (not places or latency_and_interval(stages, reads)[1] <= goal):
        return stages, reads
    edges = tuple(dict.fromkeys((*places, *(edge for ways in forks for edge in ways))))
    depths = _at_full_rate(net, tuple(sorted(edges)), goal, forks)
    stages, reads = net.queued(_in_order(net, depths))
    return tuple(map(_with_words, stages)), reads


def _with_words(stage: Stage) -> Stage:
    """Give a queue so many words that it repeats itself before long."""
    if not isinstance(stage, Fifo) or stage.in_registers:
        return stage
    return replace(stage, extra=extra_words(stage.depth, stage.inputs.beats))


def _at_full_rate(net: _Net, edges: tuple[Edge, ...], goal: int, forks: list[list[Edge]]) -> Depths:
    """Find depths with which a source that always has a beat gets the rate of long queues."""
    search = _Search(net, edges, goal)
    bits = sum(depth.bit_length() for depth in search.depths.values() if depth > LEAST)
    if (len(edges) + bits) * search.best * len(net.stages) * WARM > MOST_TICKS:
        return search.depths
    from_steady = search.best * len(net.stages) > SHORT
    search.shorten(forks, from_steady=from_steady)
    if from_steady:
        search.lengthen()
    return search.depths


def _in_order(net: _Net, depths: Depths) -> Depths:
    """Deepen queues until nothing can stand still."""
    while full := full_queues(*net.queued(depths)):
        edges = [edge for edge, depth in sorted(depths.items()) if depth >= LEAST]
        queues = [k for k, stage in enumerate(net.queued(depths)[0]) if isinstance(stage, Fifo)]
        stage_of = dict(zip(edges, queues, strict=True))
        depths = {e: depth + (stage_of.get(e) in full) for e, depth in depths.items()}
    return depths


class _Search:
    """Finds how short queues can be at full rate.

    Parameters
    ----------
    net, edges
        A design without queues, and where it may have some.
    goal
        Cycles a frame of its slowest stage.
    """

    def __init__(self, net: _Net, edges: tuple[Edge, ...], goal: int) -> None:
        self._net = net
        stages, reads = net.queued(dict.fromkeys(edges, ENDLESS))
        queues = (k for k, s in enumerate(stages) if isinstance(s, Fifo) and s.depth == ENDLESS)
        self._stage_of = dict(zip(edges, queues, strict=True))  # edges stand in their order
        self._design, self._beats = Handshakes(stages, reads), stages[-1].outputs.beats
        self._start = self._design.kept()
        self._peaks = self._most_held(goal)
        self.depths = dict(self._peaks)
        self._design.go_back(self._start, self._by_stage(self._peaks))
        self._many = WARM + len(stages)  # until what came first no longer matters
        self.best = self.reached = self._interval(self._many)
        self._steady = self._from = self._design.kept()

    def _most_held(self, goal: int) -> Depths:
        """Give what queues without an end hold at the most, behind a source that is even."""
        design, beats = self._design, self._net.inputs.beats
        seen: set[tuple[int, int, bytes]] = set()
        for left in range(1, FRAMES + 1):
            if not design.run(left * self._beats, goal, beats):
                raise AssertionError("a design with queues without an end must not stand still")
            state = (design.clock.cycle % goal, design.clock.came % beats, design.state())
            if state in seen:
                break
            seen.add(state)
        held = design.peaks()
        return {edge: max(held[stage], LEAST) for edge, stage in self._stage_of.items()}

    def _interval(self, most: int, wanted: int = FOREVER) -> int:
        return steady_interval(self._design, self._beats, most, wanted).interval

    def _by_stage(self, depths: Depths) -> dict[int, int]:
        return {self._stage_of[edge]: depth for edge, depth in depths.items()}

    def _is_enough(self, depths: Depths) -> bool:
        """Whether the interval stays with these depths, and if so keep them."""
        from_steady = self._from is not self._start
        changed = depths if from_steady else self.depths | depths
        self._design.go_back(self._from, self._by_stage(changed))
        interval = self._interval(*((WARM, self.best) if from_steady else (self._many,)))
        if interval > self.best:
            return False
        self.best = interval  # fewer places can also be faster
        self.depths |= depths
        if from_steady:
            self._from = self._design.kept()
        return True

    def shorten(self, forks: list[list[Edge]], *, from_steady: bool) -> None:
        """Shorten queues one after another, until one less of any is slower or stands still.

        Of the ways of a fork all but one keep a queue. Runs go on from a state in which all repeats
        itself with longer queues, which takes few vectors, or begin behind a reset.
        """
        self.depths, self.best = dict(self._peaks), self.reached
        self._from = self._steady if from_steady else self._start
        needed = {w for ways in forks for w in sorted(ways, key=lambda w: self.depths[w])[1:]}
        optional = [edge for edge in self.depths if edge not in needed]
        short = [edge for edge in optional if self.depths[edge] == LEAST]  # most are not needed
        self._drop(short)
        for edge in optional:
            if edge not in short:
                self._is_enough({edge: 0})
        for edge, depth in sorted(self.depths.items(), key=itemgetter(1)):
            if depth > LEAST and not self._is_enough({edge: LEAST}):
                self._lower(edge)
        again = not from_steady  # what was too short beside longer queues may do now
        while again:
            shorter = [self._shorten_again(edge, optional) for edge in self.depths]
            again = any(shorter)

    def lengthen(self) -> None:
        """Give back places until a run that begins behind a reset has the rate of long queues.

        All places of one queue after another, of which most were taken first; then each that turns
        out not to need them loses them again.
        """
        found = dict(self.depths)
        taken = {edge: self._peaks[edge] - depth for edge, depth in found.items()}
        given = []
        for edge in sorted((edge for edge in taken if taken[edge]), key=lambda edge: -taken[edge]):
            if self._is_at_rate():
                break
            self.depths[edge] = self._peaks[edge]
            given.append(edge)
        for edge in given[:-1]:
            self.depths[edge] = found[edge]
            if not self._is_at_rate():
                self.depths[edge] = self._peaks[edge]

    def _is_at_rate(self) -> bool:
        return latency_and_interval(*self._net.queued(self.depths))[1] <= self.reached

    def _lower(self, edge: Edge) -> None:
        """Lower a queue as far as it is enough, by more places each time, then by halves.

        Most cannot be lowered at all.
        """
        low, high, less = LEAST, self.depths[edge], 1
        while low < high:
            middle = max(high - less, low)
            if self._is_enough({edge: middle}):
                high, less = middle, 2 * less
            else:
                low, less = middle + 1, max((high - middle) // 2, 1)

    def _shorten_again(self, edge: Edge, optional: list[Edge]) -> bool:
        """Try a place less, and whether a queue that may be left out is still needed."""
        before = self.depths[edge]
        if before == LEAST and edge in optional:
            self._is_enough({edge: 0})
        self._lower(edge)
        return self.depths[edge] < before

    def _drop(self, edges: list[Edge]) -> None:
        """Leave out what is not needed, many at once where that does no harm."""
        if edges and not self._is_enough(dict.fromkeys(edges, 0)) and len(edges) > 1:
            middle = len(edges) // 2
            self._drop(edges[:middle])
            self._drop(edges[middle:])


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

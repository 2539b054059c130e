"""When results come: the handshakes of a graph of stages, cycle by cycle, without the data.

Latency and interval are read off a run of a few vectors with a source and a sink that never wait.
The run ends when the registers are as they were at the end of an earlier vector: from there on all
repeats itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hwgen.plan.stages.stage import Fifo, Stage
from hwgen.plan.stages.wiring import INPUT, Reads
from hwgen.plan.streams.handshakes import FOREVER, Handshakes
from hwgen.rhythm.check import Rhythm
from hwgen.rhythm.tables import fold

WARM_UP = 3  # vectors, beside one a stage, after which the interval is taken as steady
MOST_CYCLES = 10_000  # in which a design of short vectors may come to repeat itself
WINDOW = 4  # intervals of which the longest counts then


@dataclass(frozen=True, slots=True)
class Steady:
    """How often vectors come once all repeats itself, and how many they are until it does.

    `vectors` is 0 where that was not waited for.
    """

    interval: int
    vectors: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles from the first input beat to the first output beat, and between vectors.

    `rhythm` is when beats pass, where the design has queues and comes to repeat itself.
    """

    latency: int
    interval: int
    rhythm: Rhythm | None


def timing(stages: tuple[Stage, ...], reads: Reads) -> Timing:
    """Find when results come, and with queues when beats pass; `FOREVER` where it stands still."""
    design, most = Handshakes(stages, reads), WARM_UP + len(stages) + WINDOW
    beats = [stage.outputs.beats for stage in stages]
    steady = steady_interval(design, beats[-1], most)
    if steady.interval == FOREVER:
        return Timing(FOREVER, FOREVER, None)
    latency = design.clock.latency
    if not steady.vectors or not any(isinstance(stage, Fifo) for stage in stages):
        return Timing(latency, steady.interval, None)
    return Timing(latency, steady.interval, _rhythm(design, stages, reads, steady.vectors))


def _rhythm(design: Handshakes, stages: tuple[Stage, ...], reads: Reads, vectors: int) -> Rhythm:
    """Log the beats of a design that repeats itself, from a reset on; it has run until it does."""
    own = zip(stages, reads, strict=True)
    enters = next(stage.inputs.beats for stage, sources in own if INPUT in sources)
    beats = [enters, *(stage.outputs.beats for stage in stages)]
    passed, before = design.passed(), design.clock.cycle
    design.run(design.clock.left + vectors * beats[-1])
    start = max(-(-done // a_vector) for done, a_vector in zip(passed, beats, strict=True))
    logged = Handshakes(stages, reads).logged([(start + vectors) * b for b in beats], beats[-1])
    return Rhythm(
        start=start,
        vectors=vectors,
        period=design.clock.cycle - before,
        passes=tuple(fold(times - logged[0][0]) for times in logged),
    )


def latency_and_interval(stages: tuple[Stage, ...], reads: Reads | None = None) -> tuple[int, int]:
    """Cycles from the first input beat to the first output beat, and between vectors.

    Without `reads` the stages are a chain. `FOREVER` where the design stands still.
    """
    design = Handshakes(stages, reads)
    most = WARM_UP + len(stages) + WINDOW
    interval = steady_interval(design, stages[-1].outputs.beats, most).interval
    return (design.clock.latency if interval < FOREVER else FOREVER), interval


def steady_interval(design: Handshakes, beats: int, most: int, wanted: int = FOREVER) -> Steady:
    """Run a design until it repeats itself, or for so many vectors of so many `beats`.

    Short vectors are given some time in any case. The design may have run before, up to the end of
    a vector. The interval is the longest of those that are repeated, or of the last ones; or one
    above what is `wanted` that came twice in a row.
    """
    done = design.clock.left // beats
    ends = [design.clock.cycle] if done else []
    seen = {design.state(): 0} if done else {}
    patience = design.clock.cycle + MOST_CYCLES
    while len(ends) < most or design.clock.cycle < patience:
        if not design.run((done + 1) * beats):
            return Steady(FOREVER, 0)
        done += 1
        ends.append(design.clock.cycle)
        state = design.state()
        if state in seen:
            ends = ends[seen[state] :]
            return Steady(_longest(ends), len(ends) - 1)
        seen[state] = len(ends) - 1
        if len(ends) > WINDOW - 2 and wanted < ends[-1] - ends[-2] == ends[-2] - ends[-3]:
            return Steady(ends[-1] - ends[-2], 0)
    return Steady(_longest(ends[-WINDOW - 1 :]), 0)


def _longest(ends: list[int]) -> int:
    return max(late - early for early, late in pairwise(ends))

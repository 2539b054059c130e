"""A design behind a serial line: what it takes at the pace of the line, and how much it holds.

The handshakes of the design run with a source of one beat for every so many bytes of line, and a
sink that gives the bytes of a result as slowly as the reply leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.plan.stages.stage import Fifo, Stage
from hwgen.plan.stages.wiring import INPUT, Reads
from hwgen.plan.streams.control import Control, no_sink, slow_sink
from hwgen.plan.streams.handshakes import Handshakes
from hwgen.plan.streams.timing import latency_and_interval

TRIED = 32  # vectors, beside one a stage, after which nothing new comes
ENDLESS = 1 << 40
UNLIMITED = 65_535  # vectors a frame where nothing limits them
STATES = 512  # vectors at the most until the registers are as they were


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Clock cycles of the line.

    `beat` from one beat of the input to the next, of which each must be taken within `byte`;
    `header` before the first byte of a result, `result` for all bytes of one of its beats.
    """

    beat: int
    byte: int
    header: int
    result: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Vectors that a frame may hold, and beats of a queue in front of the design for that."""

    frame_vectors: int
    fifo_depth: int


def capacity(
    stages: tuple[Stage, ...], reads: Reads, pace: Pace, most_beats: int
) -> Capacity | None:
    """Find how many vectors a frame may hold, and the queue that this needs.

    None where not one vector is taken at the pace of the line, even with a queue of `most_beats`.
    """
    inputs = _input_beats(stages, reads)
    interval = latency_and_interval(stages, reads)[1]
    line = inputs * pace.beat
    keeps_up = interval <= line and stages[-1].outputs.beats * pace.result <= line
    some = TRIED + len(stages)
    taken = _vectors(stages, reads, pace, some)
    if keeps_up and taken == some:
        return Capacity(frame_vectors=UNLIMITED, fifo_depth=0)
    if taken and not keeps_up:
        return Capacity(frame_vectors=taken, fifo_depth=0)
    peak = _peak(stages, reads, pace, some if keeps_up else 1)
    if keeps_up and peak <= most_beats:
        return Capacity(frame_vectors=UNLIMITED, fifo_depth=peak)
    if taken:
        return Capacity(frame_vectors=taken, fifo_depth=0)
    if not keeps_up and peak <= most_beats:
        return Capacity(frame_vectors=1, fifo_depth=peak)
    return None


def held_vectors(stages: tuple[Stage, ...], reads: Reads) -> int:
    """Give how many vectors a design takes before its first result is taken, at the most."""
    design = Handshakes(stages, reads, no_sink())
    design.run(1)  # until it stands still, since no beat leaves
    return -(-design.clock.came // _input_beats(stages, reads))


def cycles_of(stages: tuple[Stage, ...], reads: Reads, vectors: int) -> int:
    """Count cycles from the first input beat to the first beat of the last vector's result."""
    design, beats = Handshakes(stages, reads), stages[-1].outputs.beats
    starts: list[int] = []
    seen: dict[bytes, int] = {}
    while len(starts) < vectors:
        _run(design, len(starts) * beats + 1)
        starts.append(design.clock.cycle - 1)
        _run(design, len(starts) * beats)
        if len(starts) < STATES:
            state = design.state()
            if state in seen:
                return _repeated(starts, seen[state], vectors) - design.clock.first
            seen[state] = len(starts) - 1
    return starts[-1] - design.clock.first


def _run(design: Handshakes, beats: int) -> None:
    if not design.run(beats):
        raise AssertionError("a planned design must not stand still")


def _repeated(starts: list[int], earlier: int, vectors: int) -> int:
    """Give when the last vector's result starts: behind `earlier` all vectors repeat those after.

    The results of `earlier` and of the last one of `starts` ended with the same registers.
    """
    period = len(starts) - 1 - earlier
    span = starts[-1] - starts[earlier]
    more = vectors - 1 - earlier
    times, rest = divmod(more, period)
    return starts[earlier + rest] + times * span


def _reply(pace: Pace) -> Control:
    """Give a sink that takes a beat when all of its bytes have left."""
    return slow_sink(pace.header + pace.result, pace.result)


def _input_beats(stages: tuple[Stage, ...], reads: Reads) -> int:
    return next(s.inputs.beats for s, own in zip(stages, reads, strict=True) if own == (INPUT,))


def _vectors(stages: tuple[Stage, ...], reads: Reads, pace: Pace, most: int) -> int:
    """Count the vectors whose beats are all taken in time, `most` at the most."""
    run = Handshakes(stages, reads, _reply(pace))
    beats, cycle, given = _input_beats(stages, reads), 0, 0
    while given < most * beats:
        due = (given + 1) * pace.beat
        offers = cycle >= due
        limit = due + pace.byte if offers else due
        skipped, taken, _ = run.cycle(offers, max(limit - cycle - 1, 0))
        cycle += skipped + 1
        given += taken
        if offers and not taken and cycle >= limit:
            break
    return given // beats


def _peak(stages: tuple[Stage, ...], reads: Reads, pace: Pace, vectors: int) -> int:
    """Give the most beats that a queue in front of the design holds."""
    first = next(s.inputs for s, own in zip(stages, reads, strict=True) if own == (INPUT,))
    queue = Fifo(name="queue", inputs=first, outputs=first, depth=ENDLESS)
    behind = tuple(tuple(source + 1 for source in own) for own in reads)
    run = Handshakes((queue, *stages), ((INPUT,), *behind), _reply(pace))
    cycle, given = 0, 0
    while given < vectors * first.beats:
        due = (given + 1) * pace.beat
        skipped, taken, _ = run.cycle(cycle >= due, max(due - cycle - 1, 0))
        cycle += skipped + 1
        given += taken
    return run.peaks()[0]

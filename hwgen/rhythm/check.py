"""The rhythm of a design with queues, and the check that their depths suffice for it.

A *place* is where beats pass: place 0 is the design's input, place k + 1 the output of unit k. A
rhythm says in which cycle each beat passes each place, from a reset on, for a source that always
has a beat and a sink that never waits; from some vector on it repeats itself. Of every unit two
tables say what it promises, whatever came before and however long it was kept waiting: an output
beat comes once so many input beats of its vector came, and so many input beats are taken once so
many output beats left.

Two things are checked, beat by beat, with nothing of how depths were found:

* **Order.** The promises alone carry one vector through the design, and leave all as it was. More
  input never makes a unit do less, so neither pauses, nor a sink that waits, nor other vectors
  bring it to a standstill.
* **Rate.** Each beat is there before it is needed, and has a place in its queue when it comes, from
  the first one on and period after period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray
from hwgen.rhythm.order import Tables, carried
from hwgen.rhythm.tables import MOST, spread

FARTHEST = 1 << 50  # cycles, and beats of a queue
INPUT = -1  # in the place of a unit: what enters the design


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a unit promises of each vector.

    Attributes
    ----------
    beats
        Input beats of a vector.
    needs
        Of each output beat the input beats that it needs, as a table.
    takes
        Of each number of output beats, 0 and up, the input beats that are taken once they left.
    holds
        Whether input beats are taken before what they give leaves; else the last one of each
        output beat, or of those that it gives, passes in the same cycle.
    depth
        Of a queue, whose tables follow from it: beats that it holds. 0 of other units.
    """

    beats: int
    needs: str = ""
    takes: str = ""
    holds: bool = True
    depth: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.beats <= MOST or not 0 <= self.depth <= FARTHEST:
            raise ValueError(f"beats must lie in 1 to {MOST}, and depth in 0 to {FARTHEST}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When beats pass.

    Attributes
    ----------
    start
        Vectors after which all repeats itself.
    vectors, period
        So many vectors are repeated, so many cycles later.
    passes
        Of each place a table over `start + vectors` vectors, with the first input beat in cycle 0.
    """

    start: int
    vectors: int
    period: int
    passes: tuple[str, ...]

    def __post_init__(self) -> None:
        counted = 0 <= self.start <= MOST and 1 <= self.vectors <= MOST
        if not counted or not 1 <= self.period <= FARTHEST:
            raise ValueError(
                f"start must lie in 0 to {MOST}, vectors in 1 to {MOST}, period in 1 to {FARTHEST}"
            )


class RhythmError(ValueError):
    """Names the unit, by its number, and what is wrong there.

    `INPUT` is the design's input, None the rhythm as a whole.
    """

    def __init__(self, unit: int | None, problem: str) -> None:
        super().__init__(problem)
        self.unit = unit


def check_rhythm(
    rhythm: Rhythm | None, reads: Sequence[Sequence[int]], promises: Sequence[Promise]
) -> None:
    """Check order and, where there is a rhythm, rate.

    Parameters
    ----------
    rhythm
        When beats pass.
    reads
        Of each unit those that it reads, -1 for the design's input.
    promises
        Of each unit.

    Raises
    ------
    RhythmError
        With the unit where a table is none, order brings all to a standstill, or a beat comes too
        early or too late.
    """
    passed, beats = passed_in_order(reads, promises)
    if (passed < beats).any():
        raise _standstill(reads, promises, passed, beats)
    if rhythm is None:
        return
    if len(rhythm.passes) != len(beats):
        raise RhythmError(None, f"passes must have a table for each of {len(beats)} places")
    passes = []
    for place, table in enumerate(rhythm.passes):
        times = _numbers(place - 1, table)
        wanted = (rhythm.start + rhythm.vectors) * beats[place]
        again = times[min(rhythm.start * beats[place], len(times) - 1)] + rhythm.period
        if len(times) != wanted or (np.diff(times, append=again) < 1).any():
            raise RhythmError(
                place - 1,
                f"{wanted} beats must pass one after another, and again a period later",
            )
        passes.append(times)
    for unit, promise in enumerate(promises):
        _check_rate(unit, rhythm, reads[unit], passes, promise)


def _standstill(
    reads: Sequence[Sequence[int]], promises: Sequence[Promise], passed: IntArray, beats: IntArray
) -> RhythmError:
    """Name the queue that is full: the last one, since it holds up those before it."""
    place = int(np.flatnonzero(passed < beats)[-1])
    behind = f"{passed[place]} of its {beats[place]} beats, whatever waits for how long"
    for unit, promise in reversed([*enumerate(promises)]):
        came = passed[reads[unit][0] + 1]
        if promise.depth and came < promise.beats and came - passed[unit + 1] == promise.depth:
            what = "the design" if place == len(promises) else "a unit behind it"
            depth = f"must hold more than {promise.depth} beats"
            return RhythmError(unit, f"{depth}, or {what} stands still behind {behind}")
    return RhythmError(place - 1, f"must not stand still behind {behind}")


def passed_in_order(
    reads: Sequence[Sequence[int]], promises: Sequence[Promise]
) -> tuple[IntArray, IntArray]:
    """Give how many beats of a vector pass each place by promises alone, and how many it has.

    Raises
    ------
    RhythmError
        Where promises do not fit one another.
    """
    tables = [_tables(unit, promise) for unit, promise in enumerate(promises)]
    beats = _beats(reads, promises, tables)
    passed = carried(reads, tables, [promise.holds for promise in promises], beats)
    return passed, np.array(beats)


def _numbers(unit: int, table: str) -> IntArray:
    try:
        return spread(table)
    except ValueError as error:
        raise RhythmError(unit, str(error)) from None


def _tables(unit: int, promise: Promise) -> Tables:
    """Give what each output beat needs, and what is taken once it left or before any did."""
    if promise.depth:
        beats = np.arange(promise.beats)
        return beats + 1, beats + promise.depth
    needs, takes = _numbers(unit, promise.needs), _numbers(unit, promise.takes)
    if len(needs) != len(takes) or needs.max() > promise.beats:
        raise RhythmError(unit, f"must need no more than {promise.beats} beats, and take as many")
    return needs, takes


def _beats(
    reads: Sequence[Sequence[int]], promises: Sequence[Promise], tables: Sequence[Tables]
) -> list[int]:
    """Give the beats a vector of each place; units that read the same must agree."""
    first = [p.beats for p, own in zip(promises, reads, strict=True) if -1 in own]
    beats = [*first[:1], *(len(needs) for needs, _ in tables)]
    for unit, (promise, sources) in enumerate(zip(promises, reads, strict=True)):
        if any(beats[source + 1] != promise.beats for source in sources):
            raise RhythmError(unit, f"must read {promise.beats} beats of each that it reads")
    return beats


def _check_rate(
    unit: int,
    rhythm: Rhythm,
    reads: Sequence[int],
    passes: Sequence[IntArray],
    promise: Promise,
) -> None:
    """Check each output beat of a unit against the input beats before and after it."""
    tables = _tables(unit, promise)
    came, left = passes[reads[0] + 1], passes[unit + 1]
    if any((passes[source + 1] != came).any() for source in reads[1:]):
        raise RhythmError(unit, "what it reads must come in the same cycles")
    shown = rhythm.start + 2 * rhythm.vectors  # into the second period, where all repeats itself
    before = promise.beats * np.repeat(np.arange(shown), len(tables[0]))
    needed, too_many = (before + np.tile(own, shown) for own in tables)
    left = _at(rhythm, left, np.arange(len(before)))
    early = left <= _at(rhythm, came, needed - 1)
    if not promise.holds:
        early = (left <= _at(rhythm, came, needed - 2)) | (left > _at(rhythm, came, needed - 1))
    early &= np.tile(tables[0], shown) > 0
    if early.any():
        raise RhythmError(unit, f"beat {int(early.argmax())} must come behind what it needs")
    late = _at(rhythm, came, too_many) <= left
    if promise.depth and late.any():
        beat = int(too_many[late.argmax()])
        raise RhythmError(unit, f"must hold more than {promise.depth} beats when beat {beat} comes")


def _at(rhythm: Rhythm, times: IntArray, beats: IntArray) -> IntArray:
    """Give the cycles of beats, numbered from a reset on; those before the first are long ago."""
    a_vector = len(times) // (rhythm.start + rhythm.vectors)
    first, last = rhythm.start * a_vector, len(times) - 1
    periods, own = np.divmod(beats - first, rhythm.vectors * a_vector)
    again = times[first + own] + periods * rhythm.period
    found: IntArray = np.where(beats <= last, times[np.minimum(beats, last)], again)
    return np.where(beats < 0, -rhythm.period, found)

"""The stage that turns sums into codes one after another: thresholds searched, or computed."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.numeric import Range
from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.plan.stages.stream import Stream

MOST_FRACTION = 16  # bits behind the point of a threshold that is computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A line through the thresholds of a row: threshold k is `start + k * step >> fraction`."""

    start: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramps:
    """Thresholds that are computed: `rows[lane][group]`, with `fraction` bits behind the point."""

    fraction: int
    rows: tuple[tuple[Ramp, ...], ...]

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= MOST_FRACTION:
            raise ValueError(f"fraction must be 0 to {MOST_FRACTION}, not {self.fraction}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialThreshold:
    """Thresholds by a pipelined binary search, two cycles a level: a table's read, a comparison.

    A register in front holds the beat's number, which tables are read by.

    `tables[lane][group]` holds the 2**levels - 1 ascending thresholds of the row that the lane
    carries in that beat, or in that group of `inputs.copies` beats, of one row at neighbouring
    positions; neighbours beside one another share one. The code is `code_lo` plus how many of them
    the value reaches. `memories` says for each level what holds its thresholds.

    With `ramps` there are no tables: the one memory holds of each row its middle threshold and its
    step, and each level adds its part of the step to the threshold before, or subtracts it.
    """

    name: str
    inputs: Stream
    outputs: Stream
    levels: int
    code_lo: int
    tables: tuple[tuple[tuple[int, ...], ...], ...]
    memories: tuple[MemoryKind, ...]
    ramps: Ramps | None = None

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return 1 + 2 * self.levels + (self.ramps is not None and "block" in self.memories)

    @property
    def bias(self) -> int:
        """What makes signed values comparable as unsigned ones."""
        lane = self.inputs.lanes[0]
        return 1 << (lane.bits - 1) if lane.signed else 0

    @property
    def rows(self) -> int:
        """Lanes with thresholds of their own."""
        return len(self.tables if self.ramps is None else self.ramps.rows)

    @property
    def groups(self) -> int:
        """Groups of beats with thresholds of their own."""
        return len(self.tables[0] if self.ramps is None else self.ramps.rows[0])

    def staircases(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Give the thresholds of each lane and group as `tables`, computed ones too."""
        if self.ramps is None:
            return self.tables
        limits = self.inputs.lanes[0].range
        return tuple(
            tuple(self._computed(ramp, self.ramps.fraction, limits) for ramp in lane)
            for lane in self.ramps.rows
        )

    def _computed(self, ramp: Ramp, fraction: int, limits: Range) -> tuple[int, ...]:
        """Give the thresholds on a line; those beside the lane are at its ends."""
        places = (ramp.start + k * ramp.step >> fraction for k in range(1, 1 << self.levels))
        return tuple(min(max(place, limits.lo), limits.hi + 1) for place in places)

    def word_bits(self, lane: int) -> int:
        """Bits of a threshold in the tables of a lane."""
        return table_bits(self.tables[lane], self.bias)

    def words(self, lane: int, level: int) -> tuple[int, ...]:
        """Contents of a level's table, at address {group, bits of the code found so far}."""
        return level_words(self.tables[lane], self.bias, level)

    def ramp_words(self, lane: int) -> RampWords:
        """Give what the memory of a lane's computed thresholds holds."""
        assert self.ramps is not None
        rows, half = self.ramps.rows[lane], 1 << (self.levels - 1)
        last = (1 << self.levels) - 1
        ends = [ramp.start + k * ramp.step for ramp in rows for k in (1, last)]
        return RampWords(
            middle=tuple(ramp.start + half * ramp.step for ramp in rows),
            step=tuple(ramp.step for ramp in rows),
            # a bit at the least is compared, and two are added to at every level
            bits=max(Range(min(ends), max(ends)).signed_bits, self.ramps.fraction + 1, self.levels),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RampWords:
    """Middle threshold and step of each group, and the bits of every threshold with its fraction.

    Thresholds are two's complement.
    """

    middle: tuple[int, ...]
    step: tuple[int, ...]
    bits: int

    @property
    def step_bits(self) -> int:
        """Bits of a step."""
        return max(self.step).bit_length()

    def words(self) -> tuple[int, ...]:
        """Give the words of the memory: the threshold, and the step above it."""
        pairs = zip(self.middle, self.step, strict=True)
        return tuple(middle % (1 << self.bits) | step << self.bits for middle, step in pairs)


def level_words(table: tuple[tuple[int, ...], ...], bias: int, level: int) -> tuple[int, ...]:
    """Thresholds that level `level` of a search compares with, group by group."""
    stride = (len(table[0]) + 1) >> level
    return tuple(
        thresholds[stride * branch + stride // 2 - 1] + bias
        for thresholds in table
        for branch in range(1 << level)
    )


def table_bits(table: tuple[tuple[int, ...], ...], bias: int) -> int:
    """Bits that hold each threshold of a lane."""
    return max(max(word + bias for group in table for word in group).bit_length(), 1)

"""Stages that only move beats: queues, and converters between widths."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.plan.stages.stream import PADDING, Stream

REGISTERS_DEPTH = 4  # beats of a queue up to which registers hold them
MOST_IN_TURN = 1 << 18  # beats until a queue begins a vector at the same word again
MORE_WORDS = 8  # a part of a queue's words that may be more than its depth, for that


@dataclass(frozen=True, slots=True, kw_only=True)
class Fifo:
    """Beats that wait between two layers, so that neither stops for the other's rhythm.

    Up to `REGISTERS_DEPTH` beats lie in registers, more in a memory of LUTs or of block RAM.
    """

    name: str
    inputs: Stream
    outputs: Stream
    depth: int
    memory: MemoryKind = "lut"
    extra: int = 0  # words of the memory beyond `depth`

    def __post_init__(self) -> None:
        if self.extra < 0 or (self.extra and self.in_registers):
            raise ValueError(
                f"extra must be 0, or more for a memory of more than {REGISTERS_DEPTH} beats, not "
                f"{self.extra}"
            )
        if self.memory == "block" and self.in_registers:
            raise ValueError(
                f"memory must be lut for a depth up to {REGISTERS_DEPTH}, which registers hold"
            )
        if self.depth < 2:
            raise ValueError(
                f"depth must be 2 or more, not {self.depth}: with less a beat passes every other "
                "cycle at the most"
            )
        if self.inputs != self.outputs:
            raise ValueError("outputs must be the same stream as inputs; only beats are stored")

    @property
    def in_registers(self) -> bool:
        """Whether registers hold the beats, which is less logic than a memory where it is small."""
        return self.depth <= REGISTERS_DEPTH

    @property
    def words(self) -> int:
        """Words of the memory."""
        return self.depth + self.extra


def extra_words(depth: int, beats: int) -> int:
    """Give the words that a queue should have beyond its depth, for vectors of so many beats.

    A vector begins at the same word again after `words / gcd(words, beats)` vectors. Only then a
    unit whose memory goes round repeats itself, which a proof waits for.
    """
    counts = range(depth, depth + depth // MORE_WORDS + 1)
    turns = [words // gcd(words, beats) * beats for words in counts]
    few = (words for words, turn in zip(counts, turns, strict=True) if turn <= MOST_IN_TURN)
    return next(few, counts[turns.index(min(turns))]) - depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrower:
    """Cuts each beat into `parts` beats of fewer lanes, lowest lanes first, the last one padded."""

    name: str
    inputs: Stream
    outputs: Stream

    def __post_init__(self) -> None:
        wide, narrow = len(self.inputs.lanes), len(self.outputs.lanes)
        if self.outputs.beats != self.inputs.beats * -(-wide // narrow):
            raise ValueError(
                f"outputs must have {self.inputs.beats * -(-wide // narrow)} beats for "
                f"{self.inputs.beats} beats of {wide} lanes cut to {narrow}, not "
                f"{self.outputs.beats}"
            )

    @property
    def parts(self) -> int:
        """Output beats an input beat."""
        return self.outputs.beats // self.inputs.beats


@dataclass(frozen=True, slots=True, kw_only=True)
class Widener:
    """Gathers the beats of a vector, of a position of a map or of a whole map into one.

    `slots[lane]` is the input slot that goes to a lane, or -1 for an element that does not come
    because it is constant: its lane is 0.
    """

    name: str
    inputs: Stream
    outputs: Stream
    slots: tuple[int, ...]

    def __post_init__(self) -> None:
        lanes = len(self.outputs.lanes)
        if len(self.outputs.order) != lanes or len(self.slots) != lanes:
            raise ValueError("outputs must be one beat, and slots must have an item a lane of it")
        gathered = self.inputs.beats // self.outputs.positions
        last = gathered * len(self.inputs.lanes) - 1
        if not all(PADDING <= slot <= last for slot in self.slots):
            raise ValueError(f"slots must lie in -1 to {last}")


Joint = Fifo | Narrower | Widener  # what stands between layers, or before thresholds

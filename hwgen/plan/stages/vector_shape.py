"""How the memories of a vector are cut: into words of a few elements, in banks read at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorShape:
    """The memory behind a read port, of one bank or the only one; it holds two vectors.

    Block RAM is written by the beat and read by the element. LUTs hold beats, and what reads
    chooses an element of one.

    Attributes
    ----------
    parts
        Elements of a bank in one beat.
    turns
        Beats until a bank gets its next element.
    words
        Beats that a bank holds of a vector.
    element_bits
        Bits of the widest element.
    """

    parts: int
    turns: int
    words: int
    element_bits: int

    @classmethod
    def of(cls, vector: Stream, banks: int) -> VectorShape:
        """Give the memories that a stream fills."""
        lanes = len(vector.lanes)
        turns = max(banks // lanes, 1)
        return cls(
            parts=max(lanes // banks, 1),
            turns=turns,
            words=-(-vector.beats // turns),
            element_bits=max(lane.bits for lane in vector.lanes),
        )

    @property
    def depth(self) -> int:
        """Beats that the memory holds: two halves of a vector each."""
        return 2 << (self.words - 1).bit_length()

    @property
    def part_bits(self) -> int:
        """Bits that choose an element of a beat."""
        return (self.parts - 1).bit_length()

    @property
    def place_bits(self) -> int:
        """Bits that choose an element of a vector."""
        return max((self.words - 1).bit_length() + self.part_bits, 1)

    def places(self, slots: IntArray, share: int = 0) -> IntArray:
        """Give where slots of the one bank lie: the beat, and the lane in the low bits."""
        assert not share
        beats, lanes = np.divmod(slots, self.parts)
        places: IntArray = beats << self.part_bits | lanes
        return places

"""How wide the lane of an unrolled sum is."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.numeric import IntType, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRule:
    """How wide the lane of a sum is.

    With `wrap` it has the bits of the span and carries the stored value modulo `2**bits`: the
    offset accumulator of docs/method.md, its offset chosen by whatever constants the graph has
    collected. Without, it has the bits of the stored range, and at least `minimum_bits` (a baseline
    with wide accumulators).
    """

    wrap: bool = True
    minimum_bits: int = 0

    def lane(self, stored: Range) -> tuple[Range, bool]:
        """Range that the lane carries, and whether that is the stored value modulo `2**bits`."""
        if self.minimum_bits > stored.bits:
            return IntType(bits=self.minimum_bits, signed=True).range, False
        bits = max(stored.span.bit_length(), 1)
        if self.wrap and bits < stored.bits:
            return Range(0, (1 << bits) - 1), True
        return stored, False

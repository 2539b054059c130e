"""How the weights of a processing element are coded in its program."""

from __future__ import annotations

from collections.abc import Collection

from hwgen.numeric import IntType, Range


class WeightCode:
    """A code no wider than the weights of one PE need.

    Magnitudes that are zero or powers of two are coded as their place in a list and choose a
    shift, others are binary. The sign is the highest bit, if any weight is negative.

    Parameters
    ----------
    weights
        All weights of the PE.
    """

    def __init__(self, weights: Collection[int]) -> None:
        distinct = set(weights)
        self.magnitudes = sorted({abs(weight) for weight in distinct})
        self.largest = self.magnitudes[-1]
        self.signed = min(distinct) < 0
        shifts = all(m & (m - 1) == 0 for m in self.magnitudes)
        self.shifts = self.magnitudes if shifts else None
        count = len(self.magnitudes) - 1 if shifts else self.largest
        self.magnitude_bits = count.bit_length()

    @property
    def bits(self) -> int:
        """Bits of a coded weight."""
        return self.magnitude_bits + int(self.signed)

    @property
    def stages(self) -> int:
        """Registers of a product: one a bit of the magnitudes but the first, one for a shift."""
        return 1 if self.shifts is not None else self.magnitude_bits - 1

    def encode(self, weight: int) -> int:
        """Give the code of one weight."""
        magnitude = abs(weight)
        code = magnitude if self.shifts is None else self.shifts.index(magnitude)
        return code | int(weight < 0) << self.magnitude_bits

    def range(self, x: IntType) -> Range:
        """Give the range of magnitude times input."""
        return Range(self.largest * x.lo, self.largest * x.hi)

"""How the weights of a processing element are coded in its program."""

from __future__ import annotations

from collections.abc import Collection

from hwgen.numeric import IntType, Range, signed_bits

LONG_BITS = 3  # of magnitudes from which on two bits at once can be less logic
LONGER_BITS = 6  # from which on they are, whatever the sign bit leaves


class WeightCode:
    """A code no wider than the weights of one PE need.

    Magnitudes that are zero or powers of two are coded as their place in a list and choose a
    shift, others are binary, the sign is the highest bit, if any weight is negative. Long ones are
    in two's complement: their bits are read as digits of -2 to 2 (Booth's, radix 4).

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
        bits = signed_bits(min(distinct), max(distinct))
        even = -(-bits // 2) * 2 <= self.magnitude_bits + 1
        least = LONG_BITS if even else LONGER_BITS
        self._long_bits = 0 if shifts or self.magnitude_bits < least else bits

    @property
    def bits(self) -> int:
        """Bits of a coded weight."""
        if self._long_bits:
            return self._long_bits - int(not self.signed)
        return self.magnitude_bits + int(self.signed)

    @property
    def digits(self) -> int:
        """Digits of a long weight, none of another."""
        return -(-self._long_bits // 2)

    @property
    def stages(self) -> int:
        """Registers of a product: one a digit, or a bit of the magnitudes but the first."""
        if self.digits:
            return self.digits
        return 1 if self.shifts is not None else self.magnitude_bits - 1

    def encode(self, weight: int) -> int:
        """Give the code of one weight."""
        if self.digits:
            return weight & ((1 << self.bits) - 1)
        magnitude = abs(weight)
        code = magnitude if self.shifts is None else self.shifts.index(magnitude)
        return code | int(weight < 0) << self.magnitude_bits

    def range(self, x: IntType) -> Range:
        """Give the range of magnitude times input."""
        return Range(self.largest * x.lo, self.largest * x.hi)

    def digit_range(self, x: IntType, digits: int) -> Range:
        """Give the range of an input times the lowest digits of a long weight.

        One less is in it: the carry of the first digit, if that is negative, comes later.
        """
        bits = min(2 * digits, self._long_bits)
        least = max(-(1 << (bits - 1)), -self.largest)
        most = min((1 << (bits - 1)) - 1, self.largest)
        ends = [weight * value for weight in (least, most) for value in (x.lo, x.hi)]
        return Range(min(ends) - 1, max(ends))

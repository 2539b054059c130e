"""Integer types (`u4`, `s8`), exact value ranges and the one rounding rule.

Everything is a Python int, so nothing here can overflow.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_TYPE_BITS = 32  # that a user can ask for

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Range:
    """The closed integer interval `[lo, hi]`."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ValueError(f"range: lo must not exceed hi, not [{self.lo}, {self.hi}]")

    @property
    def span(self) -> int:
        """Largest minus smallest value."""
        return self.hi - self.lo

    @property
    def signed_bits(self) -> int:
        """Bits of the narrowest two's complement register that holds every value."""
        return signed_bits(self.lo, self.hi)

    @property
    def bits(self) -> int:
        """Bits of the narrowest register: unsigned where no value is negative."""
        return self.hi.bit_length() if self.lo >= 0 else self.signed_bits

    @property
    def type(self) -> IntType:
        """The narrowest integer type, of one bit at the least."""
        return IntType(bits=max(self.bits, 1), signed=self.lo < 0)

    def union(self, other: Range) -> Range:
        """Give the smallest range that covers both."""
        return Range(min(self.lo, other.lo), max(self.hi, other.hi))

    @staticmethod
    def covering(ranges: Collection[Range]) -> Range:
        """Give the smallest range that covers all of some, one at the least."""
        return Range(min(r.lo for r in ranges), max(r.hi for r in ranges))


@dataclass(frozen=True, slots=True)
class IntType:
    """A two's complement (`s8`) or unsigned (`u4`) integer type of full range."""

    bits: int
    signed: bool

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise ValueError(f"integer type: bits must be at least 1, not {self.bits}")

    def __str__(self) -> str:
        return f"{'s' if self.signed else 'u'}{self.bits}"

    @classmethod
    def parse(cls, text: str, most_bits: int = MAX_TYPE_BITS) -> IntType:
        """Read `u4` or `s8`.

        Raises
        ------
        ValueError
            Where `text` is not a letter u or s and a width from 1 to `most_bits`.
        """
        match = re.fullmatch(r"([us])([1-9][0-9]?)", text)
        if not match or int(match[2]) > most_bits:
            raise ValueError(
                f"integer type: must be u or s and 1 to {most_bits} bits, "
                f"such as u4 or s8, not {text!r}"
            )
        return cls(bits=int(match[2]), signed=match[1] == "s")

    @property
    def lo(self) -> int:
        """Smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest value."""
        return (1 << (self.bits - int(self.signed))) - 1

    @property
    def range(self) -> Range:
        """All values."""
        return Range(self.lo, self.hi)


def signed_bits(lo: int, hi: int) -> int:
    """Bits of the narrowest two's complement register that holds `lo` and `hi`."""
    return max((~value if value < 0 else value).bit_length() for value in (lo, hi)) + 1


def round_half_up(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to the nearest integer, halves upwards: `floor(x + 0.5)`, as in hardware."""
    return np.floor(x + 0.5)

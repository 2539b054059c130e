"""The two ways from a sum to its code: a staircase, or a multiplication with a short one behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np

from hwgen.numeric import IntArray, IntType

MACHINE_BITS = 62  # what NumPy's integers hold with room for a sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A staircase: the code is `codes[j]` where j of the ascending `thresholds` are reached."""

    thresholds: tuple[int, ...]
    codes: tuple[int, ...]


class Digit(NamedTuple):
    """A summand of a multiplier, `sign * 2**shift`; below shift 0 it drops low bits of x."""

    shift: int
    sign: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescale:
    """Multiply, add, drop low bits; then a staircase over the few bits that are left.

    With v the lane less its smallest value, and x = v + 2**lane_bits where v < `seam` (a wrapped
    lane, whose values go on behind its end), else v: the staircase is read at
    `(product of x + constant) % 2**bits >> shift`.

    Attributes
    ----------
    digits
        The multiplier, in the order in which its summands are added; the first is positive.
    """

    digits: tuple[Digit, ...]
    constant: Annotated[int, "of any length"]
    seam: int
    bits: int
    shift: int
    steps: Steps

    def __post_init__(self) -> None:
        if not self.digits or self.digits[0].sign != 1:
            raise ValueError("rescale: digits must start with a positive one")
        if not 0 <= self.shift < self.bits or not 0 <= self.constant < 1 << self.bits:
            raise ValueError(
                f"rescale: shift must be 0 to {self.bits - 1} and constant fit {self.bits} bits, "
                f"not {self.shift} and {self.constant}"
            )
        if self.bits - self.shift > MACHINE_BITS:
            raise ValueError(
                f"rescale: shift must leave at most {MACHINE_BITS} of {self.bits} bits, "
                f"not {self.bits - self.shift}"
            )

    @property
    def multiplier(self) -> int | None:
        """What x is multiplied with; None where digits drop low bits of x."""
        if any(digit.shift < 0 for digit in self.digits):
            return None
        return sum(digit.sign << digit.shift for digit in self.digits)

    @property
    def adders(self) -> int:
        """Additions in a row; none where the lane's own bits are what the staircase reads."""
        return len(self.digits) - 1 + int(self.constant != 0)

    @property
    def kept(self) -> IntType:
        """The type of what the staircase reads."""
        return IntType(bits=self.bits - self.shift, signed=False)


Requantizer = Steps | Rescale
Choice = Literal["auto", "diagram", "multiply"]


def product_of(digits: tuple[Digit, ...], x: IntArray) -> IntArray:
    """Give what the digits make of x, each rounded down by itself."""
    product = np.zeros_like(x)
    for shift, sign in digits:
        product += sign * (x << shift if shift >= 0 else x >> -shift)
    return product


def codes_of(channel: Requantizer, lane: IntType, values: IntArray) -> IntArray:
    """Give the codes of a lane's values, shape (samples,)."""
    if isinstance(channel, Rescale):
        x = values - lane.lo
        x = x + (np.where(x < channel.seam, 1, 0) << lane.bits)
        if max(channel.bits, lane.bits + 1) > MACHINE_BITS:
            x = x.astype(object)  # Python's integers
        mask = (1 << channel.bits) - 1
        values = (product_of(channel.digits, x) + channel.constant & mask) >> channel.shift
        values, channel = values.astype(np.int64), channel.steps
    codes = np.array(channel.codes)[np.searchsorted(channel.thresholds, values, side="right")]
    return codes.astype(np.int64)

"""The register of one output channel, and whether the channel's sums fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.bounds import exact_signed_bits, offset_bits
from hwgen.numeric import IntArray, Range

MAX_ACCUMULATOR_BITS = 62  # the reference computes in int64


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulator:
    """The register of one output channel.

    `signed`: two's complement, starts at the bias. `offset`: holds `floor(sum / g) + offset` with g
    the common divisor of the channel's weights, and needs only the bits of the span: what the bias
    leaves when it is divided by g is the same in every sum. `target_bits` is the width and
    `target_units` the l1 norm of the weights that training was to keep, None where it was not.
    """

    method: Literal["signed", "offset"]
    bits: int
    offset: int = 0
    target_bits: int | None = None
    target_units: int | None = None

    @classmethod
    def exact(
        cls, total: Range, divisor: int, method: str, target_bits: int | None = None
    ) -> Accumulator:
        """Give the narrowest register of this method for sums in `total`."""
        if method == "signed":
            bits = exact_signed_bits(total)
            return cls(method="signed", bits=bits, target_bits=target_bits)
        bits = offset_bits(total, divisor)
        offset = -(1 << (bits - 1)) - total.lo // divisor
        return cls(method="offset", bits=bits, offset=offset, target_bits=target_bits)

    def problem(self, total: Range, divisor: int) -> str | None:
        """Why sums in `total` do not fit this register, or None where they do."""
        if self.bits > MAX_ACCUMULATOR_BITS:
            return f"accumulator must have at most {MAX_ACCUMULATOR_BITS} bits, not {self.bits}"
        needed = Accumulator.exact(total, divisor, self.method)
        if self.bits < needed.bits:
            sums = f"[{total.lo}, {total.hi}]"
            return f"accumulator must have {needed.bits} bits for sums in {sums}, not {self.bits}"
        if self.target_bits is not None and needed.bits > self.target_bits:
            return (
                f"accumulator needs {needed.bits} bits, "
                f"more than the {self.target_bits} that it was trained for"
            )
        if self.method == "signed" and self.offset:
            return f"a signed accumulator has offset 0, not {self.offset}"
        unit = divisor if self.method == "offset" else 1
        lo, hi = total.lo // unit + self.offset, total.hi // unit + self.offset
        half = 1 << (self.bits - 1)
        if self.method == "offset" and not -half <= lo <= hi < half:
            return f"offset {self.offset} puts sums at [{lo}, {hi}], outside {self.bits} bits"
        return None

    def units_problem(self, weights: IntArray) -> str | None:
        """Why the weights of the channel are more units than it was trained for, or None."""
        if self.target_units is None:
            return None
        units = sum(abs(int(weight)) for weight in weights)
        if units <= self.target_units:
            return None
        return f"weights have {units} units, more than the {self.target_units} trained for"

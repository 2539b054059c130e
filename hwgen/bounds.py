"""Accumulator bounds and training caps, in exact Python integers.

One output channel is a dot product of integer weights `q` (K of them, M bits) with inputs in
`[c, d]`, `c <= 0 <= d`. `a` is the sum of its positive weights, `b` of its negative magnitudes.

Every *bits* function answers how wide an accumulator must be; every *cap* function answers how
large the l1 norm of `q` may be so that P bits are certain to suffice. Sources: A2Q (arXiv
2308.13504), A2Q+ (arXiv 2401.10432); the offset bound is this project's (docs/method.md).
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import numpy as np
import numpy.typing as npt

from hwgen.numeric import IntArray, IntType, Range, signed_bits


def dot_range(weights: IntArray, inputs: Range, bias: int = 0) -> Range:
    """Exact range of a dot product, its bias and all of its partial sums in any order.

    Parameters
    ----------
    weights
        Integer weights of one channel, shape (K,).
    inputs
        Range of every input; it must contain zero, so that every partial sum is covered.
    bias
        Integer that the accumulator starts with. The range covers the sums that include it.
    """
    a, b = _sides(weights)
    hi = inputs.hi * a - inputs.lo * b
    lo = inputs.lo * a - inputs.hi * b
    return Range(lo + bias, hi + bias)


def exact_signed_bits(total: Range) -> int:
    """Width of a two's complement accumulator that starts at zero and sums up to `total`."""
    return signed_bits(min(total.lo, 0), max(total.hi, 0))


def offset_bits(total: Range, divisor: int = 1) -> int:
    """Width of an accumulator that starts at its own offset: `bit_length((hi - lo) / divisor)`.

    No register can be narrower, since both ends are reached and every value between needs a code
    of its own. `divisor` is the greatest common divisor of the weights. Never below one bit.
    """
    return max((total.span // divisor).bit_length(), 1)


def common_divisor(weights: IntArray) -> int:
    """Greatest common divisor of the weights of a channel; 1 where all are zero."""
    return gcd(*(abs(int(w)) for w in weights)) or 1


def data_type_bits(fan_in: int, inputs: IntType, weight_bits: int) -> int:
    """Width by the data types alone (A2Q+ eq. 20 to 22), in the papers' loose form.

    It takes `2**(N-s)` for the largest input and `2**(M-1)` for the largest weight, one more than
    either can be; the papers' base line widths follow from exactly this form.
    """
    magnitude = fan_in << (inputs.bits - int(inputs.signed)) << (weight_bits - 1)
    return signed_bits(-magnitude, magnitude)


def l1_norm_bits(l1_norm: int, inputs: IntType) -> int:
    """Width by the l1 norm (A2Q, A2Q+ eq. 5): `l1 * 2**(N-s) <= 2**(P-1) - 1`."""
    magnitude = l1_norm << (inputs.bits - int(inputs.signed))
    return signed_bits(-magnitude, magnitude)


def a2q_cap(accumulator_bits: int, inputs: IntType) -> Fraction:
    """A2Q's cap T0 on the l1 norm: `(2**(P-1) - 1) / 2**(N-s)`."""
    return Fraction((1 << (accumulator_bits - 1)) - 1, 1 << (inputs.bits - int(inputs.signed)))


def a2q_plus_cap(accumulator_bits: int, inputs: IntType) -> Fraction:
    """A2Q+'s cap on the l1 norm of zero-mean weights: `(2**P - 2) / (2**N - 1)` (eq. 7)."""
    return Fraction((1 << accumulator_bits) - 2, (1 << inputs.bits) - 1)


def offset_cap(accumulator_bits: int, inputs: Range) -> int:
    """Largest integer l1 norm for an offset accumulator: `floor((2**P - 1) / (d - c))`."""
    return ((1 << accumulator_bits) - 1) // inputs.span


def row_ranges(weights: IntArray, inputs: Range, bias: IntArray) -> list[Range]:
    """`dot_range` of every row of `weights`, shape (out_features, in_features)."""
    return [dot_range(row, inputs, int(b)) for row, b in zip(weights, bias, strict=True)]


def _sides(weights: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Sum of the positive weights and of the negative magnitudes, as Python ints."""
    largest = max(int(weights.max()), -int(weights.min())) if weights.size else 0
    if largest * weights.size < 1 << 62:
        return int(weights[weights > 0].sum()), -int(weights[weights < 0].sum())
    values = [int(w) for w in weights]
    return sum(w for w in values if w > 0), -sum(w for w in values if w < 0)

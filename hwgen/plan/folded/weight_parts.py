"""Weights taken apart into small ones on the same input, where few are large.

Training for narrow accumulators leaves weights of 1 and -1 and a few larger ones. A weight of 3 is
a step of 2 and one of 1. Then the program holds shorter weights, down to a sign, and products are
shifts. The parts have the weight's sign, so that no sum on the way reaches further.
"""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.weight_code import WeightCode

MOST_MORE = 0.025  # steps for a bit of a weight's code, of the nonzero weights


def largest_part(weight: IntArray) -> int | None:
    """Give the largest part of a matrix' weights, None where they are better left whole.

    Parts are powers of two up to it.
    """
    magnitudes = np.abs(weight[weight != 0])
    most = int(magnitudes.max(initial=0))
    whole = WeightCode({0, *magnitudes.tolist()}).bits
    for exponent in range(whole):
        largest, parts = 1 << exponent, range(exponent + 1)
        if largest >= most:
            break
        more = part_counts(magnitudes, largest).sum() / len(magnitudes) - 1
        saved = whole - WeightCode({0, *(1 << part for part in parts)}).bits
        if more <= MOST_MORE * saved:
            return largest
    return None


def part_counts(weight: IntArray, largest: int) -> IntArray:
    """Count the parts of every weight, 0 for a weight of 0."""
    magnitude = np.abs(weight)
    counts: IntArray = magnitude // largest + np.bitwise_count(magnitude % largest)
    return counts


def in_parts(weights: IntArray, largest: int) -> tuple[IntArray, IntArray]:
    """Give which weight each part is of, in their order, and the parts; a weight of 0 has none."""
    counts = part_counts(weights, largest)
    owners = np.repeat(np.arange(len(weights)), counts)
    within = np.arange(len(owners)) - np.repeat(counts.cumsum() - counts, counts)
    magnitudes = np.abs(weights[owners])
    parts = np.full(len(owners), largest, np.int64)
    for place in np.flatnonzero(within >= magnitudes // largest):
        rest = int(magnitudes[place]) % largest
        for _ in range(int(within[place]) - int(magnitudes[place]) // largest):
            rest &= rest - 1
        parts[place] = rest & -rest
    return owners, np.sign(weights[owners]) * parts

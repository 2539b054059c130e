"""Finds sub-sums that many rows share: greedy two-term common sub-expressions over all rows.

Each weight is written in signed digits; a row is then a sum of terms (node, shift, sign). The
pattern of two terms that occurs most often becomes a node, every occurrence is replaced by it, and
so on until no pattern occurs twice. The terms of a node are a sum as a row's are, and patterns are
found in them too. The idea is that of Hartley (1996) as used for matrices by Aksoy et al. and
da4ml.
"""

from __future__ import annotations

import heapq
import random

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.adders.sub_sums import SHIFT_BITS, SHIFT_MASK, SubSums, Terms, unpack


def signed_digits(value: int) -> list[tuple[int, int]]:
    """Canonical signed digits of `value`: (shift, sign) pairs, none adjacent, fewest possible."""
    digits = []
    shift = 0
    while value:
        if value & 1:
            digit = 2 - (value & 3)
            digits.append((shift, digit))
            value -= digit
        value >>= 1
        shift += 1
    return digits


def digit_counts(weight: IntArray) -> IntArray:
    """How many signed digits each weight has."""
    values, places = np.unique(weight, return_inverse=True)
    counts = np.array([len(signed_digits(int(value))) for value in values], np.int64)
    return counts[places].reshape(weight.shape)


def digit_rows(weight: IntArray, first: int = 0) -> list[Terms]:
    """Every row of the matrix as terms over the inputs; its columns are inputs from `first` on."""
    rows: list[Terms] = []
    for weights in weight:
        row: Terms = {}
        for column in np.flatnonzero(weights):
            for shift, sign in signed_digits(int(weights[column])):
                row[first + int(column) << SHIFT_BITS | shift] = sign
        rows.append(row)
    return rows


def share(sums: SubSums, rng: random.Random, noise: float) -> None:
    """Replace the patterns that grew, and what follows from that, until none occurs twice.

    The most frequent first, by a count that `noise` scatters.
    """
    heap: list[tuple[float, int, int]] = []

    def push(patterns: set[int]) -> None:
        for pattern in sorted(patterns):
            count = sums.counts[pattern]
            if count > 1:
                score = (count - 1) * (1.0 + noise * rng.random())
                heapq.heappush(heap, (-score, pattern, count))
        patterns.clear()

    push(sums.grown)
    while heap:
        _, pattern, count = heapq.heappop(heap)
        if sums.counts[pattern] != count:
            push({pattern})
        else:
            _replace(sums, pattern)
            push(sums.grown)


def _replace(sums: SubSums, pattern: int) -> None:
    """Make a pattern's occurrences read one node: one that is just that, or a new one."""
    first, second, shift, sign = unpack(pattern)
    places: list[tuple[int, int]] = []
    known: list[tuple[int, int]] = []
    for reader in sorted(sums.readers[first] & sums.readers[second]):
        terms = sums.sums.get(reader, {})
        for place in _occurrences(terms, pattern):
            is_whole = len(terms) == 2 and reader >= sums.first_shared and not known
            (known if is_whole else places).append((reader, place))
    if len(places) + len(known) < 2:
        return
    if known:
        node, low = known[0][0], -known[0][1]
        turned = sums.sums[node][first << SHIFT_BITS | -low]
    else:
        low, turned = min(shift, 0), 1
        keys = [(first << SHIFT_BITS | -low, 1), (second << SHIFT_BITS | shift - low, sign)]
        node = sums.new_node(keys)
    for reader, place in places:
        sums.touch(reader)
        first_sign = sums.remove(reader, first << SHIFT_BITS | place)
        sums.remove(reader, second << SHIFT_BITS | place + shift)
        sums.insert(reader, node << SHIFT_BITS | place + low, first_sign * turned)


def _occurrences(terms: Terms, pattern: int) -> list[int]:
    """Shifts of the first term of every occurrence, no term used twice."""
    first, second, shift, sign = unpack(pattern)
    used: set[int] = set()
    places = []
    for key in sorted(key for key in terms if key >> SHIFT_BITS == first):
        place = key & SHIFT_MASK
        other = second << SHIFT_BITS | place + shift
        if place + shift < 0 or other not in terms or key in used or other in used:
            continue
        if terms[key] * terms[other] == sign:
            used |= {key, other}
            places.append(place)
    return places

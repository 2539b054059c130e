"""Finds sub-sums that many rows share: greedy two-term common sub-expressions over all rows.

Each weight is written in signed digits; a row is then a set of terms (node, shift, sign). The
pattern of two terms that occurs most often becomes a node, every occurrence is replaced by it, and
so on until no pattern occurs twice. Noise on the counts makes restarts differ; the cheapest wins.
The idea is that of Hartley (1996) as used for matrices by Aksoy et al. and da4ml.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.adder_builder import AdderBuilder, Term

Row = dict[tuple[int, int], int]  # (node, shift) -> sign

MAX_PAIRS = 3_000_000  # beyond this many two-term patterns, sharing is not searched


class Pattern(NamedTuple):
    """Two terms by their nodes, shift difference and product of signs."""

    first: int
    second: int
    shift: int
    sign: int


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


def digit_rows(weight: IntArray) -> list[Row]:
    """Every row of the matrix as terms over the inputs."""
    rows: list[Row] = []
    for weights in weight:
        row: Row = {}
        for column in np.flatnonzero(weights):
            for shift, sign in signed_digits(int(weights[column])):
                row[int(column), shift] = sign
        rows.append(row)
    return rows


class Sharing:
    """The rows of one search, with the count of every two-term pattern kept up to date.

    `noise` scatters the counts by which the next pattern is picked.
    """

    def __init__(self, rows: list[Row], builder: AdderBuilder, *, noise: float, seed: int) -> None:
        self.rows = [dict(row) for row in rows]
        self.builder = builder
        self.noise = noise
        self.rng = np.random.default_rng(seed)
        self.counts: dict[Pattern, int] = defaultdict(int)
        self.holders: dict[int, set[int]] = defaultdict(set)
        self.heap: list[tuple[float, Pattern, int]] = []
        for index, row in enumerate(self.rows):
            terms = list(row.items())
            for position, (key, sign) in enumerate(terms):
                self.holders[key[0]].add(index)
                for other_key, other_sign in terms[:position]:
                    self.counts[_pattern(key, sign, other_key, other_sign)] += 1
        for pattern in list(self.counts):
            self._push(pattern)

    def run(self) -> None:
        """Replace shared patterns until none is left."""
        while self.heap:
            _, pattern, count = heapq.heappop(self.heap)
            actual = self.counts.get(pattern, 0)
            if actual != count:
                self._push(pattern)
            elif actual >= 2:
                self._share(pattern)

    def _push(self, pattern: Pattern) -> None:
        count = self.counts.get(pattern, 0)
        if count >= 2:
            score = (count - 1) * (1.0 + self.noise * float(self.rng.random()))
            heapq.heappush(self.heap, (-score, pattern, count))

    def _share(self, pattern: Pattern) -> None:
        places = [
            (index, shift)
            for index in sorted(self.holders[pattern.first] & self.holders[pattern.second])
            for shift in _occurrences(self.rows[index], pattern)
        ]
        if len(places) < 2:
            self.counts[pattern] = 0
            return
        node, low, sign = self.builder.add(
            Term(pattern.first, 0, 1), Term(pattern.second, pattern.shift, pattern.sign)
        )
        grown: set[Pattern] = set()
        for index, shift in places:
            first_sign = self._remove(index, (pattern.first, shift))
            self._remove(index, (pattern.second, shift + pattern.shift))
            self._insert(index, (node, shift + low), first_sign * sign, grown)
        for other in sorted(grown):
            self._push(other)

    def _remove(self, index: int, key: tuple[int, int]) -> int:
        row = self.rows[index]
        sign = row.pop(key)
        for other_key, other_sign in row.items():
            self.counts[_pattern(key, sign, other_key, other_sign)] -= 1
        if all(other_node != key[0] for other_node, _ in row):
            self.holders[key[0]].discard(index)
        return sign

    def _insert(self, index: int, key: tuple[int, int], sign: int, grown: set[Pattern]) -> None:
        """Add a term; an equal one doubles (moves to the next shift), an opposite one cancels."""
        row = self.rows[index]
        while key in row:
            if self._remove(index, key) != sign:
                return
            key = (key[0], key[1] + 1)
        for other_key, other_sign in row.items():
            pattern = _pattern(key, sign, other_key, other_sign)
            self.counts[pattern] += 1
            if self.counts[pattern] >= 2:
                grown.add(pattern)
        row[key] = sign
        self.holders[key[0]].add(index)


def _pattern(key: tuple[int, int], sign: int, other: tuple[int, int], other_sign: int) -> Pattern:
    if other < key:
        key, other = other, key
    return Pattern(key[0], other[0], other[1] - key[1], sign * other_sign)


def _occurrences(row: Row, pattern: Pattern) -> list[int]:
    """Shifts of the first term of every occurrence, no term used twice."""
    used: set[tuple[int, int]] = set()
    shifts = []
    for node, shift in sorted(row, key=lambda key: key[1]):
        first, second = (node, shift), (pattern.second, shift + pattern.shift)
        if node != pattern.first or second not in row or first in used or second in used:
            continue
        if row[first] * row[second] == pattern.sign:
            used |= {first, second}
            shifts.append(shift)
    return shifts


def pair_count(rows: list[Row]) -> int:
    """Give number of two-term patterns at the start, what a search costs."""
    return sum(len(row) * (len(row) - 1) // 2 for row in rows)

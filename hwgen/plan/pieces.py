"""Cuts a matrix into the sums among which shared sub-sums are sought.

The search counts every two terms of a sum, so that its time and memory grow with the square of a
row's length. A row of more terms than `MOST_TERMS` is therefore sought in pieces, all such rows cut
between the same columns; what is lost is only what pairs from different pieces would have had in
common. Before that, columns that are alike in all rows but for a sign and a power of two are added
up to one, which costs nothing and leaves few columns of a matrix of few rows, and weights of a
single digit are left out, since nothing can be shared of an input that is read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.plan.multiples import multiples
from hwgen.plan.sharing import digit_counts, digit_rows
from hwgen.plan.sub_sums import SHIFT_BITS, SHIFT_MASK, Terms

MOST_TERMS = 512  # of a sum in which sub-sums are sought
LEAST_TERMS = 32  # below which nothing is cut
MOST_PAIRS = 4_000_000  # of two terms of one sum, which take 100 bytes each


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Sums over columns, and the rows that they are parts of.

    Attributes
    ----------
    columns
        Each a sum of inputs, as terms.
    sums, rows
        Terms over the columns, and the row that each sum is a part of.
    loose
        What every row has beside its sums, as terms over the inputs.
    """

    columns: tuple[Terms, ...]
    sums: tuple[Terms, ...]
    rows: tuple[int, ...]
    loose: tuple[Terms, ...]

    @property
    def pairs(self) -> int:
        """Count the pairs of two terms of one sum."""
        return sum(len(terms) * (len(terms) - 1) // 2 for terms in self.sums)

    def ranges(self, inputs: Sequence[Range]) -> tuple[Range, ...]:
        """Give the range of each column; no two read the same input."""
        return tuple(_range(column, inputs) for column in self.columns)


def pieces_of(weight: IntArray) -> Pieces:
    """Cut a matrix, shape (rows, columns), into sums."""
    counts = digit_counts(weight)
    most = _most_terms(counts)
    inputs = range(weight.shape[1])
    if counts.sum(axis=1).max() <= most:
        return Pieces(
            columns=tuple({column << SHIFT_BITS: 1} for column in inputs),
            sums=tuple(digit_rows(weight)),
            rows=tuple(range(len(weight))),
            loose=({},) * len(weight),
        )
    alike = multiples(weight.T)
    is_loose = counts.sum(axis=0) == 1
    groups: dict[int, Terms] = {c: {} for c in inputs if alike[c].of == c}
    for column, (of, shift, sign) in enumerate(alike):
        groups[of][column << SHIFT_BITS | shift] = sign
    kept = _in_order(weight, [c for c in groups if counts[:, c].sum() > 1])
    sums, rows = _cut(weight[:, kept], most)
    loose = np.where(is_loose, weight, 0)
    return Pieces(
        columns=tuple(groups[column] for column in kept),
        sums=tuple(sums),
        rows=tuple(rows),
        loose=tuple(digit_rows(loose)),
    )


def _most_terms(counts: IntArray) -> int:
    """Give how many terms a sum may have so that all of them have few enough pairs."""
    return max(min(MOST_TERMS, 2 * MOST_PAIRS // max(int(counts.sum()), 1)), LEAST_TERMS)


def _in_order(weight: IntArray, columns: list[int]) -> list[int]:
    """Put columns that begin alike, but for a sign and a power of two, beside each other."""
    chosen = weight[:, columns]
    first = (chosen != 0).argmax(axis=0)
    places = np.arange(len(columns))
    merged = np.bitwise_or.reduce(chosen, axis=0)
    least = np.maximum(merged & -merged, 1)
    plain = chosen * np.sign(chosen[first, places]) // least
    return [columns[place] for place in np.lexsort(plain[::-1])]


def _cut(weight: IntArray, most: int) -> tuple[list[Terms], list[int]]:
    """Cut the rows of more terms than `most`, all between the same columns."""
    counts = digit_counts(weight)
    totals = counts.sum(axis=1)
    long = np.flatnonzero(totals > most)
    sums: list[Terms] = []
    rows: list[int] = []
    for row, terms in enumerate(digit_rows(weight)):
        if totals[row] <= most:
            sums.append(terms)
            rows.append(row)
    starts = _starts(counts[long], most)
    for start, end in pairwise([*starts, weight.shape[1]]):
        for row, terms in zip(long, digit_rows(weight[long, start:end], start), strict=True):
            if terms:
                sums.append(terms)
                rows.append(int(row))
    return sums, rows


def _starts(counts: IntArray, most: int) -> list[int]:
    """Give the first column of every piece, of `most` terms in any row and all about as long."""
    if not len(counts):
        return []
    longest = int(counts.sum(axis=1).max())
    most = -(-longest // -(-longest // most))
    starts, held = [0], np.zeros(len(counts), np.int64)
    for column, added in enumerate(counts.T):
        held += added
        if held.max() > most and column > starts[-1]:
            starts.append(column)
            held = added.copy()
    return starts


def _range(terms: Terms, inputs: Sequence[Range]) -> Range:
    ends = [
        (inputs[key >> SHIFT_BITS].lo * factor, inputs[key >> SHIFT_BITS].hi * factor)
        for key, factor in _factors(terms.items())
    ]
    return Range(sum(min(pair) for pair in ends), sum(max(pair) for pair in ends))


def _factors(terms: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(key, sign << (key & SHIFT_MASK)) for key, sign in terms]

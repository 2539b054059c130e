"""Cuts a matrix into the sums among which shared sub-sums are sought.

The search counts every two terms of a sum, so that its time and memory grow with the square of a
row's length. Where there are too many of them, columns that are alike in all rows but for a sign
and a power of two are added up to one first, which leaves few columns of a matrix of few rows, and
inputs that are read by a single digit are left out, since nothing can be shared of them. Where few
columns are left, that is done earlier: it costs 0 to 4 % of the LUTs, mostly 1 to 2, and saves most
of the time. Rows that are still too long are sought in pieces, all cut between the same columns:
what is lost is what pairs from different pieces have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.plan.adders.multiples import multiples
from hwgen.plan.adders.sharing import digit_counts, digit_rows
from hwgen.plan.adders.sub_sums import SHIFT_BITS, SHIFT_MASK, Terms

MOST_APART = 1_000_000  # pairs of two terms of one sum up to which columns are left as they are
MOST_APART_ALIKE = 250_000  # where at most one column of `ALIKE` differs from those before it
ALIKE = 4
MOST_PAIRS = 2_000_000  # above which sums are cut; a pair takes some 200 bytes
LEAST_TERMS = 32  # of a piece
INPUTS_COUNTED = 4  # of a column, where the work of the search is measured


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
    digits
        Of the whole matrix.
    """

    columns: tuple[Terms, ...]
    sums: tuple[Terms, ...]
    rows: tuple[int, ...]
    loose: tuple[Terms, ...]
    digits: int

    @property
    def sought(self) -> int:
        """Count the digits that the search's work is measured by: those of a few inputs a column.

        Columns that stand for many inputs are worth more work than their own digits.
        """
        return min(self.digits, INPUTS_COUNTED * sum(len(terms) for terms in self.sums))

    def ranges(self, inputs: Sequence[Range]) -> tuple[Range, ...]:
        """Give the range of each column; no two read the same input."""
        return tuple(_range(column, inputs) for column in self.columns)


def pieces_of(weight: IntArray) -> Pieces:
    """Cut a matrix, shape (rows, columns), into sums."""
    counts = digit_counts(weight)
    inputs = range(weight.shape[1])
    alike = multiples(weight.T)
    few = ALIKE * len({column.of for column in alike}) <= len(inputs)
    if _pairs(counts) <= (MOST_APART_ALIKE if few else MOST_APART):
        return Pieces(
            columns=tuple({column << SHIFT_BITS: 1} for column in inputs),
            sums=tuple(digit_rows(weight)),
            rows=tuple(range(len(weight))),
            loose=({},) * len(weight),
            digits=int(counts.sum()),
        )
    classes: dict[int, Terms] = {}
    for column, (of, shift, sign) in enumerate(alike):
        classes.setdefault(of, {})[column << SHIFT_BITS | shift] = sign
    kept = _in_order(weight, [c for c in classes if counts[:, c].sum() > 1])
    sums, rows = _cut(weight[:, kept])
    return Pieces(
        columns=tuple(classes[column] for column in kept),
        sums=tuple(sums),
        rows=tuple(rows),
        loose=tuple(digit_rows(np.where(counts.sum(axis=0) == 1, weight, 0))),
        digits=int(counts.sum()),
    )


def _pairs(counts: IntArray) -> int:
    """Count the pairs of two terms of one row."""
    return int((counts.sum(axis=1) ** 2).sum()) // 2


def _in_order(weight: IntArray, columns: list[int]) -> list[int]:
    """Put columns that begin alike, but for a sign and a power of two, beside each other."""
    chosen = weight[:, columns]
    first = (chosen != 0).argmax(axis=0)
    places = np.arange(len(columns))
    merged = np.bitwise_or.reduce(chosen, axis=0)
    least = np.maximum(merged & -merged, 1)
    plain = chosen * np.sign(chosen[first, places]) // least
    return [columns[place] for place in np.lexsort(plain[::-1])]


def _cut(weight: IntArray) -> tuple[list[Terms], list[int]]:
    """Cut the longest rows, all between the same columns, so that few enough pairs are left."""
    counts = digit_counts(weight)
    totals = counts.sum(axis=1)
    longest = int(totals.max(initial=0))
    small = _pairs(counts) <= MOST_PAIRS
    most = longest if small else max(2 * MOST_PAIRS // int(totals.sum()), LEAST_TERMS)
    long = np.flatnonzero(totals > most)
    sums: list[Terms] = []
    rows: list[int] = []
    for row, terms in enumerate(digit_rows(weight)):
        if totals[row] <= most:
            sums.append(terms)
            rows.append(row)
    starts = _starts(counts[long], most)
    for start, end in pairwise([*starts, weight.shape[1]]):
        parts = digit_rows(weight[long, start:end], start)
        for index, terms in zip(map(int, long), parts, strict=True):
            if terms:
                sums.append(terms)
                rows.append(index)
    return sums, rows


def _starts(counts: IntArray, most: int) -> list[int]:
    """Give the first column of every piece, of `most` terms in any row and all about as long."""
    if not len(counts):
        return []
    longest = int(counts.sum(axis=1).max())
    pieces = -(-longest // most)
    most = -(-longest // pieces)
    starts, held = [0], np.zeros(len(counts), np.int64)
    for column, added in enumerate(counts.T):
        held = held + added
        if held.max() > most and column > starts[-1]:
            starts.append(column)
            held = added
    return starts


def _range(terms: Terms, inputs: Sequence[Range]) -> Range:
    ends = [
        (inputs[key >> SHIFT_BITS].lo * factor, inputs[key >> SHIFT_BITS].hi * factor)
        for key, factor in _factors(terms.items())
    ]
    return Range(sum(min(pair) for pair in ends), sum(max(pair) for pair in ends))


def _factors(terms: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(key, sign << (key & SHIFT_MASK)) for key, sign in terms]

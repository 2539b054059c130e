"""Smaller multipliers of a sum of two codes whose thresholds give the same codes.

Scales that are no power of two have no common unit but a tiny one, so that exact multipliers have
20 bits and more. The thresholds behind the sum only ask on which side of a line a pair of codes
lies; every pair is known, and the multipliers that put all pairs on their sides are a cone around
the exact ones. The smallest within are found by going down the Stern-Brocot tree towards them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwgen.numeric import IntArray, Range

MOST_PAIRS = 1 << 16
MOST_ROWS = 64
MOST_STEPS = 400  # of the search

Multipliers = tuple[int, int]


def smaller(
    multipliers: Multipliers, sources: Sequence[Range], rows: IntArray
) -> tuple[Multipliers, IntArray] | None:
    """Give smaller multipliers and their thresholds, (rows, steps); None where none are found.

    Parameters
    ----------
    multipliers
        The exact ones, of which none is 0.
    sources
        Ranges of the two codes.
    rows
        Thresholds on the sum, (rows, steps).
    """
    first, second = sources
    unlike, back = np.unique(rows, axis=0, return_inverse=True)
    if (first.span + 1) * (second.span + 1) > MOST_PAIRS or len(unlike) > MOST_ROWS:
        return None
    signs = [1 if multiplier > 0 else -1 for multiplier in multipliers]
    a = signs[0] * np.arange(first.lo, first.hi + 1)[:, np.newaxis]
    b = signs[1] * np.arange(second.lo, second.hi + 1)
    exact = abs(multipliers[0]), abs(multipliers[1])
    sums = (exact[0] * a + exact[1] * b).ravel()
    codes = [np.searchsorted(row, sums, side="right") for row in unlike]
    low, high = (0, 1), (1, 0)  # fractions m_1 / m_2 around the exact one, as (m_1, m_2)
    for _ in range(MOST_STEPS):
        middle = low[0] + high[0], low[1] + high[1]
        if max(middle) >= max(exact):
            return None
        tables = [_steps((middle[0] * a + middle[1] * b).ravel(), c, rows.shape[1]) for c in codes]
        found = [table for table in tables if table is not None]
        if len(found) == len(tables):
            chosen = signs[0] * middle[0], signs[1] * middle[1]
            return chosen, np.stack(found)[back.ravel()]
        if middle[0] * exact[1] < exact[0] * middle[1]:
            low = middle
        else:
            high = middle
    return None


def _steps(sums: IntArray, codes: IntArray, steps: int) -> IntArray | None:
    """Give thresholds on sums that make these codes, None where there are none."""
    least = np.full(steps + 2, int(sums.max()) + 1)
    most = np.full(steps + 2, int(sums.min()) - 1)
    np.minimum.at(least, codes, sums)
    np.maximum.at(most, codes, sums)
    reached = np.minimum.accumulate(least[::-1])[::-1]  # least sum of this code or more
    missed = np.maximum.accumulate(most)  # most sum of this code or less
    thresholds = reached[1 : steps + 1]
    return thresholds if (missed[:steps] < thresholds).all() else None

"""Compiled: how long groups of rows must be so that no result is overwritten before it leaves."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwgen.compiled import compiled
from hwgen.numeric import IntArray

NO_LIMIT = (1 << 63) - 1


class Dealing:
    """Steps of the groups of each set, and the turns in which results leave.

    Parameters
    ----------
    steps
        Of each group, set by set.
    turns
        Of each beat the sets, copies counted, whose next result is in it.
    copies
        Beats in which the results of a row leave.
    """

    def __init__(self, steps: list[list[int]], turns: list[tuple[int, ...]], copies: int) -> None:
        self._counts = [len(part) for part in steps]
        self.steps: IntArray = np.zeros((len(steps), max(self._counts)), np.int64)
        for part, own in zip(self.steps, steps, strict=True):
            part[: len(own)] = own
        self._members = np.array([index for together in turns for index in together], np.int64)
        self._firsts = np.cumsum([0, *map(len, turns)])
        self._copies = copies

    def cost(self, most: int = NO_LIMIT) -> tuple[int, int]:
        """Cycles of the dealing, or some number above `most`; then how unequal the sets are."""
        cycles = self._stretched(self.steps.copy(), most)
        return cycles, int((self.steps.sum(axis=1) ** 2).sum())

    def stretched(self) -> tuple[int, list[list[int]]]:
        """Give the cycles, and the steps of the groups, some of them longer."""
        steps = self.steps.copy()
        cycles = self._stretched(steps, NO_LIMIT)
        rows = zip(steps.tolist(), self._counts, strict=True)
        return cycles, [row[:count] for row, count in rows]

    def _stretched(self, steps: IntArray, most: int) -> int:
        return int(_stretch(steps, self._members, self._firsts, self._copies, most))


@compiled()
def _stretch(steps: Any, members: Any, firsts: Any, copies: Any, most: Any) -> Any:
    """Lengthen groups until no result is overwritten before it has left; the cycles then.

    Ends where they are above `most`.
    """
    cycles = max(steps.sum(axis=1).max(), len(firsts) - 1)
    if len(steps) * copies == 1:
        return cycles
    while cycles <= most and _lengthen(steps, members, firsts, copies, cycles):
        cycles = max(cycles, steps.sum(axis=1).max())
    return cycles


@compiled()
def _lengthen(steps: Any, members: Any, firsts: Any, copies: Any, cycles: Any) -> Any:
    """Lengthen groups that end before their set's last result has left; whether there are any.

    Two vectors back to back, so that the end of one meets the start of the next. Copies of a set
    have the same groups; those that went before are looked at again.
    """
    sets = len(steps) * copies
    stretched, leaves, left = False, 0, np.zeros(sets, np.int64)
    for start in (0, cycles):
        ends, following = np.full(sets, start), np.zeros(sets, np.int64)
        for turn in range(len(firsts) - 1):
            for m in range(firsts[turn], firsts[turn + 1]):
                index = members[m]
                part, k = index // copies, following[index]
                following[index] += 1
                ends[index] += steps[part, k]
                if ends[index] < left[index]:
                    steps[part, k] += left[index] - ends[index]
                    ends[index] = left[index]
                    stretched = True
                leaves = max(leaves, ends[index])
            leaves += 1
            for m in range(firsts[turn], firsts[turn + 1]):
                left[members[m]] = leaves
    return stretched

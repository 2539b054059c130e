"""The network's codes as step functions of a sum, and where a word of steps differs from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.ir import Threshold
from hwgen.numeric import IntArray, Range
from hwgen.prove.forms.forms import Ranges
from hwgen.prove.forms.step_rules import GATES
from hwgen.prove.forms.steps import Flag, Step, combined, over_sum, plain_step, step_of

MOST_TRIED = 1 << 16  # values of a sum that are tried one by one; more are followed as steps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turns:
    """Codes over s less its least value: `codes[i]` from `starts[i]` on, where starts[0] is 0."""

    column: int
    steps: Range
    starts: IntArray
    codes: IntArray

    def bit(self, index: int) -> Flag:
        """Give a bit of the code."""
        bits = self.codes >> index & 1
        changed = self.starts[1:][bits[1:] != bits[:-1]]
        if not len(changed):
            return int(bits[0])
        return plain_step(self.column, self.steps, int(bits[0]), changed)

    def code(self, place: int) -> int:
        """Give the code at a place."""
        return int(self.codes[np.searchsorted(self.starts, place, side="right") - 1])


def turns_of(
    node: Threshold, row: int, factor: int, constant: int, steps: Range, column: int = 0
) -> Turns:
    """Give the codes of a row whose sum is `factor * s + constant` for s in `steps`."""
    ends = sorted(factor * end + constant for end in (steps.lo, steps.hi))
    thresholds = np.clip(node.of_channel(row), ends[0], ends[1] + 1)
    if factor > 0:
        places = -((constant - thresholds) // factor) - steps.lo
        codes = np.arange(len(places) + 1)
    elif factor < 0:
        places = ((constant - thresholds) // -factor + 1 - steps.lo)[::-1]
        codes = len(places) - np.arange(len(places) + 1)
    else:
        places = np.zeros(0, np.int64)
        codes = np.array([np.searchsorted(thresholds, constant, side="right")])
    starts = np.unique(np.concatenate([[0], places[(places > 0) & (places <= steps.span)]]))
    reached = np.searchsorted(places, starts, side="right")
    return Turns(column=column, steps=steps, starts=starts, codes=codes[reached] + node.output.lo)


def first_difference(
    word: Sequence[object], turns: Turns, inputs: Ranges
) -> tuple[int, int | None] | None:
    """Give the first bit of a word that is not the code's, and the least s at which it is not.

    None for that s where the bit is no step function that can be followed, and for all where the
    word is the code.
    """
    for index, value in enumerate(word):
        flag = step_of(value)
        if isinstance(flag, Step):
            flag = over_sum(flag, inputs) if flag.column == turns.column else None
        if flag is None:
            return index, None
        differ = combined(GATES["$xor"], [flag, turns.bit(index)], inputs)
        if isinstance(differ, Step):
            return index, turns.steps.lo + (0 if differ.first else int(differ.changes[0]))
        if differ is None or differ:
            return index, None if differ is None else turns.steps.lo
    return None

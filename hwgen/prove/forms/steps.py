"""Bits that are step functions of one sum, whatever its width.

Comparisons, decision diagrams, the upper bits of a product and words of a table that a sum points
into change at few places. These are kept, not the values at every sum: a bit of a lane of 33 bits
that changes at every other sum stays `forms.Bit`, a diagram over its low bits is a function of the
lane modulo a power of two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.prove.forms.forms import Bit, Form, Ranges

MOST_CHANGES = 1 << 19  # of a bit
MOST_BITS = 62  # of what a step function is written over: NumPy's integers


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A bit by `y = (form >> drop) % 2**bits`: `first` at y = 0, flipped at each of `changes`.

    The form has one input. `changes` ascend within 1 to 2**bits - 1.
    """

    form: Form
    drop: int
    bits: int
    first: int
    changes: IntArray
    _memory: list[Step] = field(default_factory=list)  # the step over the sum itself, once asked

    @property
    def column(self) -> int:
        """The input."""
        return next(iter(self.form.coefficients))

    @property
    def slope(self) -> int:
        """The form's coefficient."""
        return next(iter(self.form.coefficients.values()))

    @property
    def top(self) -> int:
        """Bits of the form that the step depends on."""
        return self.drop + self.bits

    def at(self, places: IntArray) -> IntArray:
        """Give the bit at some y."""
        reached = np.searchsorted(self.changes, places, side="right")
        return np.asarray(reached + self.first & 1, np.int64)

    def complement(self) -> Step:
        """Give the complement."""
        return Step(self.form, self.drop, self.bits, 1 - self.first, self.changes)

    def key(self, before: int = 0) -> tuple[object, ...]:
        """Describe the step, its input counted from `before` on."""
        size = 1 << self.top
        return (
            self.column - before,
            (self.slope % size, self.form.constant % size, self.drop, self.bits, self.first),
            self.changes.tobytes(),
        )

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Step):
            return self is other
        return self.column == other.column and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


Flag = int | Step


def step_of(value: object) -> Flag | None:
    """Give a bit as a step, None where it is none."""
    if isinstance(value, int | Step):
        return value
    if isinstance(value, Bit) and len(value.form.coefficients) == 1:
        return Step(value.form, value.index, 1, 0, np.array([1]))
    return None


def combined(
    function: Callable[..., IntArray], flags: Sequence[Flag], inputs: Ranges
) -> Flag | None:
    """Give a function of bits, over what they have in common; None where that is too much.

    `function` takes arrays of 0 and 1, one a bit, and gives another.
    """
    varying = [flag for flag in flags if isinstance(flag, Step)]
    if not varying:
        return int(function(*(np.array([flag]) for flag in flags))[0])
    aligned = _aligned(varying) or _over_sum(varying, inputs)
    if aligned is None:
        return None
    rest = iter(aligned)
    operands = [flag if isinstance(flag, int) else next(rest) for flag in flags]
    places = np.unique(np.concatenate([[0], *(step.changes for step in aligned)]))
    values = function(
        *(
            np.full(len(places), flag) if isinstance(flag, int) else flag.at(places)
            for flag in operands
        )
    )
    return _flag(aligned[0], places, values)


def _flag(like: Step, places: IntArray, values: IntArray) -> Flag:
    """Give the bit that has `values` from each of `places` on, the first of which is 0."""
    changed = places[1:][values[1:] != values[:-1]]
    if not len(changed):
        return int(values[0])
    return Step(like.form, like.drop, like.bits, int(values[0]), changed)


def _aligned(steps: list[Step]) -> list[Step] | None:
    """Write steps over one y, if they are of the same low bits of one form."""
    widest = max(steps, key=lambda step: step.top)
    drop = min(step.drop for step in steps)
    bits = widest.top - drop
    if bits > MOST_BITS:
        return None
    found = []
    for step in steps:
        turned = _turned(step, widest)
        copies = 1 << widest.top - step.top
        if turned is None or (len(turned.changes) + 1) * copies > MOST_CHANGES:
            return None
        places = turned.changes << turned.drop - drop
        if copies > 1:
            size = 1 << step.top - drop
            if len(places) % 2:  # where one period ends and the next begins
                places = np.concatenate([[0], places])
            places = (np.arange(copies)[:, None] * size + places).ravel()
            places = places[places > 0]
        found.append(Step(widest.form, drop, bits, turned.first, places))
    return found


def _turned(step: Step, other: Step) -> Step | None:
    """Write a step over the form of another: the same one, or its complement."""
    size, a, b = 1 << step.top, step.form, other.form
    if step.column != other.column:
        return None
    if (step.slope - other.slope) % size == (a.constant - b.constant) % size == 0:
        return step
    if (step.slope + other.slope) % size or (a.constant + b.constant + 1) % size:
        return None
    last = step.first + len(step.changes) & 1
    return Step(b, step.drop, step.bits, last, (1 << step.bits) - step.changes[::-1])


def _over_sum(steps: list[Step], inputs: Ranges) -> list[Step] | None:
    found = [over_sum(step, inputs) for step in steps]
    plain = [step for step in found if step is not None]
    same = len({step.column for step in steps}) == 1
    return plain if same and len(plain) == len(found) else None


def over_sum(step: Step, inputs: Ranges) -> Step | None:
    """Write a step over its input less the input's smallest value; None where it is too long."""
    if not step._memory:
        limits = inputs[step.column]
        places = _crossings(step, limits)
        if places is None or limits.span >> MOST_BITS:
            return None
        start = step.form.limits.lo if step.slope > 0 else step.form.limits.hi
        first = step.at(np.array([(start >> step.drop) % (1 << step.bits)]))
        step._memory.append(plain_step(step.column, limits, int(first[0]), places - limits.lo))
    return step._memory[0]


def plain_step(column: int, limits: Range, first: int, changes: IntArray) -> Step:
    """Give a step over an input less its smallest value."""
    form = Form({column: 1}, -limits.lo, Range(0, limits.span))
    return Step(form, 0, max(limits.span.bit_length(), 1), first, changes)


def _crossings(step: Step, limits: Range) -> IntArray | None:
    """Give the values of the input at which a step changes, in ascending order."""
    lo, hi = step.form.limits.lo >> step.drop, step.form.limits.hi >> step.drop
    turns = np.arange((hi >> step.bits) - (lo >> step.bits) + 1)
    changes = step.changes
    if len(changes) % 2:  # where one period ends and the next begins
        changes = np.concatenate([[0], changes])
    if len(turns) * len(changes) > MOST_CHANGES:
        return None
    start = lo >> step.bits << step.bits  # the rest is counted from here on
    targets = ((turns[:, None] << step.bits) + changes).ravel()
    targets = targets[(targets > lo - start) & (targets <= hi - start)]
    if hi - lo <= min(8 * len(targets), MOST_CHANGES):
        found = _rises(step.slope, step.form.constant, step.drop, lo + 1, hi)
        places = found[targets - (lo + 1 - start)]
    else:
        each = (
            _rise(step.slope, step.form.constant, step.drop, start + t) for t in targets.tolist()
        )
        places = np.array(list(each), np.int64)
    found, counts = np.unique(places, return_counts=True)
    return np.asarray(found[counts % 2 == 1], np.int64)


@lru_cache(maxsize=8)
def _rises(slope: int, constant: int, drop: int, first: int, last: int) -> IntArray:
    """Give all turns of a form's upper bits from one value to another; a word's bits share them."""
    return np.array([_rise(slope, constant, drop, y) for y in range(first, last + 1)], np.int64)


def _rise(slope: int, constant: int, drop: int, target: int) -> int:
    """Give the input from which on `form >> drop` has reached a target, or is below it."""
    distance = constant - (target << drop)
    return -(distance // slope) if slope > 0 else distance // -slope + 1

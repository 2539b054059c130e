"""Letters: what a bit is of its atom, whichever atom that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwgen.numeric import Range
from hwgen.prove.compiled.layout import LARGEST, LETTERS, MOST_FACTOR, Ints, Longs
from hwgen.prove.forms.forms import Bit, Form, bit
from hwgen.prove.forms.steps import Step
from hwgen.prove.forms.values import CaseBit, Part, Source, Value
from hwgen.prove.netlist.netlist import NotProvedError


@dataclass(frozen=True, slots=True)
class BitOf:
    """Bit `index` of `factor * atom + constant`.

    `base` is factor and constant of the form's base, see `forms.Form`.
    """

    factor: int
    constant: int
    index: int
    base: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class CaseOf:
    """A bit that is a function of the atom: bit s of `mask` is its value at the s-th of `count`."""

    mask: int
    count: int


@dataclass(frozen=True, slots=True)
class StepOf:
    """A step function of the atom, see `steps.Step`: by `factor * atom + constant`."""

    factor: int
    constant: int
    drop: int
    bits: int
    first: int
    changes: bytes


@dataclass(frozen=True, slots=True)
class PartOf:
    """Bit `place` of the atom, or its complement."""

    place: int
    inverted: bool = False


Letter = BitOf | CaseOf | StepOf | PartOf


class Letters:
    """The letters met so far, and the number of each."""

    def __init__(self) -> None:
        self.all: list[Letter] = []
        self._numbers: dict[Letter, int] = {}
        self.complement: Ints = np.full(LETTERS, -1, np.int32)
        self.factor: Longs = np.zeros(LETTERS, np.int64)
        self.constant: Longs = np.zeros(LETTERS, np.int64)
        self.index: Ints = np.zeros(LETTERS, np.int32)

    def number(self, letter: Letter) -> int:
        """Give the number of a letter, and one to its complement.

        Raises
        ------
        NotProvedError
            Where there are too many.
        """
        found = self._numbers.get(letter)
        if found is None:
            found, other = self._add(letter), complement_of(letter)
            if other not in self._numbers:
                self._add(other)
            self.complement[found] = self._numbers[other]
            self.complement[self._numbers[other]] = found
        return found

    def _add(self, letter: Letter) -> int:
        number = len(self.all)
        if number == LETTERS:
            raise NotProvedError(f"a unit must have at most {LETTERS:,} functions of its inputs")
        self.all.append(letter)
        self._numbers[letter] = number
        if isinstance(letter, BitOf) and _is_small(letter.factor, letter.constant):
            self.factor[number], self.constant[number] = letter.factor, letter.constant
            self.index[number] = letter.index
        return number


def complement_of(letter: Letter) -> Letter:
    """Give the letter of the complement."""
    match letter:
        case BitOf():
            base = None if letter.base is None else (-letter.base[0], -1 - letter.base[1])
            return BitOf(-letter.factor, -1 - letter.constant, letter.index, base)
        case CaseOf():
            return CaseOf(letter.mask ^ ((1 << letter.count) - 1), letter.count)
        case StepOf():
            return replace(letter, first=1 - letter.first)
        case PartOf():
            return PartOf(letter.place, not letter.inverted)


def value_of(letter: Letter, place: int, limits: Range) -> Value:
    """Give a bit of the atom at a place, which is in a range, as the rules know it."""
    match letter:
        case BitOf():
            form = _form(place, letter.factor, letter.constant, limits)
            form.base = None if letter.base is None else _form(place, *letter.base, limits)
            return bit(form, letter.index)
        case CaseOf():
            return CaseBit(Source(0, 0, place), letter.mask, letter.count)
        case StepOf():
            form = _form(place, letter.factor, letter.constant, limits)
            changes = np.frombuffer(letter.changes, np.int64)
            return Step(form, letter.drop, letter.bits, letter.first, changes)
        case PartOf():
            return Part(Source(0, 0, place), letter.place, letter.inverted)


def letter_of(value: Bit | Step | CaseBit | Part) -> tuple[int, Letter] | None:
    """Give the place of the atom of a bit, and its letter; None for a bit of several atoms."""
    match value:
        case Bit():
            if len(value.form.coefficients) != 1:
                return None
            ((place, factor),) = value.form.coefficients.items()
            return place, BitOf(factor, value.form.constant, value.index, _base(value.form, place))
        case Step():
            changes = np.asarray(value.changes, np.int64).tobytes()
            shape = value.drop, value.bits, value.first, changes
            return value.column, StepOf(value.slope, value.form.constant, *shape)
        case CaseBit():
            return value.source.lane, CaseOf(value.mask, value.count)
        case Part():
            return value.source.lane, PartOf(value.place, value.inverted)


def _form(place: int, factor: int, constant: int, limits: Range) -> Form:
    a, b = (end * factor + constant for end in (limits.lo, limits.hi))
    return Form({place: factor}, constant, Range(min(a, b), max(a, b)))


def _base(form: Form, place: int) -> tuple[int, int] | None:
    """Give the base of a form of one atom, where it is of the same one."""
    if form.base is None or set(form.base.coefficients) != {place}:
        return None
    return form.base.coefficients[place], form.base.constant


def is_small(form: Form) -> bool:
    """Whether factors and constant are not beyond what the loops can add up."""
    return all(_is_small(factor, form.constant) for factor in form.coefficients.values())


def _is_small(factor: int, constant: int) -> bool:
    return abs(constant) < LARGEST and abs(factor) < MOST_FACTOR

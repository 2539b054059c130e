"""What a value of a program is, as far as its proof knows: a sum, a table, or a choice.

Variables are elements of the network's tensors: its input, and what its layers give. Each has a
range, and a value is known for every combination of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.prove.netlist.netlist import NotProvedError

MOST_VALUES = 1 << 22  # of one sum that tables are made for
Coefficients = dict[int, int]
Base = tuple[tuple[int, int], ...]  # coefficients without a common divisor, the first positive


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """An integer linear form of variables.

    `known` is None where the value is the form, else the value equals it in so many low bits;
    where a type of just these bits holds it, `signed` says which.
    """

    coefficients: Coefficients
    constant: int
    limits: Range
    known: int | None = None
    signed: bool | None = None

    @property
    def is_constant(self) -> bool:
        """Whether it depends on nothing."""
        return not self.coefficients

    def same(self, other: object) -> bool:
        """Whether another value is the same for every input."""
        return (
            isinstance(other, Sum)
            and self.coefficients == other.coefficients
            and self.constant == other.constant
            and self.known is None is other.known
        )


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A function of one form: `values[k]` where the form of `base` is `lo + k`.

    `known` as of a sum. `choice` is the same where it is a comparison or a choice among sums too,
    as those of an argmax may be, and `terms` are what it was added up from, with their factors:
    what reads it decides which of them it needs.
    """

    base: Base
    lo: int
    values: IntArray
    known: int | None = None
    choice: Comparison | Choice | None = None
    terms: tuple[tuple[Sum | Table, int], ...] = ()

    @property
    def chosen(self) -> Choice | None:
        """Give it as a choice among sums, where it is one."""
        return self.choice if isinstance(self.choice, Choice) else None

    def same(self, other: object) -> bool:
        """Whether another value is the same for every input."""
        return (
            isinstance(other, Table)
            and self.base == other.base
            and self.known is None is other.known
            and bool(np.array_equal(self.values, other.values))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Whether `first > second`, or `>=` where `also_equal`, of values on different forms."""

    first: Sum | Choice
    second: Sum | Choice
    also_equal: bool


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The result beside the largest form; of equal forms the first one counts.

    Results are the forms themselves where it is the largest value.
    """

    forms: tuple[Sum, ...]
    results: tuple[Sum, ...]

    @property
    def limits(self) -> Range:
        """Range of the results."""
        limits = [result.limits for result in self.results]
        return Range(min(r.lo for r in limits), max(r.hi for r in limits))

    def same(self, other: object) -> bool:
        """Whether another value is the same for every input."""
        return (
            isinstance(other, Choice)
            and all_same(self.forms, other.forms)
            and all_same(self.results, other.results)
        )

    @property
    def is_largest(self) -> bool:
        """Whether the results are the forms."""
        return all_same(self.forms, self.results)


Value = Sum | Table | Comparison | Choice


def all_same(some: tuple[Sum, ...], others: tuple[Sum, ...]) -> bool:
    """Whether forms are the same, one by one."""
    return len(some) == len(others) and all(a.same(b) for a, b in zip(some, others, strict=True))


class Variables:
    """The ranges of all variables, and the forms over them."""

    def __init__(self) -> None:
        self.limits: list[Range] = []
        self.names: list[str] = []

    def new(self, limits: Range, name: str) -> Sum:
        """Give a variable that has not been there."""
        self.limits.append(limits)
        self.names.append(name)
        return Sum({len(self.limits) - 1: 1}, 0, limits)

    def form(self, coefficients: Coefficients, constant: int, known: int | None = None) -> Sum:
        """Give a form with its exact range."""
        lo = hi = constant
        for variable, weight in coefficients.items():
            limits = self.limits[variable]
            lo += weight * (limits.lo if weight > 0 else limits.hi)
            hi += weight * (limits.hi if weight > 0 else limits.lo)
        return Sum(coefficients, constant, Range(lo, hi), known)

    def added(self, a: Sum, b: Sum, factor: int = 1) -> Sum:
        """Give `a + factor * b`."""
        known = least_known(a.known, b.known)
        constant = a.constant + factor * b.constant
        if not b.coefficients:
            shift = factor * b.constant
            return Sum(a.coefficients, constant, moved(a.limits, shift), known)
        total = dict(a.coefficients)
        for variable, weight in b.coefficients.items():
            found = total.get(variable, 0) + factor * weight
            if found:
                total[variable] = found
            else:
                del total[variable]
        if a.coefficients.keys().isdisjoint(b.coefficients):
            ends = sorted((factor * b.limits.lo, factor * b.limits.hi))
            limits = Range(a.limits.lo + ends[0], a.limits.hi + ends[1])
            return Sum(total, constant, limits, known)
        return self.form(total, constant, known)

    def scaled(self, a: Sum, factor: int) -> Sum:
        """Give `factor * a`."""
        if factor == 0:
            return constant(0)
        ends = sorted((a.limits.lo * factor, a.limits.hi * factor))
        total = {variable: weight * factor for variable, weight in a.coefficients.items()}
        return Sum(total, a.constant * factor, Range(*ends), a.known)

    def table(self, a: Sum) -> Table:
        """Give a form as a table over its base.

        Raises
        ------
        NotProvedError
            Where it has too many values.
        """
        divisor, base = based(a.coefficients)
        own = self.form(dict(base), 0)
        if own.limits.span >= MOST_VALUES:
            raise NotProvedError(
                f"{self.text(a)}: must have at most {MOST_VALUES:,} values to be followed through "
                f"thresholds, not {own.limits.span + 1:,}"
            )
        values = divisor * np.arange(own.limits.lo, own.limits.hi + 1, dtype=np.int64) + a.constant
        return known_as(Table(base, own.limits.lo, values), a)

    def text(self, a: Sum) -> str:
        """Give a form as text, a long one by its beginning."""
        parts = [
            f"{weight} * {self.names[variable]}"
            for variable, weight in sorted(a.coefficients.items())
        ]
        shown = parts[:4] + ["..."] * (len(parts) > 4) + [str(a.constant)] * bool(a.constant)
        return " + ".join(shown) or "0"


def known_as(table: Table, form: Sum) -> Table:
    """Give the table of a form as far as it is known, terms the form itself."""
    if form.known is not None and form.signed is not None:
        values = wrapped(table.values, form.known, form.signed)
        return Table(table.base, table.lo, values, terms=((form, 1),))
    return Table(table.base, table.lo, table.values, form.known, terms=((form, 1),))


def based(coefficients: Coefficients) -> tuple[int, Base]:
    """Give the divisor of coefficients, negative where the first is, and what is left."""
    if len(coefficients) == 1:
        ((variable, weight),) = coefficients.items()
        return weight, ((variable, 1),)
    items = sorted(coefficients.items())
    divisor = gcd(*coefficients.values())
    divisor = -divisor if items[0][1] < 0 else divisor
    return divisor, tuple((variable, weight // divisor) for variable, weight in items)


def constant(value: int) -> Sum:
    """Give a number."""
    return Sum({}, value, Range(value, value))


def moved(limits: Range, shift: int) -> Range:
    """Give a range further up."""
    return Range(limits.lo + shift, limits.hi + shift)


def least_known(a: int | None, b: int | None) -> int | None:
    """Give in how many bits what two values make is known."""
    if a is None or b is None:
        return a if b is None else b
    return min(a, b)


def wrapped(values: IntArray, bits: int, signed: bool) -> IntArray:
    """Give values as a type of so many bits holds them."""
    if bits >= 63:
        return values
    lo = -(1 << (bits - 1)) if signed else 0
    found: IntArray = ((values - lo) & ((1 << bits) - 1)) + lo
    return found

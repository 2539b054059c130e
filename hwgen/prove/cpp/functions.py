"""What variables stand for: functions of one form, and the largest of several forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.prove.cpp.largest import Name, name_of, table_of
from hwgen.prove.cpp.values import Base, Sum, Table, Variables, constant, known_as


class Functions:
    """Elements of the network by what they are: tables of their sums, and largest values."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self._inner: dict[int, list[Table]] = {}  # what a variable is of the forms below it
        self._codes: dict[Base, list[tuple[Sum, Table]]] = {}
        self._largest: dict[Name, Sum] = {}
        self._pixels: dict[int, tuple[Sum, ...]] = {}  # of variables that are largest values
        self._seen: set[int] = set()  # the variables of those pixels
        self._reached: dict[Base, IntArray] = {}  # places of variables that never take some values
        self._owners: dict[Base, set[int]] = {}  # variables that are functions of a form
        self._shared: set[int] = set()  # those that are functions of one with others

    def code(self, table: Table) -> Sum | None:
        """Give an element of the network that a table is, or a multiple of one and a constant.

        Values that the table's variable never takes do not count.
        """
        places = np.arange(len(table.values), dtype=np.int64)
        reached = self._reached.get(table.base, places)
        values = table.values[reached]
        affine = _ratio(values, places[reached] + table.lo)
        if affine is not None:
            factor, offset = affine
            return self.variables.form({v: w * factor for v, w in table.base if factor}, offset)
        for element, codes in self._codes.get(table.base, []):
            affine = _ratio(values, codes.values[reached])
            if affine is not None:
                scaled = self.variables.scaled(element, affine[0])
                return self.variables.added(scaled, constant(affine[1]))
        return None

    def near(self, base: Base) -> str | None:
        """Name the elements whose codes are functions of a form."""
        names = [self.variables.text(element) for element, _ in self._codes.get(base, [])]
        return ", ".join(names) if names else None

    def defined(self, table: Table, name: str) -> Sum:
        """Give the element that is a function of one form: one that is known, or a new one."""
        own = self.variables.form(dict(table.base), 0)
        tables = [table]
        for (inner,) in self._over_one([own]):
            values = table.values[inner.values - table.lo]
            tables.append(Table(inner.base, inner.lo, values))
        known = self._known(tables)
        if known is not None:
            if self.code(table) is None:
                self._add_codes(known, [table])  # where values of the form that none reaches differ
            return known
        limits = Range(int(table.values.min()), int(table.values.max()))
        element = self.variables.new(limits, name)
        (variable,) = element.coefficients
        self._inner[variable] = tables
        reached = min((np.unique(own.values) for own in tables), key=len)
        if len(reached) <= limits.span:
            self._reached[((variable, 1),)] = reached - limits.lo
        for own_base in self._bases(variable):
            self._share(own_base, variable)
        self._add_codes(element, tables)
        return element

    def normal(self, form: Sum) -> Sum:
        """Give a form with one name for all that its variables are functions of one form.

        A multiple of the first element that was the same function of it stands for them.
        """
        if self._shared.isdisjoint(form.coefficients) or len(form.coefficients) < 2:
            return form
        groups: dict[Base, dict[int, int]] = {}
        for variable, weight in form.coefficients.items():
            groups.setdefault(self._bases(variable)[-1], {})[variable] = weight
        total = constant(form.constant)
        for coefficients in groups.values():
            part = self.variables.form(coefficients, 0)
            total = self.variables.added(total, self._of_group(part))
        return replace(total, known=form.known, signed=form.signed)

    def _of_group(self, part: Sum) -> Sum:
        if len(part.coefficients) < 2:
            return part
        tables = [table for (table,) in self._over_one([part])]
        known = self._known(tables)
        if known is None:
            self._add_codes(part, tables)
        return known or part

    def pooled(self, pixels: Sequence[Sum], name: str) -> Sum:
        """Give the largest of some elements: one that is known, or a new one."""
        self._seen |= {v for pixel in pixels for v in pixel.coefficients}
        own = self._name(pixels)
        known = self._of_name(own)
        if known is not None:
            return known
        one = table_of(own)
        tables = [] if one is None else [one]
        tables += [_greatest(tables) for tables in self._over_one(pixels)]
        if tables:
            element = self._known(tables) or self.defined(tables[0], name)
        else:
            limits = [pixel.limits for pixel in pixels]
            least, most = max(r.lo for r in limits), max(r.hi for r in limits)
            element = self.variables.new(Range(least, most), name)
            (variable,) = element.coefficients
            self._pixels[variable] = tuple(pixels)
            self._seen.add(variable)
        self._largest[own] = element
        return element

    def largest(self, forms: Sequence[Sum]) -> Sum | None:
        """Give the element that the largest of some forms always is, if there is one."""
        if len(forms) == 1:
            return forms[0]
        least = max(form.limits.lo for form in forms)
        above = [form for form in forms if form.limits.hi > least]
        bases = {tuple(sorted(form.coefficients)) for form in above}
        if len(bases) > 1 and any(not self._seen.issuperset(base) for base in bases):
            return None
        return self._of_name(self._name(forms))

    def same_largest(self, some: Sequence[Sum], others: Sequence[Sum]) -> bool:
        """Whether the largest of some forms is that of others, for every input."""
        return self._name(some) == self._name(others)

    def _of_name(self, name: Name) -> Sum | None:
        if not name[1]:
            return constant(name[0])
        table = table_of(name)
        if table is not None:
            return self.code(table)
        return self._largest.get(name)

    def _name(self, forms: Iterable[Sum]) -> Name:
        return name_of((pixel for form in forms for pixel in self._expanded(form)), self.variables)

    def _expanded(self, form: Sum) -> list[Sum]:
        """Give a multiple of a largest value as the forms that it is the largest of."""
        form = self.normal(form)
        if len(form.coefficients) != 1:
            return [form]
        ((variable, weight),) = form.coefficients.items()
        if weight < 0 or variable not in self._pixels:
            return [form]
        add, found = constant(form.constant), []
        for pixel in self._pixels[variable]:
            scaled = self.variables.scaled(pixel, weight)
            found += self._expanded(self.variables.added(scaled, add))
        return found

    def _share(self, base: Base, variable: int) -> None:
        """Note that a variable is a function of a form: there may be others that are."""
        owners = self._owners.setdefault(base, set())
        owners.add(variable)
        if len(base) == 1:
            owners.add(base[0][0])
        if len(owners) > 1:
            self._shared |= owners

    def _known(self, tables: list[Table]) -> Sum | None:
        return next((code for table in tables if (code := self.code(table)) is not None), None)

    def _add_codes(self, element: Sum, tables: list[Table]) -> None:
        for table in tables:
            self._codes.setdefault(table.base, []).append((element, table))

    def _bases(self, variable: int) -> list[Base]:
        """Give the forms that a variable is a function of, itself the first."""
        return [((variable, 1),), *(table.base for table in self._inner.get(variable, []))]

    def _over_one(self, forms: Sequence[Sum]) -> list[list[Table]]:
        """Give forms as tables over each form that all of their variables are functions of."""
        variables = sorted({v for form in forms for v in form.coefficients})
        if not variables:
            return []
        bases = self._bases(variables[0])
        if len(forms) == len(variables) == 1:
            bases = bases[1:]  # not over itself
        for variable in variables[1:]:
            own = set(self._bases(variable))
            bases = [base for base in bases if base in own]
            if not bases:
                break
        return [[self._table(form, base) for form in forms] for base in bases]

    def over(self, form: Sum, base: Base) -> Table | None:
        """Give a form as a table over another that all of its variables are functions of."""
        if all(base in self._bases(variable) for variable in form.coefficients):
            return known_as(self._table(form, base), form)
        return None

    def _table(self, form: Sum, base: Base) -> Table:
        limits = self.variables.form(dict(base), 0).limits
        values = np.full(limits.span + 1, form.constant, np.int64)
        for variable, weight in form.coefficients.items():
            values += weight * self._over(variable, base)
        return Table(base, limits.lo, values)

    def _over(self, variable: int, base: Base) -> IntArray:
        """Give a variable as a function of one of its bases."""
        for table in self._inner.get(variable, []):
            if table.base == base:
                return table.values
        limits = self.variables.limits[variable]
        return np.arange(limits.lo, limits.hi + 1, dtype=np.int64)


def _greatest(tables: list[Table]) -> Table:
    values: IntArray = np.max([table.values for table in tables], axis=0)
    return Table(tables[0].base, tables[0].lo, values)


def _ratio(values: IntArray, others: IntArray) -> tuple[int, int] | None:
    """Give factor and offset where `values = factor * others + offset`."""
    changes = np.flatnonzero(others != others[0])
    if not len(changes):
        return (0, int(values[0])) if (values == values[0]).all() else None
    at = changes[0]
    factor, rest = divmod(int(values[at] - values[0]), int(others[at] - others[0]))
    offset = int(values[0]) - factor * int(others[0])
    return (factor, offset) if not rest and (values == factor * others + offset).all() else None

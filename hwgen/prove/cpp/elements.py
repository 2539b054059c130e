"""Values as the forms, tables and elements of the network that rules ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from hwgen.numeric import IntArray
from hwgen.prove.cpp.functions import Functions
from hwgen.prove.cpp.values import (
    Choice,
    Comparison,
    Sum,
    Table,
    Value,
    Variables,
    based,
    constant,
    least_known,
)
from hwgen.prove.netlist.netlist import NotProvedError


class Elements:
    """Gives values as forms and tables, and says where one is no element of the network."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.variables: Variables = functions.variables

    def mapped(self, value: Value, change: Callable[[IntArray], IntArray]) -> Value:
        """Change every value of a function of one form."""
        value = self.as_sum(value) if isinstance(value, Choice) else value
        if isinstance(value, Sum) and value.is_constant and value.known is None:
            return constant(int(change(np.array([value.constant]))[0]))
        table = self.as_table(value)
        return Table(table.base, table.lo, change(exact(table)))

    def over_one(self, a: Value, b: Value) -> tuple[Table, Table] | None:
        """Give two values as tables over the same form, None where they are on different ones."""
        if not isinstance(a, Table) and not isinstance(b, Table):
            return None
        whole = a if isinstance(a, Table) else b
        assert isinstance(whole, Table)
        pair = self._over(whole, a), self._over(whole, b)
        return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])

    def over(self, whole: Table, value: Value) -> Table:
        """Give a value as a table over the form of another."""
        value = self.as_sum(value) if isinstance(value, Choice) else value
        found = self._over(whole, value)
        if found is None:
            raise NotProvedError(
                "a choice by one sum must be between functions of it: "
                f"{self._named(whole.base)} chooses by {self._named(self.as_table(value).base)}"
            )
        return found

    def _over(self, whole: Table, value: Value) -> Table | None:
        match value:
            case Table():
                return value if value.base == whole.base else None
            case Sum() if value.is_constant:
                values = np.full(len(whole.values), value.constant)
                return Table(whole.base, whole.lo, values, value.known)
            case Sum():
                if based(value.coefficients)[1] == whole.base:
                    return self.variables.table(value)
                return self.functions.over(value, whole.base)
            case _:
                return None

    def as_table(self, value: Value) -> Table:
        """Give a value as a table over its form."""
        if isinstance(value, Table):
            return value
        if isinstance(value, Choice) and value.is_largest:
            value = self.as_sum(value)
        if not isinstance(value, Sum):
            raise NotProvedError("a choice among sums must not be looked at bit by bit")
        return self.variables.table(self.functions.normal(value))

    def as_sum(self, value: Value) -> Sum:
        """Give a value as a form: a code or a pooling as the network's element that it is."""
        match value:
            case Sum():
                return value
            case Table():
                element = self.functions.code(value) or self.added_up(value)
                if element is None:
                    raise NotProvedError(self._unknown(value))
                known = least_known(value.known, element.known)
                return Sum(element.coefficients, element.constant, element.limits, known)
            case Choice():
                found = self.functions.largest(value.forms) if value.is_largest else None
                if found is None:
                    raise NotProvedError(
                        f"the largest of {len(value.forms)} values must be a pooling of the network"
                    )
                return found
            case Comparison():
                raise NotProvedError("a comparison of sums must choose one of the two")

    def added_up(self, value: Table) -> Sum | None:
        """Give a table as the sum of the elements that it was added up from."""
        total, left = constant(0), list(value.terms)
        while left:
            term, factor = left.pop()
            element = term if isinstance(term, Sum) else self.functions.code(term)
            if element is not None:
                known = least_known(element.known, term.known)
                total = self.variables.added(total, replace(element, known=known), factor)
            elif isinstance(term, Table) and term.terms and term.known is None:
                left += [(inner, own * factor) for inner, own in term.terms]
            else:
                return None
        return total if value.terms else None

    def settled(self, value: Value) -> Value:
        """Give the largest of some values as the element that it always is, if there is one."""
        if not (isinstance(value, Choice) and value.is_largest):
            return value
        return self.functions.largest(value.forms) or value

    def _named(self, base: tuple[tuple[int, int], ...]) -> str:
        return self.variables.text(self.variables.form(dict(base), 0))

    def _unknown(self, value: Table) -> str:
        near = self.functions.near(value.base)
        if near is None:
            return f"{self._named(value.base)}: must be a sum of the network, and is none"
        return f"{near}: its code must be the network's for every sum, and is not"


def exact(value: Table) -> IntArray:
    """Give the values of a table that is known in all bits."""
    if value.known is not None:
        raise NotProvedError(f"a value is read whole, and {value.known} of its bits are known")
    return value.values

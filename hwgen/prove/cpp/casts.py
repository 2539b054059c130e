"""What a type of so many bits makes of a value."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from hwgen.prove.cpp.elements import Elements
from hwgen.prove.cpp.values import (
    Choice,
    Comparison,
    Sum,
    Table,
    Value,
    constant,
    moved,
    wrapped,
)
from hwgen.prove.netlist.netlist import NotProvedError


def cast(e: Elements, value: Value, bits: int, signed: bool) -> Value:
    """Give what a type holds of a value."""
    match value:
        case Sum():
            return cast_sum(e, value, bits, signed)
        case Table():
            return _cast_table(e, value, bits, signed)
        case Choice():
            return _cast_choice(e, value, bits, signed)
        case Comparison():
            raise NotProvedError("a comparison of sums must choose one of the two")


def cast_sum(e: Elements, value: Sum, bits: int, signed: bool) -> Sum | Table:
    """Give what a type holds of a form: the form, where its range fits or does once moved."""
    lo = -(1 << (bits - 1)) if signed else 0
    limits, known = value.limits, value.known
    if known is not None and known < bits:
        if value.signed is None or value.is_constant:
            return value  # still known in so many bits, whatever the type
        table = e.variables.table(value)
        return Table(table.base, table.lo, wrapped(table.values, bits, signed))
    away = (limits.lo - lo) >> bits  # how often the type's range lies below
    if limits.hi - (away << bits) < lo + (1 << bits):
        fits = moved(limits, -(away << bits))
        return Sum(value.coefficients, value.constant - (away << bits), fits)
    return Sum(value.coefficients, value.constant, limits, bits, signed)


def _cast_table(e: Elements, value: Table, bits: int, signed: bool) -> Value:
    if value.known is not None and value.known < bits:
        return cast_sum(e, e.as_sum(value), bits, signed)
    values = wrapped(value.values, bits, signed)
    if value.known is None and np.array_equal(values, value.values):
        return value
    added = e.added_up(value)
    of_terms = None if added is None else cast_sum(e, added, bits, signed)
    element = e.functions.code(value)  # what follows may only need it modulo
    if element is None:
        terms = () if of_terms is None else ((of_terms, 1),)
        return Table(value.base, value.lo, values, terms=terms)
    near = Sum(element.coefficients, element.constant, element.limits, value.known)
    found = cast_sum(e, near, bits, signed)
    # a code may be the table's by chance only, and leave the type where what was added up does not
    return of_terms if _is_whole(of_terms) and not _is_whole(found) else found


def _is_whole(value: Sum | Table | None) -> TypeGuard[Sum]:
    return isinstance(value, Sum) and value.known is None


def _cast_choice(e: Elements, value: Choice, bits: int, signed: bool) -> Value:
    if value.is_largest:
        return _cast_largest(e, value, bits, signed)
    results = []
    for result in value.results:
        found = cast_sum(e, result, bits, signed)
        if not isinstance(found, Sum) or found.known is not None:
            raise NotProvedError("what is chosen must fit its type")
        results.append(found)
    return Choice(value.forms, tuple(results))


def _cast_largest(e: Elements, value: Choice, bits: int, signed: bool) -> Value:
    """Give what a type holds of the largest of some forms: itself, perhaps moved."""
    lo = -(1 << (bits - 1)) if signed else 0
    least = max(form.limits.lo for form in value.forms)
    away = (least - lo) >> bits
    if value.limits.hi - (away << bits) < lo + (1 << bits):
        if not away:
            return value
        shift = constant(-(away << bits))
        forms = tuple(e.variables.added(form, shift) for form in value.forms)
        return Choice(forms, forms)
    element = e.settled(value)
    if not isinstance(element, Sum):
        raise NotProvedError("the largest of some values: must fit its type")
    return cast_sum(e, element, bits, signed)

"""Sums, products, shifts and flipped bits of values."""

from __future__ import annotations

import numpy as np

from hwgen.prove.cpp.casts import cast
from hwgen.prove.cpp.elements import Elements
from hwgen.prove.cpp.values import (
    Choice,
    Sum,
    Table,
    Value,
    constant,
    least_known,
    wrapped,
)
from hwgen.prove.netlist.netlist import NotProvedError


def added(e: Elements, a: Value, b: Value, factor: int) -> Value:
    """Give `a + factor * b`."""
    if isinstance(a, Choice) and not a.is_largest and isinstance(b, Sum) and b.is_constant:
        results = tuple(e.variables.added(r, b, factor) for r in a.results)
        return Choice(a.forms, results)
    pair = e.over_one(a, b)
    if pair is not None:
        first, second = pair
        values = first.values + factor * second.values
        known = least_known(first.known, second.known)
        assert isinstance(a, Sum | Table)
        assert isinstance(b, Sum | Table)
        terms = ((a, 1), (b, factor))
        return Table(first.base, first.lo, values, known, terms=terms)
    return e.variables.added(e.as_sum(a), e.as_sum(b), factor)


def product(e: Elements, a: Value, b: Value) -> Value:
    """Give a product with a constant."""
    if isinstance(b, Sum) and b.is_constant:
        a, b = b, a
    if not (isinstance(a, Sum) and a.is_constant):
        raise NotProvedError("a product must have a constant factor")
    if isinstance(b, Table):
        values, terms = b.values * a.constant, ((b, a.constant),)
        return Table(b.base, b.lo, values, b.known, terms=terms)
    return e.variables.scaled(e.as_sum(b), a.constant)


def shifted(e: Elements, value: Value, places: int, bits: int, signed: bool) -> Value:
    """Shift to the left; bits above the width of what is shifted may be lost."""
    if isinstance(value, Table):
        values = value.values << places
        exact = value.known is None and np.array_equal(wrapped(values, bits, signed), values)
        known, terms = None if exact else bits, ((value, 1 << places),)
        return Table(value.base, value.lo, values, known, terms=terms)
    found = e.variables.scaled(e.as_sum(value), 1 << places)
    lo = -(1 << (bits - 1)) if signed else 0
    fits = lo <= found.limits.lo and found.limits.hi < lo + (1 << bits)
    known = found.known if fits else least_known(found.known, bits)
    return Sum(found.coefficients, found.constant, found.limits, known)


def inverted(e: Elements, value: Value, bits: int) -> Value:
    """Flip the bits of a value; libraries differ in those above its width."""
    if isinstance(value, Table):
        return Table(value.base, value.lo, ~value.values, least_known(value.known, bits))
    if isinstance(value, Choice) and not value.is_largest:
        flipped = (e.variables.scaled(result, -1) for result in value.results)
        results = (e.variables.added(result, constant(-1)) for result in flipped)
        low = tuple(Sum(r.coefficients, r.constant, r.limits, bits) for r in results)
        return Choice(value.forms, low)
    found = e.variables.added(e.variables.scaled(e.as_sum(value), -1), constant(-1))
    known = least_known(found.known, bits)
    return Sum(found.coefficients, found.constant, found.limits, known)


def flipped(e: Elements, a: Value, b: Value, bits: int) -> Value:
    """Give the exclusive or with a constant."""
    if not (isinstance(b, Sum) and b.is_constant):
        raise NotProvedError("an exclusive or must have a constant")
    top = 1 << (bits - 1)
    if isinstance(a, Sum) and b.constant == top:  # of the highest bit: one is carried out
        found = e.variables.added(a, constant(top))
        known = least_known(found.known, bits)
        return cast(e, Sum(found.coefficients, found.constant, found.limits, known), bits, False)
    return e.mapped(a, lambda values: values ^ b.constant)

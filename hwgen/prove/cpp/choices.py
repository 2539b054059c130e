"""Comparisons, and what is chosen by them: codes of one sum, or the largest of several."""

from __future__ import annotations

import numpy as np

from hwgen.prove.cpp.elements import Elements, exact
from hwgen.prove.cpp.values import (
    Choice,
    Comparison,
    Sum,
    Table,
    Value,
    all_same,
    constant,
)
from hwgen.prove.netlist.netlist import NotProvedError


def compared(e: Elements, a: Value, b: Value, also_equal: bool) -> Value:
    """Give whether `a > b`, or `>=`: as a table, a comparison of sums, or both."""
    a, b = e.settled(a), e.settled(b)
    if isinstance(a, Sum) and isinstance(b, Sum) and a.is_constant and b.is_constant:
        above = a.constant > b.constant or (also_equal and a.constant == b.constant)
        return constant(int(above))
    pair = e.over_one(_table_beside(e, a, b), _table_beside(e, b, a))
    if pair is None:
        return Comparison(_ordered(e, a), _ordered(e, b), also_equal)
    first, second = (exact(table) for table in pair)
    found = first >= second if also_equal else first > second
    choice = None
    if _is_orderable(e, a) and _is_orderable(e, b):
        choice = Comparison(_ordered(e, a), _ordered(e, b), also_equal)
    return Table(pair[0].base, pair[0].lo, found.astype(np.int64), choice=choice)


def _is_orderable(e: Elements, value: Value) -> bool:
    """Whether a value can stand in a choice among sums."""
    match value:
        case Sum():
            return value.known is None
        case Choice():
            return value.is_largest
        case Table():
            if value.chosen is not None and value.chosen.is_largest:
                return True
            return value.known is None and e.functions.code(value) is not None
        case Comparison():
            return False


def _table_beside(e: Elements, value: Value, other: Value) -> Value:
    """Give what is compared with a number as a table."""
    if isinstance(value, Table) or not _is_number(other):
        return value
    if isinstance(value, Choice) and e.functions.largest(value.forms) is None:
        return value  # of an argmax
    return e.as_table(value)


def _ordered(e: Elements, value: Value) -> Sum | Choice:
    """Give what is compared as forms: all of them, where it is the largest of several.

    A code is not looked for there: what is chosen beside it may depend on each of them.
    """
    if isinstance(value, Table) and value.chosen is not None and value.chosen.is_largest:
        return value.chosen
    if isinstance(value, Choice) and value.is_largest:
        return value
    found = e.as_sum(value)
    if found.known is not None:
        raise NotProvedError(
            f"{e.variables.text(found)}: must be exact to be compared, and is known in "
            f"{found.known} bits"
        )
    return found


def selected(e: Elements, bit: Value, a: Value, b: Value) -> Value:
    """Give one of two values by a comparison."""
    match bit:
        case Sum():
            return a if bit.constant else b
        case Table():
            return _selected_by_table(e, bit, a, b)
        case Comparison():
            return _chosen(e, bit, a, b)
        case Choice():
            raise NotProvedError("a choice must be by a comparison")


def _selected_by_table(e: Elements, bit: Table, a: Value, b: Value) -> Value:
    choice: Choice | None = None
    if isinstance(bit.choice, Comparison):
        try:
            choice = _chosen(e, bit.choice, a, b)
        except NotProvedError:
            choice = None  # a function of one sum only
    try:
        first, second = e.over(bit, a), e.over(bit, b)
    except NotProvedError:
        if choice is None:
            raise
        return choice
    values = np.where(bit.values != 0, exact(first), exact(second))
    return Table(bit.base, bit.lo, values, choice=choice)


def _chosen(e: Elements, bit: Comparison, a: Value, b: Value) -> Choice:
    """Choose by which of two is larger: one of the two, or something beside them."""
    first = _beside(e, bit.first, _as_result(e, a, bit.first))
    second = _beside(e, bit.second, _as_result(e, b, bit.second))
    pair = (first, second) if bit.also_equal else (second, first)
    forms, results = ((*pair[0][k], *pair[1][k]) for k in (0, 1))
    return Choice(forms, results)


def _as_result(e: Elements, value: Value, beside: Sum | Choice) -> Sum | Choice:
    chosen = value.chosen if isinstance(value, Table) else None
    if chosen is not None and _is_beside(e, chosen.forms, _forms(beside)):
        return chosen
    return value if isinstance(value, Choice) else e.as_sum(value)


def index_of(e: Elements, value: Choice, bits: int) -> Choice:
    """Give the low bits of the largest of keys: the constant below the largest form.

    Keys that another is above for every input have no part: a first key of zero, say.
    """
    found: list[tuple[int, Sum]] = []
    least = max((key.limits.lo for key in value.forms if key.known is None), default=0)
    for key in value.forms:
        if key.known is None and key.limits.hi < least:
            continue
        low = key.constant % (1 << bits)
        if key.known is not None or any(w % (1 << bits) for w in key.coefficients.values()):
            raise NotProvedError(f"{e.variables.text(key)}: a key must be a sum above its index")
        form = e.variables.form(
            {v: w >> bits for v, w in key.coefficients.items()}, key.constant >> bits
        )
        found.append((low, form))
    if len({low for low, _ in found}) != len(found):
        raise NotProvedError("keys of a largest element: must have an index each")
    found.sort(key=lambda item: -item[0])
    return Choice(tuple(f for _, f in found), tuple(constant(low) for low, _ in found))


def _forms(compared: Sum | Choice) -> tuple[Sum, ...]:
    return compared.forms if isinstance(compared, Choice) else (compared,)


def _is_number(value: Value) -> bool:
    return isinstance(value, Sum) and value.is_constant


def _is_beside(e: Elements, some: tuple[Sum, ...], others: tuple[Sum, ...]) -> bool:
    """Whether the largest of some forms is that of others, all of them known whole."""
    if all_same(some, others):
        return True
    is_whole = all(form.known is None for form in (*some, *others))
    return is_whole and e.functions.same_largest(some, others)


def _beside(
    e: Elements, compared: Sum | Choice, result: Sum | Choice
) -> tuple[tuple[Sum, ...], tuple[Sum, ...]]:
    """Give forms whose largest was compared, each with its result."""
    forms = _forms(compared)
    if isinstance(result, Choice):
        if not _is_beside(e, result.forms, forms):
            raise NotProvedError("what is chosen must lie beside what was compared")
        return result.forms, result.results
    if result.is_constant or len(forms) == 1:
        return forms, (result,) * len(forms)
    if not _is_beside(e, (result,), forms):
        raise NotProvedError("what is chosen must be what was compared")
    return (result,), (result,)

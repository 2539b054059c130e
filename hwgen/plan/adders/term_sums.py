"""Adds up the terms of a sum: which of them first, and where its constant goes."""

from __future__ import annotations

import heapq

from hwgen.numeric import Range
from hwgen.plan.adders.builder import AdderBuilder, Term
from hwgen.plan.adders.passes import adder_luts, adjusting_luts


def sum_row(builder: AdderBuilder, terms: list[Term], ending: int | None) -> Term | None:
    """Sum a row's terms; with an `ending` as a positive term whose form has that constant.

    In `ternary` style that constant goes into the last adder, or is left to an adjusted output,
    whichever is cheaper.
    """
    if not terms:
        return None
    if ending is None:
        return sum_terms(builder, terms)
    if builder.style != "ternary":
        return builder.made_positive(sum_terms(builder, terms, positive=True))
    if len(terms) < 2:
        return terms[0]
    size = len(builder.adders)
    root = sum_terms(builder, terms)
    adjusted = _luts_from(builder, size) + _ending_luts(builder, root, ending)
    builder.cut(size)
    root = builder.exact(_sum_to(builder, terms, 2), ending)
    if _luts_from(builder, size) <= adjusted:
        return root
    builder.cut(size)
    return sum_terms(builder, terms)


def _luts_from(builder: AdderBuilder, size: int) -> int:
    return sum(adder_luts(adder, builder.ranges, "xc7") for adder in builder.adders[size:])


def _ending_luts(builder: AdderBuilder, root: Term, ending: int) -> int:
    stored, unit = builder.ranges[root.node], root.sign << root.shift
    constant = ending - unit * builder.forms[root.node].constant
    ends = (stored.lo * unit + constant, stored.hi * unit + constant)
    return adjusting_luts(stored, unit, constant, Range(min(ends), max(ends)), "xc7")


def sum_terms(builder: AdderBuilder, terms: list[Term], *, positive: bool = False) -> Term:
    """Sum terms to one; `positive` where possible without another adder."""
    if builder.style == "additive":
        signs = sorted({term.sign for term in terms})
        terms = [_sum_terms_alike(builder, [t for t in terms if t.sign == s]) for s in signs]
    if len(terms) < 2:
        return terms[0]
    arity = 3 if builder.style == "ternary" and len(terms) > 2 else 2
    return builder.add(*_sum_to(builder, terms, arity), positive=positive)


def _sum_terms_alike(builder: AdderBuilder, terms: list[Term]) -> Term:
    return builder.add(*_sum_to(builder, terms, 2)) if len(terms) > 1 else terms[0]


def _sum_to(builder: AdderBuilder, terms: list[Term], count: int) -> tuple[Term, ...]:
    """Add up terms until `count` are left, the narrow ones first."""
    heap = [_entry(builder, term) for term in terms]
    heapq.heapify(heap)
    while len(heap) > count:
        arity = 3 if builder.style == "ternary" and (len(heap) - count) % 2 == 0 else 2
        narrow = [heapq.heappop(heap)[-1] for _ in range(arity)]
        heapq.heappush(heap, _entry(builder, builder.add(*narrow)))
    return tuple(term for *_, term in heap)


def _entry(builder: AdderBuilder, term: Term) -> tuple[int, int, Term]:
    """Order of a term: the narrow ones first, then the shallow ones."""
    return term.shift + builder.ranges[term.node].bits, builder.levels[term.node], term

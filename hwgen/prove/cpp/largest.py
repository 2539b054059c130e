"""Names of the largest of some forms: two lists whose largest value is the same have one name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.prove.cpp.values import Base, Sum, Table, Variables, based

SMALL = 1 << 16  # values of a form up to which all are listed where several forms have its base
Lines = tuple[tuple[int, int], ...]  # factors and constants over a base
Part = tuple[Base, int, Lines | bytes]
Name = tuple[int, tuple[Part, ...]]


def name_of(forms: Iterable[Sum], variables: Variables) -> Name:
    """Name the largest of some forms by what it is at the least, and by what exceeds that.

    Forms over one base are one function of it. Behind the least value of all, which is the largest
    of their own least values, only what exceeds it counts: so what another always reaches has no
    part, and forms over bases that are independent have one name.
    """
    groups: dict[Base, set[tuple[int, int]]] = {}
    least: int | None = None
    for form in forms:
        if form.is_constant:
            least = form.constant if least is None else max(least, form.constant)
        else:
            divisor, base = based(form.coefficients)
            groups.setdefault(base, set()).add((divisor, form.constant))
    found = [_Group(base, lines, variables) for base, lines in groups.items()]
    lows = [group.lo for group in found]
    lo = max(lows if least is None else [*lows, least])
    parts = (group.part(lo) for group in found if group.hi > lo)
    return lo, tuple(sorted(parts, key=lambda part: part[0]))


def table_of(name: Name) -> Table | None:
    """Give what is named as a table, where it is a function of one form and not too long."""
    lo, parts = name
    if len(parts) != 1:
        return None
    base, first, values = parts[0]
    if not isinstance(values, bytes):
        return None
    return Table(base, first, np.frombuffer(values, np.int64) + lo)


class _Group:
    """Forms over one base: their largest value as a function of it."""

    def __init__(self, base: Base, lines: set[tuple[int, int]], variables: Variables) -> None:
        self.base, self.lines = base, tuple(sorted(lines))
        self.own = variables.form(dict(base), 0).limits
        self.is_small = self.own.span < SMALL
        if self.is_small and len(lines) > 1:
            values = _values(self.own, self.lines)
            self.lo, self.hi = int(values.min()), int(values.max())
            return
        both = self.own.lo, self.own.hi
        ends = [[factor * end + add for end in both] for factor, add in lines]
        self.lo, self.hi = max(map(min, ends)), max(map(max, ends))

    def part(self, lo: int) -> Part:
        """Give what exceeds a number."""
        if self.is_small:
            return self.base, self.own.lo, _above(self.own, self.lines, lo)
        return self.base, self.own.lo, tuple((factor, add - lo) for factor, add in self.lines)


def _values(own: Range, lines: Lines) -> IntArray:
    places = np.arange(own.lo, own.hi + 1, dtype=np.int64)
    found: IntArray = np.max([places * factor + add for factor, add in lines], axis=0)
    return found


@lru_cache(maxsize=4096)
def _above(own: Range, lines: Lines, lo: int) -> bytes:
    """Give what exceeds a number as the bytes of a table; codes of a layer are alike."""
    return (np.maximum(_values(own, lines), lo) - lo).tobytes()

"""Names of the largest of some forms: two lists whose largest value is the same have one name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hwgen.numeric import IntArray
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
        self.base, self.lines = base, lines
        self.own = variables.form(dict(base), 0).limits
        self.values: IntArray | None = None
        if self.own.span < SMALL:
            places = np.arange(self.own.lo, self.own.hi + 1, dtype=np.int64)
            self.values = np.max([places * factor + add for factor, add in lines], axis=0)
            self.lo, self.hi = int(self.values.min()), int(self.values.max())
            return
        both = self.own.lo, self.own.hi
        ends = [[factor * end + add for end in both] for factor, add in lines]
        self.lo, self.hi = max(map(min, ends)), max(map(max, ends))

    def part(self, lo: int) -> Part:
        """Give what exceeds a number."""
        if self.values is not None:
            return self.base, self.own.lo, (np.maximum(self.values, lo) - lo).tobytes()
        return self.base, self.own.lo, tuple(sorted((f, add - lo) for f, add in self.lines))

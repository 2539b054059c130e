"""Words that are the largest of some: what comparing and choosing them gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hwgen.prove.forms.values import UNKNOWN, Above, BestBit, Candidates, Part, Value
from hwgen.prove.netlist.netlist import Cell
from hwgen.prove.netlist.walk import Operands


def compared(cell: Cell, operands: Operands[Value]) -> Sequence[Value] | None:
    """Compare two words that are each the largest of some."""
    a, b = candidates(operands["A"]), candidates(operands["B"])
    if a is None or b is None:
        return None
    above = Above(a, b) if cell.kind == "$gt" else Above(b, a)
    return [above, *[0] * (len(cell.outputs["Y"]) - 1)]


def largest(above: Value, a: Sequence[Value], b: Sequence[Value]) -> Sequence[Value]:
    """Choose `b` where it is above `a`: the largest of both."""
    less, greater = candidates(a), candidates(b)
    if less is None or greater is None or above != Above(greater, less):
        return [UNKNOWN] * len(a)
    words = less | greater
    width = max((len(word) for word in words), default=0)
    return [BestBit(words, place) if place < width else 0 for place in range(len(a))]


def candidates(word: Iterable[Value]) -> Candidates | None:
    """Give the words of which a word is the largest: itself, if it is not a choice."""
    bits = list(word)
    while bits and bits[-1] == 0:
        bits.pop()
    first = bits[0] if bits else None
    if isinstance(first, BestBit):
        width = max(len(each) for each in first.words)
        whole = [BestBit(first.words, place) for place in range(width)]
        return first.words if bits == whole else None
    parts = [value for value in bits if isinstance(value, int | Part)]
    return frozenset({tuple(parts)}) if len(parts) == len(bits) else None

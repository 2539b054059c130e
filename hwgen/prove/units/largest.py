"""Which words a word is the largest of: what comparisons and choices between words give.

A word of a channel holds the low bits of a number in the channel's range. Words are compared as
numbers, in any width that holds the range, and chosen bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hwgen.numeric import Range
from hwgen.prove.netlist.netlist import Cell, Module
from hwgen.prove.netlist.walk import Operands


class Name(NamedTuple):
    """A word of a channel."""

    channel: int
    number: int


Words = frozenset[Name]  # of one channel
COMPARISONS = ("$gt", "$ge", "$lt", "$le")


@dataclass(frozen=True, slots=True)
class Bit:
    """Bit `place` of the largest of some words."""

    words: Words
    place: int


@dataclass(frozen=True, slots=True)
class Above:
    """High where `greater` is above `less`, low where it is below; each words or a constant."""

    greater: Words | int
    less: Words | int


Value = Bit | Above | int


class Largest:
    """The algebra of words of channels with these ranges."""

    def __init__(self, module: Module, limits: Sequence[Range]) -> None:
        self.module, self.limits = module, limits

    def word(self, name: Name, width: int) -> list[Value]:
        """Give the bits of a word."""
        words = frozenset({name})
        return [Bit(words, place) for place in range(width)]

    def rule(self, cell: Cell, operands: Operands[Value]) -> list[Value]:
        """Give what a cell drives: a comparison, or a choice.

        Raises
        ------
        NotProvedError
            Where it is neither.
        """
        a, b = operands["A"], operands.get("B", [])
        if cell.kind == "$mux":
            select = operands["S"][0]
            if isinstance(select, int):
                return b if select else a
            words = self._chosen(select, a, b)
            if words is not None:
                return [Bit(words, place) for place in range(len(a))]
        if cell.kind in COMPARISONS and cell.signed("A") == cell.signed("B"):
            first, second = (self._number(word, cell.signed("A")) for word in (a, b))
            if first is not None and second is not None:
                falls = cell.kind in ("$lt", "$le")  # of equal numbers either is the largest
                above = Above(second, first) if falls else Above(first, second)
                return [above, *[0] * (len(cell.outputs["Y"]) - 1)]
        raise self.module.problem(
            cell.outputs["Y"][0],
            f"must compare whole numbers, or choose the larger of two, not {cell.kind}",
        )

    def read(self, word: Sequence[Value]) -> Words | None:
        """Give the words of which a word has the low bits of the largest, None for none."""
        first = next((value for value in word if isinstance(value, Bit)), None)
        return first.words if first is not None and self._has_bits(word, first.words) else None

    def _chosen(self, select: Value, low: Sequence[Value], high: Sequence[Value]) -> Words | None:
        """Give the words that the second of two is chosen of where it is above the first."""
        if not isinstance(select, Above):
            return None
        if not self._has_bits(high, select.greater) or not self._has_bits(low, select.less):
            return None
        sides = select.greater, select.less
        words = frozenset(name for side in sides if not isinstance(side, int) for name in side)
        if len({name.channel for name in words}) != 1:
            return None
        least = self.limits[next(iter(words)).channel].lo
        if any(isinstance(side, int) and side > least for side in sides):
            return None  # a constant below all numbers changes no maximum, others do
        return words

    def _has_bits(self, word: Sequence[Value], number: Words | int) -> bool:
        """Whether a word has the low bits of a number."""
        if isinstance(number, int):
            return list(word) == [number >> place & 1 for place in range(len(word))]
        top = self._top(number)
        signed = self._range(number).lo < 0
        for place, value in enumerate(word):
            if isinstance(value, Bit) and value.words == number:
                same = value.place == place or min(value.place, place) >= top
            else:
                same = not signed and value == 0 and place >= top
            if not same:
                return False
        return True

    def _number(self, word: Sequence[Value], signed: bool) -> Words | int | None:
        """Give what a word is as a number, None where it is none that fits."""
        bits = [value for value in word if isinstance(value, int)]
        if len(bits) == len(word):
            return sum(bit << k for k, bit in enumerate(bits)) - (signed * bits[-1] << len(bits))
        words = self.read(word)
        if words is None:
            return None
        limits, size = self._range(words), 1 << len(word)
        fits = (-size // 2, size // 2 - 1) if signed else (0, size - 1)
        return words if fits[0] <= limits.lo and limits.hi <= fits[1] else None

    def _range(self, words: Words) -> Range:
        return self.limits[next(iter(words)).channel]

    def _top(self, words: Words) -> int:
        """Give the place from which on all bits are 0, or the sign."""
        limits = self._range(words)
        return max(~limits.lo if limits.lo < 0 else 0, limits.hi).bit_length()

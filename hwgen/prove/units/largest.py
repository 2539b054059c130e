"""Which words a word is the largest of: what comparisons and choices between words give.

Words are compared and chosen whole, and only those of one channel with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hwgen.prove.netlist.netlist import Cell, Module
from hwgen.prove.netlist.walk import Operands


class Name(NamedTuple):
    """A word of a channel."""

    channel: int
    number: int


Words = frozenset[Name | str]  # a constant is called by its bits, the lowest first


@dataclass(frozen=True, slots=True)
class Bit:
    """Bit `place` of the largest of some words."""

    words: Words
    place: int


@dataclass(frozen=True, slots=True)
class Above:
    """High where the largest of `greater` is above that of `less`, low where it is below."""

    greater: Words
    less: Words


Value = Bit | Above | int


class Largest:
    """The algebra of words whose channels have so many bits, and are signed or not."""

    def __init__(self, module: Module, kinds: Sequence[tuple[int, bool]]) -> None:
        self.module, self.kinds = module, kinds

    def word(self, name: Name) -> list[Value]:
        """Give the bits of a word."""
        words: Words = frozenset({name})
        return [Bit(words, place) for place in range(self.kinds[name.channel][0])]

    def rule(self, cell: Cell, operands: Operands[Value]) -> list[Value]:
        """Give what a cell drives: a comparison, or a choice.

        Raises
        ------
        NotProvedError
            Where it is neither.
        """
        a, b = operands["A"], operands.get("B", [])
        select = operands["S"][0] if cell.kind == "$mux" else None
        if isinstance(select, int):
            return b if select else a
        first, second = self.read(a), self.read(b)
        kind = self._kind((first or frozenset()) | (second or frozenset()))
        if first is not None and second is not None and kind is not None and kind[0] == len(a):
            if select == Above(second, first):
                words = first | second
                return [Bit(words, place) for place in range(len(a))]
            if self._is_comparison(cell, kind, len(b)):
                falls = cell.kind in ("$lt", "$le")  # of equal words either is the largest
                above = Above(second, first) if falls else Above(first, second)
                return [above, *[0] * (len(cell.outputs["Y"]) - 1)]
        raise self.module.problem(
            cell.outputs["Y"][0],
            f"must compare whole numbers, or choose the larger of two, not {cell.kind}",
        )

    def read(self, word: Sequence[Value]) -> Words | None:
        """Give the words of which a word is the largest, None where it is none."""
        constant = "".join(str(bit) for bit in word if isinstance(bit, int))
        if len(constant) == len(word):
            return frozenset({constant})
        first = word[0]
        if not isinstance(first, Bit):
            return None
        kind = self._kind(first.words)
        whole = [Bit(first.words, place) for place in range(len(word))]
        return first.words if list(word) == whole and kind and kind[0] == len(word) else None

    def _kind(self, words: Words) -> tuple[int, bool] | None:
        """Give bits and sign of the one channel that words belong to."""
        channels = {word.channel for word in words if isinstance(word, Name)}
        if len(channels) != 1:
            return None
        bits, signed = self.kinds[channels.pop()]
        constants = [word for word in words if not isinstance(word, Name)]
        return (bits, signed) if all(len(word) == bits for word in constants) else None

    def _is_comparison(self, cell: Cell, kind: tuple[int, bool], width: int) -> bool:
        same = cell.signed("A") == cell.signed("B") == kind[1]
        return same and cell.kind in ("$gt", "$ge", "$lt", "$le") and kind[0] == width

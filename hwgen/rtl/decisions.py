"""Functions of a counter that are known for each of its values."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Const, Module, Mux, Signal, Value

Entries = tuple[bool | None, ...]


class Decisions:
    """Makes functions of an index as trees of multiplexers, a bit a level, equal trees once.

    Comparisons with constants would become carry chains.

    Parameters
    ----------
    m
        The module that they belong to.
    index
        The counter; its name is in those of the trees.
    """

    def __init__(self, m: Module, index: Signal) -> None:
        self.m, self.index = m, index
        self._trees: dict[Entries, Value] = {}

    def of(self, table: Sequence[bool | None]) -> Value:
        """Give `table[index]`; where it is None, and beyond its end, either value."""
        beyond = (1 << len(self.index)) - len(table)
        return self._tree(tuple(table) + (None,) * beyond)

    def at(self, value: int) -> Value:
        """Whether the index, which never is more, has reached a value."""
        return self.of((False,) * value + (True,))

    def equal(self, value: int) -> Value:
        """Whether the index is a value."""
        return self.of([index == value for index in range(1 << len(self.index))])

    def _tree(self, table: Entries) -> Value:
        while len(table) > 1 and (joined := _joined(table)):
            table = joined
        if not any(table):
            return Const(0, 1)
        if False not in table:
            return Const(1, 1)
        if table not in self._trees:
            half = len(table) // 2
            bit = self.index[half.bit_length() - 1]
            low, high = self._tree(table[:half]), self._tree(table[half:])
            tree = Signal(name=f"{self.index.name}_tree{len(self._trees)}")
            self._trees[table] = tree
            self.m.d.comb += tree.eq(Mux(bit, high, low))
        return self._trees[table]


def _joined(table: Entries) -> Entries | None:
    """Give one half for both where they nowhere differ."""
    half = len(table) // 2
    pairs = list(zip(table[:half], table[half:], strict=True))
    if any(low is not high and None not in (low, high) for low, high in pairs):
        return None
    return tuple(high if low is None else low for low, high in pairs)

"""Control logic as a list of gates, run on many cases at once: a net is an integer, one bit a case.

Cells are read once, by the rules that run them on samples: `Wire` stands in for a sample there, and
what the rules do to it is written down.
"""

from __future__ import annotations

from collections.abc import Mapping

AND, OR, XOR, MUX = range(4)
ZERO, ONE = 0, 1  # wires that never change

Gate = tuple[int, int, int, int]  # kind and operands; a multiplexer's third selects the second


class Gates:
    """Gates in the order in which they are computed. A wire is a number; equal gates are one."""

    def __init__(self) -> None:
        self._count = 2
        self._known: dict[Gate, int] = {}

    def free(self) -> Wire:
        """Give a wire that is driven from outside."""
        self._count += 1
        return Wire(self, self._count - 1)

    def constant(self, value: int) -> Wire:
        """Give the wire that is always 0 or always 1."""
        return Wire(self, value)

    def gate(self, kind: int, a: int, b: int, select: int = ZERO) -> Wire:
        """Give the wire of a gate, or of what it comes to where operands are equal or constant."""
        a, b = (a, b) if kind == MUX or a <= b else (b, a)
        found = _folded(kind, a, b, select)
        if found is None:
            found = self._known.setdefault((kind, a, b, select), self._count)
            self._count += found == self._count
        return Wire(self, found)

    def run(self, given: Mapping[int, int], ones: int) -> list[int]:
        """Give the values of all wires for those of the free ones; `ones` has a 1 for each case."""
        values = [0] * self._count
        values[ONE] = ones
        for wire, value in given.items():
            values[wire] = value
        for (kind, a, b, select), wire in self._known.items():
            if kind == AND:
                values[wire] = values[a] & values[b]
            elif kind == OR:
                values[wire] = values[a] | values[b]
            elif kind == XOR:
                values[wire] = values[a] ^ values[b]
            else:
                values[wire] = values[a] ^ ((values[a] ^ values[b]) & values[select])
        return values


class Wire(int):
    """A wire's number, whose operators make gates."""

    gates: Gates

    def __new__(cls, gates: Gates, number: int) -> Wire:
        """Give the wire of a number."""
        wire = super().__new__(cls, number)
        wire.gates = gates
        return wire

    def __and__(self, other: int) -> Wire:
        return self.gates.gate(AND, self, other)

    def __or__(self, other: int) -> Wire:
        return self.gates.gate(OR, self, other)

    def __xor__(self, other: int) -> Wire:
        return self.gates.gate(XOR, self, other)

    def __invert__(self) -> Wire:
        return self.gates.gate(XOR, self, ONE)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__


def _folded(kind: int, a: int, b: int, select: int) -> int | None:
    """Give the wire that a gate comes to, if it is one of those given; `a` is the lower number."""
    if kind == MUX:
        if select in (ZERO, ONE):
            return b if select else a
        if (a, b) == (ZERO, ONE):
            return select
        return a if a == b else None
    if a == b:
        return ZERO if kind == XOR else a
    if a == ZERO:
        return ZERO if kind == AND else b
    if a == ONE and kind != XOR:
        return b if kind == AND else ONE
    return None

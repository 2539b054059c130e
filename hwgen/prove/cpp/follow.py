"""What each node of a trace is, from the input on: rules for every operation.

Widths are honoured, not trusted: a cast keeps a sum where every value of it fits, or is known to
lie in its bits once a multiple of their range is added; else the value is known in its low bits
only, and what reads more than those is no proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hwgen.numeric import IntArray
from hwgen.prove.cpp.arithmetic import added, flipped, inverted, product, shifted
from hwgen.prove.cpp.casts import cast
from hwgen.prove.cpp.choices import compared, index_of, selected
from hwgen.prove.cpp.elements import Elements
from hwgen.prove.cpp.network import Network
from hwgen.prove.cpp.trace import Operation, Trace, in_parts, needed, operands
from hwgen.prove.cpp.values import Choice, Table, Value, constant
from hwgen.prove.netlist.netlist import NotProvedError

InputField = Callable[[int, int, int], Value]  # beat, lowest bit, bits


class _Values(dict[int, Value]):
    """Values of nodes; a word that is read beat by beat has none."""

    def __missing__(self, node: int) -> Value:
        raise NotProvedError("a packed word must be looked at field by field")


class Follower:
    """Values of the nodes of a trace; `field` gives what a field of an input beat is."""

    def __init__(self, trace: Trace, network: Network, field: InputField) -> None:
        self.trace, self.network, self.field = trace, network, field
        self.elements = Elements(network.functions)
        self.additions = 0
        self._values = _Values()
        self._rules: dict[int, Callable[[list[int]], Value]] = {
            Operation.CONSTANT: self._constant,
            Operation.FIELD: self._field,
            Operation.CAST: self._cast,
            Operation.SELECT: self._select,
            Operation.LOOK: self._look,
            Operation.ADD: self._add,
            Operation.SUBTRACT: self._add,
            Operation.MULTIPLY: self._multiply,
            Operation.SHIFT_LEFT: self._shift_left,
            Operation.SHIFT_RIGHT: self._shift_right,
            Operation.INVERT: self._invert,
            Operation.XOR: self._xor,
            Operation.ABOVE: self._compare,
            Operation.AT_LEAST: self._compare,
        }

    def outputs(self, fields: list[list[tuple[int, int]]]) -> list[list[Value]]:
        """Give the fields, (lowest bit, bits), of every output beat.

        Raises
        ------
        NotProvedError
            Where a value is not what any rule knows, or has too few known bits.
        """
        wanted, last = needed(self.trace.nodes, self.trace.ends.tolist())
        pairs = list(zip(self.trace.ends.tolist(), fields, strict=True))
        ends = {self._part(end, *field) for end, own in pairs for field in own}
        for index, node in in_parts(self.trace.nodes, wanted):
            if node[0] == Operation.PORT or node[0] == Operation.PUT:
                continue  # what lies in a word is read later
            self._values[index] = self._rules[node[0]](node)
            for operand in operands(node):
                if last[operand] == index and operand not in ends:
                    self._values.pop(operand, None)
        return [[self._values[self._part(end, *field)] for field in own] for end, own in pairs]

    def _node(self, index: int) -> list[int]:
        found: list[int] = self.trace.nodes[index].tolist()
        return found

    def _part(self, word: int, low: int, bits: int) -> int:
        """Find the value that lies in a field of a packed word."""
        while (node := self._node(word))[0] == Operation.PUT:
            _, width, _, before, place, value, _ = node
            if (place, width) == (low, bits):
                return value
            if place < low + bits and low < place + width:
                raise NotProvedError(
                    f"a packed word: bits {low} to {low + bits - 1} must be one lane, and "
                    f"{place} to {place + width - 1} are"
                )
            word = before
        raise NotProvedError(f"a packed word: bits {low} to {low + bits - 1} must be a lane")

    def _constant(self, node: list[int]) -> Value:
        return constant(node[3])

    def _cast(self, node: list[int]) -> Value:
        return cast(self.elements, self._values[node[3]], node[1], bool(node[2]))

    def _select(self, node: list[int]) -> Value:
        return selected(self.elements, *(self._values[item] for item in node[3:6]))

    def _look(self, node: list[int]) -> Value:
        words = self.trace.tables[node[4] : node[4] + node[5]]
        return self.elements.mapped(self._values[node[3]], lambda values: _looked(words, values))

    def _add(self, node: list[int]) -> Value:
        self.additions += 1
        factor = 1 if node[0] == Operation.ADD else -1
        return added(self.elements, self._values[node[3]], self._values[node[4]], factor)

    def _multiply(self, node: list[int]) -> Value:
        return product(self.elements, self._values[node[3]], self._values[node[4]])

    def _shift_left(self, node: list[int]) -> Value:
        _, bits, signed, a, places, _, _ = node
        return shifted(self.elements, self._values[a], places, bits, bool(signed))

    def _shift_right(self, node: list[int]) -> Value:
        places = node[4]
        return self.elements.mapped(self._values[node[3]], lambda values: values >> places)

    def _invert(self, node: list[int]) -> Value:
        return inverted(self.elements, self._values[node[3]], node[1])

    def _xor(self, node: list[int]) -> Value:
        return flipped(self.elements, self._values[node[3]], self._values[node[4]], node[1])

    def _compare(self, node: list[int]) -> Value:
        also_equal = node[0] == Operation.AT_LEAST
        return compared(self.elements, self._values[node[3]], self._values[node[4]], also_equal)

    def _field(self, reader: list[int]) -> Value:
        _, bits, _, word, low, _, _ = reader
        node = self._node(word)
        match Operation(node[0]):
            case Operation.PORT:
                return self.field(node[3], low, bits)
            case Operation.PUT:
                return self._values[self._part(word, low, bits)]
            case _:
                value = self._values[word]
                if isinstance(value, Choice) and value.is_largest and low == 0:
                    return index_of(self.elements, value, bits)
                found = self.elements.mapped(value, lambda values: values >> low & (1 << bits) - 1)
                chosen = value.chosen if isinstance(value, Table) else None
                if chosen is None or not chosen.is_largest or low or not isinstance(found, Table):
                    return found
                try:
                    return replace(found, choice=index_of(self.elements, chosen, bits))
                except NotProvedError:
                    return found  # a function of one sum only


def _looked(words: IntArray, places: IntArray) -> IntArray:
    if places.min() < 0 or places.max() >= len(words):
        raise NotProvedError(
            f"a table of {len(words)} words must be read inside, not at {places.min()} to "
            f"{places.max()}"
        )
    return words[places]

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
from hwgen.prove.cpp.trace import Operation, Trace, needed
from hwgen.prove.cpp.values import Choice, Table, Value, constant
from hwgen.prove.netlist.netlist import NotProvedError

InputField = Callable[[int, int, int], Value]  # beat, lowest bit, bits


class Follower:
    """Values of the nodes of a trace; `field` gives what a field of an input beat is."""

    def __init__(self, trace: Trace, network: Network, field: InputField) -> None:
        self.trace, self.network, self.field = trace, network, field
        self.elements = Elements(network.functions)
        self.additions = 0
        self._values: dict[int, Value] = {}
        self._nodes: list[list[int]] = trace.nodes.tolist()

    def outputs(self, fields: list[list[tuple[int, int]]]) -> list[list[Value]]:
        """Give the fields, (lowest bit, bits), of every output beat.

        Raises
        ------
        NotProvedError
            Where a value is not what any rule knows, or has too few known bits.
        """
        wanted, last = needed(self.trace)
        pairs = list(zip(self.trace.ends.tolist(), fields, strict=True))
        ends = {self._part(end, *field) for end, own in pairs for field in own}
        for index in wanted:
            node = self._nodes[index]
            if Operation(node[0]) not in (Operation.PORT, Operation.PUT):
                self._values[index] = self._value(node)
            if Operation(node[0]) is Operation.PUT:
                continue  # what lies in a word is read later
            for operand in self.trace.operands(index):
                if last[operand] == index and operand not in ends:
                    self._values.pop(operand, None)
        return [[self._values[self._part(end, *field)] for field in own] for end, own in pairs]

    def _part(self, word: int, low: int, bits: int) -> int:
        """Find the value that lies in a field of a packed word."""
        while Operation(self._nodes[word][0]) is Operation.PUT:
            _, width, _, before, place, value, _ = self._nodes[word]
            if (place, width) == (low, bits):
                return value
            if place < low + bits and low < place + width:
                raise NotProvedError(
                    f"a packed word: bits {low} to {low + bits - 1} must be one lane, and "
                    f"{place} to {place + width - 1} are"
                )
            word = before
        raise NotProvedError(f"a packed word: bits {low} to {low + bits - 1} must be a lane")

    def _value(self, node: list[int]) -> Value:
        operation, bits, signed, a, b, c, _ = node
        match Operation(operation):
            case Operation.CONSTANT:
                return constant(a)
            case Operation.FIELD:
                return self._field(a, b, bits)
            case Operation.CAST:
                return cast(self.elements, self._values[a], bits, bool(signed))
            case Operation.SELECT:
                return selected(self.elements, *(self._values[item] for item in (a, b, c)))
            case Operation.LOOK:
                words = self.trace.tables[b : b + c]
                return self.elements.mapped(self._values[a], lambda values: _looked(words, values))
            case _:
                return self._arithmetic(node)

    def _arithmetic(self, node: list[int]) -> Value:
        operation, bits, signed, a, b, _, _ = node
        first = self._values[a]
        match Operation(operation):
            case Operation.ADD:
                self.additions += 1
                return added(self.elements, first, self._values[b], 1)
            case Operation.SUBTRACT:
                self.additions += 1
                return added(self.elements, first, self._values[b], -1)
            case Operation.MULTIPLY:
                return product(self.elements, first, self._values[b])
            case Operation.SHIFT_LEFT:
                return shifted(self.elements, first, b, bits, bool(signed))
            case Operation.SHIFT_RIGHT:
                return self.elements.mapped(first, lambda values: values >> b)
            case Operation.INVERT:
                return inverted(self.elements, first, bits)
            case Operation.XOR:
                return flipped(self.elements, first, self._values[b], bits)
            case Operation.ABOVE:
                return compared(self.elements, first, self._values[b], False)
            case Operation.AT_LEAST:
                return compared(self.elements, first, self._values[b], True)
            case _:
                raise AssertionError(operation)

    def _field(self, word: int, low: int, bits: int) -> Value:
        node = self._nodes[word]
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

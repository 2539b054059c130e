"""What each node of a trace is, from the input on: rules for every operation.

Widths are honoured, not trusted: a cast keeps a sum where every value of it fits, or is known to
lie in its bits once a multiple of their range is added; else the value is known in its low bits
only, and what reads more than those is no proof.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hwgen.numeric import IntArray
from hwgen.prove.cpp.network import Network
from hwgen.prove.cpp.trace import Operation, Trace, needed
from hwgen.prove.cpp.values import (
    Choice,
    Comparison,
    Sum,
    Table,
    Value,
    Variables,
    all_same,
    based,
    constant,
    least_known,
    moved,
    wrapped,
)
from hwgen.prove.netlist.netlist import NotProvedError

Words = dict[int, int]  # of a packed word: its fields' nodes by place and bits
InputField = Callable[[int, int, int], Value]  # beat, lowest bit, bits


class Follower:
    """Values of the nodes of a trace; `field` gives what a field of an input beat is."""

    def __init__(self, trace: Trace, network: Network, field: InputField) -> None:
        self.trace, self.network, self.field = trace, network, field
        self.variables: Variables = network.variables
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
                return self._cast(self._values[a], bits, bool(signed))
            case Operation.SELECT:
                return self._selected(*(self._values[item] for item in (a, b, c)))
            case Operation.LOOK:
                words = self.trace.tables[b : b + c]
                return self._mapped(self._values[a], lambda values: _looked(words, values))
            case _:
                return self._arithmetic(node)

    def _arithmetic(self, node: list[int]) -> Value:
        operation, bits, signed, a, b, _, _ = node
        first = self._values[a]
        match Operation(operation):
            case Operation.ADD:
                return self._sum(first, self._values[b], 1)
            case Operation.SUBTRACT:
                return self._sum(first, self._values[b], -1)
            case Operation.MULTIPLY:
                return self._product(first, self._values[b])
            case Operation.SHIFT_LEFT:
                return self._shifted(first, b, bits, bool(signed))
            case Operation.SHIFT_RIGHT:
                return self._mapped(first, lambda values: values >> b)
            case Operation.INVERT:
                return self._inverted(first, bits)
            case Operation.XOR:
                return self._flipped(first, self._values[b], bits)
            case Operation.ABOVE:
                return self._compared(first, self._values[b], False)
            case Operation.AT_LEAST:
                return self._compared(first, self._values[b], True)
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
                    return self._index_of(value, bits)
                return self._mapped(value, lambda values: values >> low & (1 << bits) - 1)

    def _index_of(self, value: Choice, bits: int) -> Value:
        """Give the low bits of the largest of keys: the constant below the largest form."""
        found: list[tuple[int, Sum]] = []
        for key in value.forms:
            low = key.constant % (1 << bits)
            if key.known is not None or any(w % (1 << bits) for w in key.coefficients.values()):
                raise NotProvedError(
                    f"{self.variables.text(key)}: a key must be a sum above its index"
                )
            form = self.variables.form(
                {v: w >> bits for v, w in key.coefficients.items()}, key.constant >> bits
            )
            found.append((low, form))
        if len({low for low, _ in found}) != len(found):
            raise NotProvedError("keys of a largest element: must have an index each")
        found.sort(key=lambda item: -item[0])
        return Choice(tuple(f for _, f in found), tuple(constant(low) for low, _ in found))

    def _cast(self, value: Value, bits: int, signed: bool) -> Value:
        match value:
            case Sum():
                return self._cast_sum(value, bits, signed)
            case Table():
                return self._cast_table(value, bits, signed)
            case Choice():
                return self._cast_choice(value, bits, signed)
            case Comparison():
                raise NotProvedError("a comparison of sums must choose one of the two")

    def _cast_sum(self, value: Sum, bits: int, signed: bool) -> Sum | Table:
        lo = -(1 << (bits - 1)) if signed else 0
        limits, known = value.limits, value.known
        if known is not None and known < bits:
            if value.signed is None or value.is_constant:
                return value  # still known in so many bits, whatever the type
            table = self.variables.table(value)
            return Table(table.base, table.lo, wrapped(table.values, bits, signed))
        away = (limits.lo - lo) >> bits  # how often the type's range lies below
        if limits.hi - (away << bits) < lo + (1 << bits):
            fits = moved(limits, -(away << bits))
            return Sum(value.coefficients, value.constant - (away << bits), fits)
        return Sum(value.coefficients, value.constant, limits, bits, signed)

    def _cast_table(self, value: Table, bits: int, signed: bool) -> Value:
        if value.known is not None and value.known < bits:
            return self._cast_sum(self._as_sum(value), bits, signed)
        values = wrapped(value.values, bits, signed)
        if value.known is None and np.array_equal(values, value.values):
            if value.chosen is None:
                return Table(value.base, value.lo, values)
            choice = self._cast_choice(value.chosen, bits, signed)
            return Table(value.base, value.lo, values, choice=choice)
        element = self.network.code(value)  # what follows may only need it modulo
        if element is not None:
            known = value.known
            near = Sum(element.coefficients, element.constant, element.limits, known)
            return self._cast_sum(near, bits, signed)
        return Table(value.base, value.lo, values)

    def _cast_choice(self, value: Choice, bits: int, signed: bool) -> Choice:
        results = []
        for result in value.results:
            found = self._cast_sum(result, bits, signed)
            if not isinstance(found, Sum) or found.known is not None:
                raise NotProvedError("the largest of some values: must fit its type")
            results.append(found)
        pairs = zip(results, value.results, strict=True)
        if value.is_largest:
            if len({new.constant - old.constant for new, old in pairs}) > 1:
                raise NotProvedError("the largest of some values: must fit its type")
            return Choice(tuple(results), tuple(results))
        return Choice(value.forms, tuple(results))

    def _sum(self, a: Value, b: Value, factor: int) -> Value:
        self.additions += 1
        if isinstance(a, Choice) and not a.is_largest and isinstance(b, Sum) and b.is_constant:
            results = tuple(self.variables.added(r, b, factor) for r in a.results)
            return Choice(a.forms, results)
        pair = self._over_one(a, b)
        if pair is not None:
            first, second = pair
            values = first.values + factor * second.values
            known = least_known(first.known, second.known)
            return Table(first.base, first.lo, values, known)
        return self.variables.added(self._as_sum(a), self._as_sum(b), factor)

    def _product(self, a: Value, b: Value) -> Value:
        if isinstance(b, Sum) and b.is_constant:
            a, b = b, a
        if not (isinstance(a, Sum) and a.is_constant):
            raise NotProvedError("a product must have a constant factor")
        if isinstance(b, Table):
            return Table(b.base, b.lo, b.values * a.constant, b.known)
        return self.variables.scaled(self._as_sum(b), a.constant)

    def _shifted(self, value: Value, places: int, bits: int, signed: bool) -> Value:
        """Shift to the left; bits above the width of what is shifted may be lost."""
        if isinstance(value, Table):
            values = value.values << places
            exact = value.known is None and np.array_equal(wrapped(values, bits, signed), values)
            return Table(value.base, value.lo, values, None if exact else bits)
        found = self.variables.scaled(self._as_sum(value), 1 << places)
        lo = -(1 << (bits - 1)) if signed else 0
        fits = lo <= found.limits.lo and found.limits.hi < lo + (1 << bits)
        known = found.known if fits else least_known(found.known, bits)
        return Sum(found.coefficients, found.constant, found.limits, known)

    def _inverted(self, value: Value, bits: int) -> Value:
        """Flip the bits of a value; libraries differ in those above its width."""
        if isinstance(value, Table):
            return Table(value.base, value.lo, ~value.values, least_known(value.known, bits))
        if isinstance(value, Choice) and not value.is_largest:
            flipped = (self.variables.scaled(result, -1) for result in value.results)
            results = (self.variables.added(result, constant(-1)) for result in flipped)
            low = tuple(Sum(r.coefficients, r.constant, r.limits, bits) for r in results)
            return Choice(value.forms, low)
        found = self.variables.added(self.variables.scaled(self._as_sum(value), -1), constant(-1))
        known = least_known(found.known, bits)
        return Sum(found.coefficients, found.constant, found.limits, known)

    def _flipped(self, a: Value, b: Value, bits: int) -> Value:
        if not (isinstance(b, Sum) and b.is_constant):
            raise NotProvedError("an exclusive or must have a constant")
        top = 1 << (bits - 1)
        if isinstance(a, Sum) and b.constant == top:  # of the highest bit: one is carried out
            found = self.variables.added(a, constant(top))
            known = least_known(found.known, bits)
            return self._cast(
                Sum(found.coefficients, found.constant, found.limits, known), bits, False
            )
        return self._mapped(a, lambda values: values ^ b.constant)

    def _compared(self, a: Value, b: Value, also_equal: bool) -> Value:
        a, b = self._settled(a), self._settled(b)
        if isinstance(a, Sum) and isinstance(b, Sum) and a.is_constant and b.is_constant:
            above = a.constant > b.constant or (also_equal and a.constant == b.constant)
            return constant(int(above))
        pair = self._over_one(self._table_beside(a, b), self._table_beside(b, a))
        if pair is None:
            return Comparison(self._ordered(a), self._ordered(b), also_equal)
        first, second = (_exact(table) for table in pair)
        found = first >= second if also_equal else first > second
        choice = None
        if self._is_orderable(a) and self._is_orderable(b):
            choice = Comparison(self._ordered(a), self._ordered(b), also_equal)
        return Table(pair[0].base, pair[0].lo, found.astype(np.int64), choice=choice)

    def _settled(self, value: Value) -> Value:
        """Give the largest of some values as a number, where it is always the same."""
        if not (isinstance(value, Choice) and value.is_largest):
            return value
        found = self.network.largest(value.forms)
        return value if found is None or not found.is_constant else found

    def _is_orderable(self, value: Value) -> bool:
        """Whether a value can stand in a choice among sums."""
        match value:
            case Sum():
                return value.known is None
            case Choice():
                return value.is_largest
            case Table():
                if value.chosen is not None and value.chosen.is_largest:
                    return True
                return value.known is None and self.network.code(value) is not None
            case Comparison():
                return False

    def _table_beside(self, value: Value, other: Value) -> Value:
        """Give what is compared with a number as a table."""
        if isinstance(value, Table) or not _is_number(other):
            return value
        if isinstance(value, Choice) and self.network.largest(value.forms) is None:
            return value  # of an argmax
        return self._as_table(value)

    def _ordered(self, value: Value) -> Sum | Choice:
        if isinstance(value, Table) and self.network.code(value) is None:
            chosen = value.chosen
            if chosen is not None and chosen.is_largest:
                return chosen
        if isinstance(value, Choice) and value.is_largest:
            return value
        found = self._as_sum(value)
        if found.known is not None:
            raise NotProvedError(
                f"{self.variables.text(found)}: must be exact to be compared, and is known in "
                f"{found.known} bits"
            )
        return found

    def _selected(self, bit: Value, a: Value, b: Value) -> Value:
        match bit:
            case Sum():
                return a if bit.constant else b
            case Table():
                return self._selected_by_table(bit, a, b)
            case Comparison():
                return self._chosen(bit, a, b)
            case Choice():
                raise NotProvedError("a choice must be by a comparison")

    def _selected_by_table(self, bit: Table, a: Value, b: Value) -> Value:
        choice: Choice | None = None
        if isinstance(bit.choice, Comparison):
            try:
                choice = self._chosen(bit.choice, a, b)
            except NotProvedError:
                choice = None  # a function of one sum only
        try:
            first, second = self._over(bit, a), self._over(bit, b)
        except NotProvedError:
            if choice is None:
                raise
            return choice
        values = np.where(bit.values != 0, _exact(first), _exact(second))
        return Table(bit.base, bit.lo, values, choice=choice)

    def _chosen(self, bit: Comparison, a: Value, b: Value) -> Choice:
        """Choose by which of two is larger: one of the two, or something beside them."""
        first = _beside(bit.first, self._as_result(a, bit.first))
        second = _beside(bit.second, self._as_result(b, bit.second))
        pair = (first, second) if bit.also_equal else (second, first)
        forms, results = ((*pair[0][k], *pair[1][k]) for k in (0, 1))
        return Choice(forms, results)

    def _as_result(self, value: Value, beside: Sum | Choice) -> Sum | Choice:
        chosen = value.chosen if isinstance(value, Table) else None
        if chosen is not None and all_same(chosen.forms, _forms(beside)):
            return chosen
        if isinstance(value, Choice):
            return value
        if isinstance(beside, Choice) and isinstance(value, Sum) and not value.is_constant:
            raise NotProvedError("what is chosen must be what was compared")
        return self._as_sum(value)

    def _mapped(self, value: Value, change: Callable[[IntArray], IntArray]) -> Value:
        """Change every value of a function of one form."""
        if isinstance(value, Sum) and value.is_constant and value.known is None:
            return constant(int(change(np.array([value.constant]))[0]))
        table = self._as_table(value)
        return Table(table.base, table.lo, change(_exact(table)))

    def _over_one(self, a: Value, b: Value) -> tuple[Table, Table] | None:
        """Give two values as tables over the same form, None where they are on different ones."""
        if not isinstance(a, Table) and not isinstance(b, Table):
            return None
        found = _base(a), _base(b)
        if None in found or len({base for base in found if base}) != 1:
            return None
        whole = a if isinstance(a, Table) and a.base else self._as_table(b)
        return self._over(whole, a), self._over(whole, b)

    def _over(self, whole: Table, value: Value) -> Table:
        if isinstance(value, Sum) and value.is_constant:
            return Table(
                whole.base, whole.lo, np.full(len(whole.values), value.constant), value.known
            )
        table = self._as_table(value)
        if table.base != whole.base:
            raise NotProvedError(
                "a choice by one sum must be between functions of it: "
                f"{self._named(whole.base)} chooses by {self._named(table.base)}"
            )
        return table

    def _named(self, base: tuple[tuple[int, int], ...]) -> str:
        return self.variables.text(self.variables.form(dict(base), 0))

    def _as_table(self, value: Value) -> Table:
        if isinstance(value, Table):
            return value
        if isinstance(value, Choice) and value.is_largest:
            value = self._as_sum(value)
        if not isinstance(value, Sum):
            raise NotProvedError("a choice among sums must not be looked at bit by bit")
        return self.variables.table(value)

    def _as_sum(self, value: Value) -> Sum:
        """Give a value as a form: a code or a pooling as the network's element that it is."""
        match value:
            case Sum():
                return value
            case Table():
                element = self.network.code(value)
                if element is None:
                    raise NotProvedError(self._unknown(value))
                known = value.known
                return Sum(element.coefficients, element.constant, element.limits, known)
            case Choice():
                found = self.network.largest(value.forms) if value.is_largest else None
                if found is None:
                    raise NotProvedError(
                        f"the largest of {len(value.forms)} values must be a pooling of the network"
                    )
                return found
            case Comparison():
                raise NotProvedError("a comparison of sums must choose one of the two")

    def element(self, value: Value) -> Sum:
        """Give an output as an element of the network."""
        return self._as_sum(value)

    def _unknown(self, value: Table) -> str:
        near = self.network.near(value.base)
        if near is None:
            return f"{self._named(value.base)}: must be a sum of the network, and is none"
        return f"{near}: its code must be the network's for every sum, and is not"


def _base(value: Value) -> tuple[tuple[int, int], ...] | None:
    match value:
        case Table():
            return value.base
        case Sum():
            return based(value.coefficients)[1] if value.coefficients else ()
        case _:
            return None


def _is_number(value: Value) -> bool:
    return isinstance(value, Sum) and value.is_constant


def _forms(compared: Sum | Choice) -> tuple[Sum, ...]:
    return compared.forms if isinstance(compared, Choice) else (compared,)


def _beside(
    compared: Sum | Choice, result: Sum | Choice
) -> tuple[tuple[Sum, ...], tuple[Sum, ...]]:
    """Give the forms that were compared, each with its result."""
    forms = _forms(compared)
    if isinstance(result, Sum):
        if len(forms) > 1 and not result.is_constant:
            raise NotProvedError("what is chosen must be what was compared")
        return forms, (result,) * len(forms)
    if not all_same(forms, result.forms):
        raise NotProvedError("what is chosen must lie beside what was compared")
    return forms, result.results


def _exact(value: Table) -> IntArray:
    if value.known is not None:
        raise NotProvedError(f"a value is read whole, and {value.known} of its bits are known")
    return value.values


def _looked(words: IntArray, places: IntArray) -> IntArray:
    if places.min() < 0 or places.max() >= len(words):
        raise NotProvedError(
            f"a table of {len(words)} words must be read inside, not at {places.min()} to "
            f"{places.max()}"
        )
    return words[places]

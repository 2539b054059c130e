"""Cells on bits of linear forms: what an adder gives, and that no adder loses a bit.

The width of a cell is that of the low bits that are read: Yosys writes `n = (a + b)[7:0]` as an
adder of more bits, whose highest one may even be wrong.
"""

from __future__ import annotations

from hwgen.numeric import Range
from hwgen.prove.forms.forms import (
    Form,
    LinearBit,
    Ranges,
    bit,
    constant_form,
    fits,
    inverted,
    total,
)
from hwgen.prove.forms.words import Reading, read_word
from hwgen.prove.netlist.netlist import Cell, Module
from hwgen.prove.netlist.walk import Operands


class LinearAlgebra:
    """The algebra of linear forms of a layer's inputs.

    `adders` lists the range and the width of every addition met. A sum that does not fit its width
    is right modulo 2**width, and whoever reads it must show that this is enough: in a lane, or in a
    narrower sum from which the rest cancels.
    """

    def __init__(self, module: Module, inputs: Ranges) -> None:
        self.module = module
        self.inputs = inputs
        self.adders: list[tuple[Range, int]] = []

    @property
    def modulo(self) -> int:
        """Give how many sums do not fit their width."""
        return sum(not fits(limits, width) for limits, width in self.adders)

    def rule(self, cell: Cell, operands: Operands[LinearBit]) -> list[LinearBit]:
        """Give what a cell drives."""
        width = self.module.used_bits(cell.outputs["Y"])
        if cell.kind == "$mux":
            return self._choice(cell, operands)
        if cell.kind in ("$and", "$or", "$xor", "$xnor"):
            pairs = zip(
                self._extended(cell, operands, "A", width),
                self._extended(cell, operands, "B", width),
                strict=True,
            )
            return [self._gate(cell, a, b) for a, b in pairs]
        if cell.kind == "$not":
            return [inverted(a) for a in self._extended(cell, operands, "A", width)]
        if cell.kind == "$pos":
            return self._extended(cell, operands, "A", width)
        if cell.kind not in ("$add", "$sub", "$neg"):
            raise self._problem(cell, f"must be a sum of inputs, not {cell.kind}")
        low = self._carried(cell, operands, width) if cell.kind == "$add" else []
        carry, first = (low[-1], len(low) - 1) if low else (0, 0)
        result, dropped, base = self._sum(cell, operands, first, width, carry)
        result = result.modulo(width - first + dropped)
        result.base = base
        below = sum(value << place for place, value in enumerate(low[:first]))
        ends = ((end << first) + below for end in (result.limits.lo, result.limits.hi))
        self.adders.append((Range(*ends), width + dropped))
        return [*low[:first], *(bit(result, dropped + k) for k in range(width - first))]

    def _carried(self, cell: Cell, operands: Operands[LinearBit], width: int) -> list[int]:
        """Add the low bits that are constant in both operands: their sum, and the carry above.

        So a carry is brought into an adder: as a bit below one operand, with a 1 below the other.
        """
        found, carry = [], 0
        words = (self._extended(cell, operands, port, width) for port in ("A", "B"))
        for a, b in zip(*words, strict=True):
            if not isinstance(a, int) or not isinstance(b, int):
                break
            found.append((a + b + carry) & 1)
            carry = (a + b + carry) >> 1
        return [*found, carry]

    def _sum(
        self, cell: Cell, operands: Operands[LinearBit], first: int, width: int, carry: int
    ) -> Reading:
        """Add two operands and a carry, from a bit on.

        One operand that is added may lack low bits: they are the sum's. What is always negative is
        taken as such, so that a sum that grows by it stays in its own range.
        """
        a = self._operand(cell, operands, "A", first, width)
        b = Reading(constant_form(0), 0)
        if cell.kind == "$neg":
            a, b = b, a
        else:
            b = self._operand(cell, operands, "B", first, width)
        subtracts = cell.kind != "$add"
        if b.dropped and (a.dropped or subtracts):
            raise self._problem(cell, "operands must have their low bits")
        if b.dropped:
            a, b = b, a
        bits = width - first
        left = _next_to_zero(a.form, bits + a.dropped)
        right = _next_to_zero(b.form.plus(carry), bits).times((-1 if subtracts else 1) << a.dropped)
        return Reading(total(left, right, self.inputs), a.dropped, a.base or b.base)

    def _extended(
        self, cell: Cell, operands: Operands[LinearBit], port: str, width: int
    ) -> list[LinearBit]:
        word = operands[port]
        fill = word[-1] if cell.signed(port) and word else 0
        return (word + [fill] * (width - len(word)))[:width]

    def _operand(
        self, cell: Cell, operands: Operands[LinearBit], port: str, first: int, width: int
    ) -> Reading:
        word = self._extended(cell, operands, port, width)[first:]
        form = read_word(word, self.inputs)
        nets = cell.inputs[port]
        if isinstance(form, int):
            net = nets[min(first + form, len(nets) - 1)]
            raise self._problem(
                cell,
                f"operand {self.module.name_of(net)} must be a sum of inputs with all of its "
                f"bits, and bit {form} is not that of bits below",
            )
        return form

    def _choice(self, cell: Cell, operands: Operands[LinearBit]) -> list[LinearBit]:
        select = operands["S"][0]
        if not isinstance(select, int):
            raise self._problem(cell, "must be a sum of inputs, not a choice between two values")
        return operands["B" if select else "A"]

    def _gate(self, cell: Cell, a: LinearBit, b: LinearBit) -> LinearBit:
        if not isinstance(a, int):
            a, b = b, a
        if not isinstance(a, int):
            raise self._problem(cell, f"must be a sum of inputs, not {cell.kind} of two of them")
        match cell.kind:
            case "$and":
                return b if a else 0
            case "$or":
                return 1 if a else b
            case "$xor":
                return inverted(b) if a else b
        return b if a else inverted(b)

    def _problem(self, cell: Cell, text: str) -> Exception:
        return self.module.problem(cell.outputs["Y"][0], text)


def _next_to_zero(form: Form, bits: int) -> Form:
    """Give a form modulo 2**bits whose highest bit is always 1 as negative numbers."""
    return form.plus(-(1 << bits)) if bits and form.limits.lo >= 1 << bits - 1 else form

"""Cells on bits of linear forms: what an adder gives, and that no adder loses a bit.

The width of a cell is that of the low bits that are read: Yosys writes `n = (a + b)[7:0]` as an
adder of more bits, whose highest one may even be wrong.
"""

from __future__ import annotations

from hwgen.numeric import Range
from hwgen.prove.forms.forms import LinearBit, Ranges, bit, constant_form, fits, inverted, total
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
        result, dropped, base = self._sum(cell, operands, width)
        result = result.modulo(width + dropped)
        result.base = base
        self.adders.append((result.limits, width + dropped))
        return [bit(result, dropped + index) for index in range(width)]

    def _sum(self, cell: Cell, operands: Operands[LinearBit], width: int) -> Reading:
        """Add two operands, of which one that is added may lack low bits: they are the sum's."""
        a = self._operand(cell, operands, "A", width)
        b = Reading(constant_form(0), 0)
        if cell.kind == "$neg":
            a, b = b, a
        else:
            b = self._operand(cell, operands, "B", width)
        subtracts = cell.kind != "$add"
        if b.dropped and (a.dropped or subtracts):
            raise self._problem(cell, "operands must have their low bits")
        dropped = max(a.dropped, b.dropped)
        left = a.form.times(1 << dropped - a.dropped)
        right = b.form.times((-1 if subtracts else 1) << dropped - b.dropped)
        return Reading(total(left, right, self.inputs), dropped, a.base or b.base)

    def _extended(
        self, cell: Cell, operands: Operands[LinearBit], port: str, width: int
    ) -> list[LinearBit]:
        word = operands[port]
        fill = word[-1] if cell.signed(port) and word else 0
        return (word + [fill] * (width - len(word)))[:width]

    def _operand(self, cell: Cell, operands: Operands[LinearBit], port: str, width: int) -> Reading:
        word = self._extended(cell, operands, port, width)
        form = read_word(word, self.inputs)
        nets = cell.inputs[port]
        if isinstance(form, int):
            net = nets[min(form, len(nets) - 1)]
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

"""What a cell gives for symbolic operands: exact where they fit together, unknown elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from hwgen.numeric import Range
from hwgen.prove.forms.forms import Bit, Ranges, fits, inverted
from hwgen.prove.forms.largest import compared, largest
from hwgen.prove.forms.linear import LinearAlgebra
from hwgen.prove.forms.step_rules import StepRules
from hwgen.prove.forms.steps import Step
from hwgen.prove.forms.values import (
    UNKNOWN,
    Above,
    BestBit,
    CaseBit,
    Part,
    Unknown,
    Value,
)
from hwgen.prove.netlist.boolean import Samples
from hwgen.prove.netlist.netlist import Cell, Module, NotProvedError
from hwgen.prove.netlist.walk import Operands

BITWISE = ("$and", "$or", "$xor", "$xnor")


class Rules:
    """The algebra of a symbolic run.

    With `wide_sums` the inputs are sums, and what comparing and choosing makes of one is followed
    as steps. `widest` has, for every adder of linear forms, the ranges with the lowest and with the
    highest value and its width; `doubt` is the latest sum that could not be followed.
    """

    def __init__(self, module: Module, inputs: Ranges, *, wide_sums: bool = False) -> None:
        self.module = module
        self.linear = LinearAlgebra(module, inputs)
        self.steps = StepRules(module, inputs, self.linear) if wide_sums else None
        self.widest: dict[str, tuple[Range, Range, int]] = {}
        self.doubt: NotProvedError | None = None

    @property
    def modulo(self) -> int:
        """Give how many adders have a sum that does not fit their width."""
        return sum(
            not (fits(low, width) and fits(high, width))
            for low, high, width in self.widest.values()
        )

    def has_fit(self, cell: Cell) -> bool:
        """Whether all sums that an adder made so far fit its width."""
        low, high, width = self.widest.get(cell.name, (Range(0, 0), Range(0, 0), 1))
        return fits(low, width) and fits(high, width)

    def rule(self, cell: Cell, operands: Operands[Value]) -> Sequence[Value]:
        """Give what a cell drives; fewer bits than it has where no one reads the highest."""
        kind = cell.kind
        if self.steps is not None:
            found = self._steps(cell, operands)
            if found is not None:
                return found
        if kind in ("$mux", "$pmux"):
            return self._choice(cell, operands)
        if kind in BITWISE or kind == "$not":
            return self._bitwise(cell, operands)
        kinds = {type(value) for value in chain.from_iterable(operands.values())}
        found = None
        if kinds <= {int, CaseBit}:
            found = self._cases(cell, operands)
        elif kinds <= {int, Bit} and kind in ("$add", "$sub", "$neg", "$pos"):
            found = self._sum(cell, operands)
        elif Unknown in kinds:
            found = _decided(cell, operands)
        elif kind in ("$gt", "$lt") and not cell.signed("A"):
            found = compared(cell, operands)
        return [UNKNOWN] * len(cell.outputs["Y"]) if found is None else found

    def _steps(self, cell: Cell, operands: Operands[Value]) -> Sequence[Value] | None:
        """Follow a cell on steps; None where it has other operands, or forms alone to add."""
        assert self.steps is not None
        stepped = {
            port: [v for v in word if isinstance(v, int | Bit | Step)]
            for port, word in operands.items()
        }
        kinds = {type(value) for value in chain.from_iterable(operands.values())}
        if not kinds <= {int, Bit, Step} or kinds == {int}:
            return None
        try:
            return self.steps.rule(cell, stepped)
        except NotProvedError as error:
            self.doubt = error
            return None

    def _cases(self, cell: Cell, operands: Operands[Value]) -> Sequence[Value] | None:
        """Evaluate a cell for every value of one sum, or once where all is constant."""
        values = chain.from_iterable(operands.values())
        cases = {(v.source, v.count) for v in values if isinstance(v, CaseBit)}
        if len(cases) > 1:
            return None
        source, count = next(iter(cases), (None, 1))
        algebra = Samples(self.module, count)
        tables = {
            port: [v.mask if isinstance(v, CaseBit) else algebra.ones * (v == 1) for v in word]
            for port, word in operands.items()
        }
        found = algebra.rule(cell, tables)
        if source is None:
            return found
        return [
            int(mask != 0) if mask in (0, algebra.ones) else CaseBit(source, mask, count)
            for mask in found
        ]

    def _sum(self, cell: Cell, operands: Operands[Value]) -> Sequence[Value] | None:
        forms = {port: [v for v in w if isinstance(v, int | Bit)] for port, w in operands.items()}
        try:
            found = self.linear.rule(cell, forms)
        except NotProvedError as error:
            self.doubt = error
            return None
        if self.linear.adders:
            limits, width = self.linear.adders.pop()
            low, high, _ = self.widest.get(cell.name, (limits, limits, width))
            low = limits if limits.lo < low.lo else low
            high = limits if limits.hi > high.hi else high
            self.widest[cell.name] = (low, high, width)
        return found

    def _choice(self, cell: Cell, operands: Operands[Value]) -> Sequence[Value]:
        """Give the word that is chosen, or what both words have alike."""
        select, a, b = operands["S"], operands["A"], operands["B"]
        chosen = [place for place, value in enumerate(select) if value != 0]
        if not chosen:
            return a
        place = chosen[0]
        word = b[place * len(a) : (place + 1) * len(a)]
        if len(chosen) == 1 and select[place] == 1:
            return word
        if len(chosen) == 1 and isinstance(select[place], CaseBit):
            return [
                self._case_choice(cell, select[place], *pair) for pair in zip(a, word, strict=True)
            ]
        if len(chosen) == 1 and isinstance(select[place], Above):
            return largest(select[place], a, word)
        return [x if x == y and len(chosen) == 1 else UNKNOWN for x, y in zip(a, word, strict=True)]

    def _case_choice(self, cell: Cell, select: Value, a: Value, b: Value) -> Value:
        if not all(isinstance(v, int | CaseBit) for v in (a, b)):
            return UNKNOWN
        one = Cell(
            name="", kind="$mux", parameters={}, inputs={}, outputs={"Y": cell.outputs["Y"][:1]}
        )
        found = self._cases(one, {"S": [select], "A": [a], "B": [b]})
        return UNKNOWN if found is None else found[0]

    def _bitwise(self, cell: Cell, operands: Operands[Value]) -> Sequence[Value]:
        width = len(cell.outputs["Y"])
        a = _extended(operands["A"], cell.signed("A"), width)
        if cell.kind == "$not":
            return [complement(value) for value in a]
        b = _extended(operands["B"], cell.signed("B"), width)
        return [self._gate(cell, x, y) for x, y in zip(a, b, strict=True)]

    def _gate(self, cell: Cell, a: Value, b: Value) -> Value:
        kind = cell.kind
        if not isinstance(a, int):
            a, b = b, a
        if isinstance(a, int):
            if kind == "$and":
                return b if a else 0
            if kind == "$or":
                return 1 if a else b
            return complement(b) if a == (kind == "$xor") else b
        if isinstance(a, CaseBit) and isinstance(b, CaseBit):
            one = Cell(name="", kind=kind, parameters={}, inputs={}, outputs={"Y": (0,)})
            found = self._cases(one, {"A": [a], "B": [b]})
            return UNKNOWN if found is None else found[0]
        return UNKNOWN


def complement(value: Value) -> Value:
    """Give the complement of a bit."""
    match value:
        case int():
            return 1 - value
        case Bit():
            return inverted(value)
        case Step():
            return value.complement()
        case CaseBit():
            return CaseBit(value.source, value.mask ^ ((1 << value.count) - 1), value.count)
        case Part():
            return Part(value.source, value.place, not value.inverted)
        case BestBit():
            return BestBit(value.words, value.place, not value.inverted)
    return UNKNOWN


def _extended(word: Sequence[Value], signed: bool, width: int) -> list[Value]:
    fill: Value = word[-1] if signed and word else 0
    return ([*word] + [fill] * (width - len(word)))[:width]


def _decided(cell: Cell, operands: Operands[Value]) -> Sequence[Value] | None:
    """Give what is certain although a part of the operands is unknown."""
    a, b = operands["A"], operands.get("B", [])
    rest = [0] * (len(cell.outputs["Y"]) - 1)
    if cell.kind in ("$eq", "$ne") and not cell.signed("A"):
        width = max(len(a), len(b))
        pairs = zip(_extended(a, False, width), _extended(b, False, width), strict=True)
        if any(isinstance(x, int) and isinstance(y, int) and x != y for x, y in pairs):
            return [int(cell.kind == "$ne"), *rest]
    if cell.kind in ("$reduce_or", "$reduce_bool") and 1 in a:
        return [1, *rest]
    if cell.kind == "$logic_not" and 1 in a:
        return [0, *rest]
    if cell.kind == "$reduce_and" and 0 in a:
        return [0, *rest]
    if cell.kind == "$logic_and" and any(not any(v != 0 for v in word) for word in (a, b)):
        return [0, *rest]
    if cell.kind == "$logic_or" and (1 in a or 1 in b):
        return [1, *rest]
    return None

"""Builds adder graphs node by node, with each node's exact linear form and range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from hwgen.numeric import Range
from hwgen.plan.adder_graph import Adder, Operand, complement_constant, invert, shifted

Style = Literal["complement", "signed"]


class Term(NamedTuple):
    """`sign * (form of node << shift)`, a summand of a row; constants are kept by the node."""

    node: int
    shift: int
    sign: int


@dataclass(frozen=True, slots=True)
class Form:
    """A stored value as `sum(coefficients[i] * input_i) + constant`."""

    coefficients: dict[int, int]
    constant: int


class AdderBuilder:
    """A growing adder graph over inputs of known stored ranges.

    In `complement` style `p - q` is built as `p + ~q`, so that nodes of unsigned inputs stay
    unsigned and constants wait for a threshold; in `signed` style it is a subtraction.
    """

    def __init__(self, inputs: tuple[Range, ...], style: Style) -> None:
        self.inputs = inputs
        self.style = style
        self.adders: list[Adder] = []
        self.forms = [Form({i: 1}, 0) for i in range(len(inputs))]
        self.ranges = list(inputs)
        self.levels = [0] * len(inputs)
        self._known: dict[tuple[Operand, Operand, bool], int] = {}

    def add(self, first: Term, second: Term) -> Term:
        """Give the sum of two terms as one term of a new (or known) node."""
        low = min(first.shift, second.shift)
        a = Operand(first.node, first.shift - low)
        b = Operand(second.node, second.shift - low)
        if first.sign == second.sign:
            return Term(self._node(a, b, subtract=False), low, first.sign)
        if self.style == "signed":
            plus, minus = (a, b) if first.sign > 0 else (b, a)
            return Term(self._node(plus, minus, subtract=True), low, 1)
        invert_b = self._span_end(a, b)
        invert_a = self._span_end(b, a)
        if invert_b <= invert_a:
            node = self._node(a, b._replace(inverted=True), subtract=False)
            return Term(node, low, first.sign)
        node = self._node(b, a._replace(inverted=True), subtract=False)
        return Term(node, low, second.sign)

    def cost(self, first: Term, second: Term) -> tuple[int, int]:
        """Full-adder bits and level of the node that `add` would make (approximate range)."""
        low = min(first.shift, second.shift)
        tops, shifts = [], []
        for term in (first, second):
            shift = term.shift - low
            tops.append(self.ranges[term.node].bits + shift)
            shifts.append(shift)
        wires = max(shifts)
        other = tops[0] if shifts[1] == wires else tops[1]
        meet = other > wires or first.sign != second.sign
        bits = max(tops) - wires + 1 if meet else 0
        return bits, max(self.levels[first.node], self.levels[second.node]) + 1

    def width(self, term: Term) -> int:
        """Bits of the term's node."""
        return self.ranges[term.node].bits

    def _span_end(self, kept: Operand, inverted: Operand) -> int:
        """Top of the stored range of `kept + ~inverted`: the smaller, the fewer bits."""
        return (self.ranges[kept.node].hi << kept.shift) + (
            invert(self.ranges[inverted.node]).hi << inverted.shift
        )

    def _node(self, a: Operand, b: Operand, *, subtract: bool) -> int:
        if not subtract and b < a:
            a, b = b, a
        key = (a, b, subtract)
        if key in self._known:
            return self._known[key]
        form = self._combine(a, b, -1 if subtract else 1)
        limits = self._form_range(form, a, b, subtract)
        level = max(self.levels[a.node], self.levels[b.node]) + 1
        self.adders.append(
            Adder(a=a, b=b, subtract=subtract, lo=limits.lo, hi=limits.hi, level=level)
        )
        self.forms.append(form)
        self.ranges.append(limits)
        self.levels.append(level)
        self._known[key] = len(self.forms) - 1
        return self._known[key]

    def _combine(self, a: Operand, b: Operand, sign_b: int) -> Form:
        coefficients: dict[int, int] = {}
        constant = 0
        for operand, sign in ((a, 1), (b, sign_b)):
            form = self.forms[operand.node]
            factor = (-sign if operand.inverted else sign) << operand.shift
            for index, coefficient in form.coefficients.items():
                coefficients[index] = coefficients.get(index, 0) + factor * coefficient
            constant += factor * form.constant
            if operand.inverted:
                ones = complement_constant(self.ranges[operand.node])
                constant += sign * (ones << operand.shift)
        return Form({i: c for i, c in coefficients.items() if c}, constant)

    def _form_range(self, form: Form, a: Operand, b: Operand, subtract: bool) -> Range:
        """Give the exact range; from the operands alone where they share no input."""
        left, right = self.forms[a.node].coefficients, self.forms[b.node].coefficients
        if left.keys().isdisjoint(right.keys()):
            x, y = (self._operand_range(operand) for operand in (a, b))
            return Range(x.lo - y.hi, x.hi - y.lo) if subtract else Range(x.lo + y.lo, x.hi + y.hi)
        lo = hi = form.constant
        for index, coefficient in form.coefficients.items():
            limits = self.inputs[index]
            ends = (coefficient * limits.lo, coefficient * limits.hi)
            lo, hi = lo + min(ends), hi + max(ends)
        return Range(lo, hi)

    def _operand_range(self, operand: Operand) -> Range:
        limits = self.ranges[operand.node]
        return shifted(invert(limits) if operand.inverted else limits, operand.shift)

"""Builds adder graphs node by node, with each node's exact linear form and range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from hwgen.numeric import Range
from hwgen.plan.adder_graph import Adder, Operand, complement_constant, invert, shifted

Style = Literal["complement", "signed", "additive", "ternary"]


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
    unsigned and constants wait for a threshold; in `signed` style it is a subtraction; `ternary`
    style is `signed` with additions of three operands, for targets that have them; `additive`
    style is `signed` that adds like signs first, for targets where a subtraction costs inverters.
    """

    def __init__(self, inputs: tuple[Range, ...], style: Style) -> None:
        self.inputs = inputs
        self.style = style
        self.adders: list[Adder] = []
        self.forms = [Form({i: 1}, 0) for i in range(len(inputs))]
        self.ranges = list(inputs)
        self.levels = [0] * len(inputs)
        self._known: dict[tuple[tuple[Operand, int], ...], int] = {}

    def add(self, *terms: Term, positive: bool = False) -> Term:
        """Give the sum of two terms (three in `ternary` style) as one of a new or known node.

        With `positive` the result's sign is positive where that of any term is.
        """
        low = min(term.shift for term in terms)
        if self.style == "complement":
            return self._add_complement(low, *terms)
        sign = 1 if positive and any(term.sign > 0 for term in terms) else _cheaper_sign(terms)
        operands = [
            (Operand(term.node, term.shift - low), term.sign * sign)
            for term in sorted(terms, key=lambda term: -term.sign * sign)
        ]
        return Term(self._node(tuple(operands)), low, sign)

    def cost(self, *terms: Term) -> tuple[int, int]:
        """Full adders and level of the node that `add` would make (by an approximate range)."""
        ordered = sorted(terms, key=lambda term: term.shift)
        top = max(self.ranges[term.node].bits + term.shift for term in terms)
        adds_lowest = self.style == "complement" or ordered[0].sign == _cheaper_sign(terms)
        wires = ordered[1].shift if adds_lowest else ordered[0].shift
        bits = top - wires + 1
        if self.style == "additive" and len({term.sign for term in terms}) > 1:
            bits += min(self.ranges[term.node].bits for term in terms)
        return bits, max(self.levels[term.node] for term in terms) + 1

    def made_positive(self, term: Term) -> Term:
        """Give the term with a positive sign, from a node whose own operands change signs.

        Terms that are positive already, inputs, and sums without a subtraction stay as they are.
        """
        index = term.node - len(self.inputs)
        if term.sign > 0 or index < 0 or self.style == "complement":
            return term
        operands = [(operand, -sign) for operand, sign in self.adders[index].signed_operands]
        operands.sort(key=lambda item: -item[1])
        if operands[0][1] < 0:
            return term
        return Term(self._node(tuple(operands)), term.shift, 1)

    def _add_complement(self, low: int, first: Term, second: Term) -> Term:
        """Add two terms; of unequal signs the one is inverted that leaves the narrower sum."""
        a = Operand(first.node, first.shift - low)
        b = Operand(second.node, second.shift - low)
        if first.sign == second.sign:
            return Term(self._node(((a, 1), (b, 1))), low, first.sign)
        if self._span_end(a, b) <= self._span_end(b, a):
            return Term(self._node(((a, 1), (b._replace(inverted=True), 1))), low, first.sign)
        return Term(self._node(((b, 1), (a._replace(inverted=True), 1))), low, second.sign)

    def _span_end(self, kept: Operand, inverted: Operand) -> int:
        """Top of the stored range of `kept + ~inverted`: the smaller, the fewer bits."""
        return (self.ranges[kept.node].hi << kept.shift) + (
            invert(self.ranges[inverted.node]).hi << inverted.shift
        )

    def _node(self, operands: tuple[tuple[Operand, int], ...]) -> int:
        """Give the node of a signed sum; the first operand is added."""
        key = tuple(sorted(operands))
        if key in self._known:
            return self._known[key]
        form = self._combine(operands)
        limits = self._form_range(form, operands)
        level = max(self.levels[operand.node] for operand, _ in operands) + 1
        (a, _), (b, sign_b), *rest = operands
        self.adders.append(
            Adder(
                a=a,
                b=b,
                third=tuple(operand for operand, _ in rest),
                subtract=sign_b < 0,
                subtract_third=any(sign < 0 for _, sign in rest),
                lo=limits.lo,
                hi=limits.hi,
                level=level,
            )
        )
        self.forms.append(form)
        self.ranges.append(limits)
        self.levels.append(level)
        self._known[key] = len(self.forms) - 1
        return self._known[key]

    def _combine(self, signed: tuple[tuple[Operand, int], ...]) -> Form:
        coefficients: dict[int, int] = {}
        constant = 0
        for operand, sign in signed:
            form = self.forms[operand.node]
            factor = (-sign if operand.inverted else sign) << operand.shift
            for index, coefficient in form.coefficients.items():
                coefficients[index] = coefficients.get(index, 0) + factor * coefficient
            constant += factor * form.constant
            if operand.inverted:
                ones = complement_constant(self.ranges[operand.node])
                constant += sign * (ones << operand.shift)
        return Form({i: c for i, c in coefficients.items() if c}, constant)

    def _form_range(self, form: Form, signed: tuple[tuple[Operand, int], ...]) -> Range:
        """Give the exact range; from the operands alone where they share no input."""
        read = [self.forms[operand.node].coefficients.keys() for operand, _ in signed]
        if len(set().union(*read)) == sum(len(keys) for keys in read):
            parts = [self._operand_range(operand) for operand, _ in signed]
            ends = [
                (p.lo, p.hi) if sign > 0 else (-p.hi, -p.lo)
                for p, (_, sign) in zip(parts, signed, strict=True)
            ]
        else:
            ends = [(form.constant, form.constant)]
            for index, coefficient in form.coefficients.items():
                limits = self.inputs[index]
                pair = (coefficient * limits.lo, coefficient * limits.hi)
                ends.append((min(pair), max(pair)))
        return Range(sum(lo for lo, _ in ends), sum(hi for _, hi in ends))

    def _operand_range(self, operand: Operand) -> Range:
        limits = self.ranges[operand.node]
        return shifted(invert(limits) if operand.inverted else limits, operand.shift)


def _cheaper_sign(terms: tuple[Term, ...]) -> int:
    """Sign of a sum: that of its lowest term, whose low bits are then only wires."""
    return min(terms, key=lambda term: (term.shift, -term.sign)).sign

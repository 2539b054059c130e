"""Builds adder graphs node by node, with each node's exact linear form and range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hwgen.numeric import Range
from hwgen.plan.adders.cost import Style, chain_luts, unsigned_style
from hwgen.plan.stages.adder_graph import Adder, Operand, complement_constant, invert, shifted


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
    unsigned and constants wait for a threshold; `ternary` style is that with additions of three
    operands, for targets that have them, of which one can be a constant, so that `exact` ends a
    sum; in `signed` style `p - q` is a subtraction; `additive` style is `signed` that adds like
    signs first, for targets where a subtraction costs inverters.
    """

    def __init__(self, inputs: tuple[Range, ...], style: Style) -> None:
        self.inputs = inputs
        self.style = style
        self.adders: list[Adder] = []
        self.forms = [Form({i: 1}, 0) for i in range(len(inputs))]
        self.ranges = list(inputs)
        self.levels = [0] * len(inputs)
        self._known: dict[tuple[tuple[tuple[Operand, int], ...], int], int] = {}

    def add(self, *terms: Term, positive: bool = False) -> Term:
        """Give the sum of two terms (three in `ternary` style) as one of a new or known node.

        With `positive` the result's sign is positive where that of any term is.
        """
        low = min(term.shift for term in terms)
        if unsigned_style(self.style):
            return self._add_complements(low, terms)
        sign = 1 if positive and any(term.sign > 0 for term in terms) else _cheaper_sign(terms)
        operands = [
            (Operand(term.node, term.shift - low), term.sign * sign)
            for term in sorted(terms, key=lambda term: -term.sign * sign)
        ]
        return Term(self._node(tuple(operands)), low, sign)

    def made_positive(self, term: Term) -> Term:
        """Give the term with a positive sign, from a node whose own operands change signs.

        Terms that are positive already, inputs, and sums without a subtraction stay as they are.
        """
        index = term.node - len(self.inputs)
        if term.sign > 0 or index < 0 or unsigned_style(self.style):
            return term
        operands = [(operand, -sign) for operand, sign in self.adders[index].signed_operands]
        operands.sort(key=lambda item: -item[1])
        if operands[0][1] < 0:
            return term
        return Term(self._node(tuple(operands)), term.shift, 1)

    def cut(self, size: int) -> None:
        """Drop all adders but the first `size`."""
        nodes = len(self.inputs) + size
        del self.adders[size:], self.forms[nodes:], self.ranges[nodes:], self.levels[nodes:]
        while self._known and next(reversed(self._known.values())) >= nodes:
            self._known.popitem()

    def exact(self, terms: tuple[Term, ...], constant: int) -> Term:
        """Give the sum of two terms as a node whose form has that constant (`ternary` style)."""
        operands = tuple((Operand(t.node, t.shift, t.sign < 0), 1) for t in terms)
        return Term(self._node(operands, constant - self._combine(operands).constant), 0, 1)

    def _add_complements(self, low: int, terms: tuple[Term, ...]) -> Term:
        """Add terms; of unequal signs those are inverted that leave the cheaper, narrower sum."""
        sign = min({t.sign for t in terms}, key=lambda sign: (*self._chain(terms, sign), -sign))
        operands = [
            (Operand(term.node, term.shift - low, term.sign != sign), 1)
            for term in sorted(terms, key=lambda term: term.sign != sign)
        ]
        return Term(self._node(tuple(operands)), low, sign)

    def _chain(self, terms: tuple[Term, ...], sign: int) -> tuple[int, int]:
        """LUTs on 7 series and top of the range, where terms of the other sign are inverted."""
        operands, top = [], 0
        for term in terms:
            limits, inverted = self.ranges[term.node], term.sign != sign
            operands.append((term.shift, term.shift + limits.bits, inverted))
            top += (invert(limits) if inverted else limits).hi << term.shift
        return chain_luts(operands) if self.style == "ternary" else 0, top

    def _node(self, operands: tuple[tuple[Operand, int], ...], constant: int = 0) -> int:
        """Give the node of a signed sum and a constant; the first operand is added."""
        key = (tuple(sorted(operands)), constant)
        if key in self._known:
            return self._known[key]
        form = self._combine(operands)
        limits = self._form_range(form, operands)
        form = Form(form.coefficients, form.constant + constant)
        limits = Range(limits.lo + constant, limits.hi + constant)
        level = max(self.levels[operand.node] for operand, _ in operands) + 1
        (a, _), (b, sign_b), *rest = operands
        self.adders.append(
            Adder(
                a=a,
                b=b,
                third=tuple(operand for operand, _ in rest),
                constant=constant,
                subtract=sign_b < 0,
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

"""Integer linear forms of a layer's inputs, and the bits of their values.

A net carries bit i of the two's complement of a form, at any i: bit i depends on the form modulo
2**(i + 1) alone. So an adder of Y bits needs no assumption: its bits are the lowest Y of the sum of
two forms, if each operand is congruent to its form modulo 2**Y. That is what `words.read_word`
shows, and it can only show it where no bit is missing on any input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hwgen.numeric import Range


class Ranges(Protocol):
    """What each input can be."""

    def __getitem__(self, column: int, /) -> Range:
        """Give the range of an input."""
        ...


class Form:
    """`sum of coefficient * input, plus constant`, with its exact range over the inputs' ranges.

    Long sums are added up term by term, so what takes time by the number of terms waits until it is
    asked for, and coefficients are `scale` times the `terms`, which forms share.
    `base` is set where a sum was made with nothing but the sign of a form; see `words.Reading`.
    """

    __slots__ = (
        *("_coefficients", "_halved", "_inverse", "_twos"),
        *("base", "constant", "limits", "scale", "terms"),
    )

    def __init__(
        self, terms: Mapping[int, int], constant: int, limits: Range, scale: int = 1
    ) -> None:
        self.terms = terms
        self.scale = scale
        self.constant = constant
        self.limits = limits
        self.base: Form | None = None
        self._coefficients = terms if scale == 1 else None
        self._inverse: Form | None = None
        self._halved: Form | None = None
        self._twos: int | None = None

    @property
    def coefficients(self) -> Mapping[int, int]:
        """Give the factor of each input that the form depends on."""
        if self._coefficients is None:
            self._coefficients = {c: v * self.scale for c, v in self.terms.items()}
        return self._coefficients

    @property
    def twos(self) -> int:
        """Give how many factors of two all coefficients share, 0 where there are none."""
        if self._twos is None:
            merged = 0
            for value in self.terms.values():
                merged |= value
                if merged & 1:  # mostly the first
                    break
            merged *= self.scale
            self._twos = (merged & -merged).bit_length() - 1 if merged else 0
        return self._twos

    def inverse(self) -> Form:
        """Give the bitwise complement, -1 - form."""
        if self._inverse is None:
            self._inverse = self.times(-1).plus(-1)
            self._inverse._inverse = self
            self._inverse.base = None if self.base is None else self.base.inverse()
        return self._inverse

    def plus(self, constant: int) -> Form:
        """Add a constant."""
        limits = Range(self.limits.lo + constant, self.limits.hi + constant)
        found = Form(self.terms, self.constant + constant, limits, self.scale)
        found._twos = self._twos
        return found

    def times(self, factor: int) -> Form:
        """Multiply by a constant."""
        if factor == 1:
            return self
        ends = (self.limits.lo * factor, self.limits.hi * factor)
        limits = Range(min(ends), max(ends))
        terms = self.terms if factor else {}
        return Form(terms, self.constant * factor, limits, self.scale * factor or 1)

    def halved(self) -> Form:
        """Give the floor of the form by the largest power of two that its coefficients share."""
        if self._halved is None:
            k = self.twos
            limits = Range(self.limits.lo >> k, self.limits.hi >> k)
            terms, scale = self.terms, self.scale >> k
            if scale << k != self.scale:
                terms, scale = {c: v >> k for c, v in self.coefficients.items()}, 1
            self._halved = Form(terms, self.constant >> k, limits, scale)
        return self._halved

    def modulo(self, bits: int) -> Form:
        """Shift by a multiple of 2**bits to where the range fits that many bits, if it can.

        Unsigned where that is possible, else signed, else as it is.
        """
        lifted = self.plus(-(self.limits.lo >> bits << bits))
        if lifted.limits.hi < 1 << bits:
            return lifted
        lowered = lifted.plus(-(1 << bits))
        half = 1 << bits >> 1
        return lowered if lowered.limits.lo >= -half and lowered.limits.hi < half else self

    def fits(self, bits: int) -> bool:
        """Whether every value has a code of its own in unsigned or in signed numbers."""
        return fits(self.limits, bits)


def fits(limits: Range, bits: int) -> bool:
    """Whether every value of a range has a code of its own in unsigned or in signed numbers."""
    half = 1 << bits >> 1
    return (limits.lo >= 0 and limits.hi < 1 << bits) or (limits.lo >= -half and limits.hi < half)


def constant_form(value: int) -> Form:
    """Give the form without inputs."""
    return Form({}, value, Range(value, value))


def linear_form(coefficients: Mapping[int, int], constant: int, inputs: Ranges) -> Form:
    """Give a form with its range; inputs that cannot vary go into the constant."""
    kept: dict[int, int] = {}
    lo = hi = constant
    for column, factor in coefficients.items():
        limits = inputs[column]
        ends = (factor * limits.lo, factor * limits.hi)
        lo, hi = lo + min(ends), hi + max(ends)
        if factor and limits.span:
            kept[column] = factor
        else:
            constant += factor * limits.lo
    return Form(kept, constant, Range(lo, hi))


def total(a: Form, b: Form, inputs: Ranges) -> Form:
    """Add two forms.

    Only the terms of the shorter one are looked at: the range is the sum of both, but for inputs
    that stand in both.
    """
    few, many = sorted((a, b), key=lambda form: len(form.terms))
    terms, scale = dict(many.terms), many.scale
    if any(factor % scale for factor in few.coefficients.values()):
        terms, scale = dict(many.coefficients), 1
    lo, hi = a.limits.lo + b.limits.lo, a.limits.hi + b.limits.hi
    for column, factor in few.coefficients.items():
        before = terms.pop(column, 0) * scale
        changed = before + factor
        if changed:
            terms[column] = changed // scale
        if before:
            limits = inputs[column]
            for weight, sign in ((changed, 1), (before, -1), (factor, -1)):
                ends = (weight * limits.lo, weight * limits.hi)
                lo, hi = lo + sign * min(ends), hi + sign * max(ends)
    return Form(terms, a.constant + b.constant, Range(lo, hi), scale)


@dataclass(frozen=True, slots=True, eq=False)
class Bit:
    """Bit `index` of a form that varies there."""

    form: Form
    index: int

    def key(self) -> tuple[int, int, frozenset[tuple[int, int]]]:
        """Give what the bit depends on: the form modulo 2**(index + 1)."""
        return self._key(1, 0)

    def mirrored(self) -> tuple[int, int, frozenset[tuple[int, int]]]:
        """Give that of the complement and 2**index, which has the same bit there."""
        return self._key(-1, (1 << self.index) - 1)

    def _key(self, sign: int, added: int) -> tuple[int, int, frozenset[tuple[int, int]]]:
        mask = (2 << self.index) - 1
        factors = ((c, sign * v & mask) for c, v in self.form.coefficients.items())
        constant = sign * self.form.constant + added & mask
        return self.index, constant, frozenset(f for f in factors if f[1])


LinearBit = Bit | int  # a bit that is the same on every input is the number 0 or 1


def bit(form: Form, index: int) -> LinearBit:
    """Give a bit of a form, as a constant where it cannot vary."""
    lo, hi = form.limits.lo, form.limits.hi
    if lo >> index == hi >> index:
        return (lo >> index) & 1
    if form.twos:
        if index < form.twos:
            return (form.constant >> index) & 1
        return bit(form.halved(), index - form.twos)
    if lo < 0:  # from the sign bit on, all bits are the sign
        index = min(index, max(~lo, hi).bit_length())
    return Bit(form, index)


def same(a: LinearBit, b: LinearBit) -> bool:
    """Whether two bits are equal on every input."""
    if isinstance(a, int) or isinstance(b, int):
        return a is b or a == b
    if a.form is b.form and a.index == b.index:
        return True
    return a.index == b.index and b.key() in (a.key(), a.mirrored())


def inverted(value: LinearBit) -> LinearBit:
    """Give the complement of a bit."""
    return 1 - value if isinstance(value, int) else bit(value.form.inverse(), value.index)

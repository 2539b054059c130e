"""Integer linear forms of a layer's inputs, and the bits of their values.

A net carries bit i of the two's complement of a form, at any i: bit i depends on the form modulo
2**(i + 1) alone. So an adder of Y bits needs no assumption: its bits are the lowest Y of the sum of
two forms, if each operand is congruent to its form modulo 2**Y. That is what `words.read_word`
shows, and it can only show it where no bit is missing on any input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

    `base` is set where a sum was made with nothing but the sign of a form; see `words.Reading`.
    """

    __slots__ = ("_halved", "_inverse", "base", "coefficients", "constant", "limits", "twos")

    def __init__(self, coefficients: Mapping[int, int], constant: int, limits: Range) -> None:
        self.coefficients = coefficients
        self.constant = constant
        self.limits = limits
        merged = 0
        for value in coefficients.values():
            merged |= value
        self.twos = (merged & -merged).bit_length() - 1 if merged else 0
        self.base: Form | None = None
        self._inverse: Form | None = None
        self._halved: Form | None = None

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
        return Form(self.coefficients, self.constant + constant, limits)

    def times(self, factor: int) -> Form:
        """Multiply by a constant."""
        ends = (self.limits.lo * factor, self.limits.hi * factor)
        coefficients = {c: v * factor for c, v in self.coefficients.items()} if factor else {}
        return Form(coefficients, self.constant * factor, Range(min(ends), max(ends)))

    def halved(self) -> Form:
        """Give the floor of the form by the largest power of two that its coefficients share."""
        if self._halved is None:
            k = self.twos
            self._halved = Form(
                {c: v >> k for c, v in self.coefficients.items()},
                self.constant >> k,
                Range(self.limits.lo >> k, self.limits.hi >> k),
            )
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
        half = 1 << bits >> 1
        lo, hi = self.limits.lo, self.limits.hi
        return (lo >= 0 and hi < 1 << bits) or (lo >= -half and hi < half)


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
    """Add two forms."""
    coefficients = dict(a.coefficients)
    for column, factor in b.coefficients.items():
        changed = coefficients.pop(column, 0) + factor
        if changed:
            coefficients[column] = changed
    return linear_form(coefficients, a.constant + b.constant, inputs)


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


def representatives(form: Form, bits: int, inputs: Ranges) -> list[Form]:
    """Give the forms congruent modulo 2**bits that may span less than 2**bits.

    With the smallest coefficients, or with one other: a form that spans less than 2**bits and has
    a coefficient above half of that has all others smaller together than its distance to 2**bits.
    """
    size = 1 << bits
    least = {c: (v + size // 2) % size - size // 2 for c, v in form.coefficients.items()}
    choices = [least]
    if any(least.values()):
        column = max(least, key=lambda c: abs(least[c]))
        factor = least[column]
        choices.append(least | {column: factor - size if factor > 0 else factor + size})
    return [linear_form(coefficients, form.constant, inputs) for coefficients in choices]


def fitting(form: Form, bits: int, inputs: Ranges) -> Iterator[Form]:
    """Give those that a word of that many bits can hold as they are, unsigned or signed."""
    for found in representatives(form, bits, inputs):
        unsigned = found.plus(-(found.limits.lo >> bits << bits))
        yield from (f for f in (unsigned, unsigned.plus(-1 << bits)) if f.fits(bits))

"""A weight times an input, with no more logic than the weights of one PE need.

A product leaves as its magnitude and its sign: who adds it inverts the bits and carries one in,
which costs nothing in an adder whose other operand is plain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Shape, Signal, Value

from hwgen.numeric import IntType, Range
from hwgen.plan.stages import product_stages
from hwgen.rtl.lanes import choose, range_shape, resize

Delay = Callable[[Module, Value, str], Signal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A magnitude and whether it counts as negative; `value` is the range of the signed product."""

    magnitude: Value
    negative: Value | None
    value: Range


class WeightCode:
    """How the weights of a PE are coded, and what decodes and multiplies.

    Magnitudes that are zero or powers of two are coded as their place in a list and choose a
    shift, others are binary and add one shifted input a bit. The sign is the highest bit, if any
    weight is negative.

    Parameters
    ----------
    weights
        All weights of the PE.
    """

    def __init__(self, weights: Sequence[int]) -> None:
        distinct = set(weights)
        magnitudes = sorted({abs(weight) for weight in distinct})
        self.largest = magnitudes[-1]
        self.signed = min(distinct) < 0
        self.stages = product_stages(tuple(distinct))
        self.shifts = magnitudes if all(m & (m - 1) == 0 for m in magnitudes) else None
        count = len(magnitudes) - 1 if self.shifts is not None else self.largest
        self.magnitude_bits = count.bit_length()

    @property
    def bits(self) -> int:
        """Bits of a coded weight."""
        return self.magnitude_bits + int(self.signed)

    def encode(self, weight: int) -> int:
        """Give the code of one weight."""
        magnitude = abs(weight)
        code = magnitude if self.shifts is None else self.shifts.index(magnitude)
        return code | int(weight < 0) << self.magnitude_bits

    def range(self, x: IntType) -> Range:
        """Give the range of magnitude times input."""
        return Range(self.largest * x.lo, self.largest * x.hi)

    def multiply(
        self, m: Module, code: Value, x: Value, kind: IntType, name: str, stages: int, delay: Delay
    ) -> Product:
        """Give the product of a coded weight and an input, `stages` enabled cycles later."""
        value = self.range(kind)
        shape = range_shape(value)
        magnitude, sign = code[: self.magnitude_bits], code[self.magnitude_bits :]
        if self.shifts is None:
            total = self._sum(m, magnitude, x, shape, name, delay)
        else:
            shifted = [x << (m.bit_length() - 1) if m else Const(0, x.shape()) for m in self.shifts]
            exact = Signal(shape, name=f"{name}_shift")
            m.d.comb += exact.eq(_chosen(shifted, magnitude))
            total = delay(m, exact, f"{name}_p0")
        for stage in range(self.stages, stages):
            total = delay(m, total, f"{name}_p{stage}")
        if not self.signed:
            return Product(magnitude=total, negative=None, value=value)
        for stage in range(stages):
            sign = delay(m, sign, f"{name}_s{stage}")
        ends = value.union(Range(-value.hi, -value.lo))
        return Product(magnitude=total, negative=sign, value=ends)

    def _sum(
        self, m: Module, magnitude: Value, x: Value, shape: Shape, name: str, delay: Delay
    ) -> Signal:
        """Add the input once for every bit of the magnitude, a register after each addition."""
        total: Value = Mux(magnitude[0], x, Const(0, x.shape()))
        for bit in range(1, self.magnitude_bits):
            added = Signal(shape, name=f"{name}_add{bit}")
            part = Mux(magnitude[bit], x, Const(0, x.shape()))
            high = resize((total >> bit) + part, shape.width - bit)
            m.d.comb += added.eq(Cat(total[:bit], high))
            total = delay(m, added, f"{name}_p{bit - 1}")
            if bit + 1 < self.magnitude_bits:
                x = delay(m, x, f"{name}_x{bit}")
                magnitude = delay(m, magnitude, f"{name}_m{bit}")
        assert isinstance(total, Signal)
        return total


def _chosen(values: list[Value], index: Value) -> Value:
    return values[0] if len(values) == 1 else choose(values, index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Part of a sum: `value` plus the `carries`, one-bit values that are still to be added."""

    value: Value
    carries: tuple[Value, ...]
    range: Range


def term(product: Product) -> Term:
    """Give a product as a one's complement with a carry for its sign."""
    if product.negative is None:
        return Term(value=product.magnitude, carries=(), range=product.value)
    limits = Range(product.value.lo - 1, product.value.hi)
    width = limits.signed_bits
    inverted = resize(product.magnitude, width) ^ product.negative.replicate(width)
    return Term(value=inverted.as_signed(), carries=(product.negative,), range=limits)


def add(first: Value, second: Term, width: int, carries: tuple[Value, ...]) -> Value:
    """Give `first + second` and the first of the carries, modulo `2**width`."""
    a, b = resize(first, width), resize(second.value, width)
    if not carries:
        return (a + b)[:width]
    return (Cat(Const(1, 1), a) + Cat(carries[0], b))[1 : width + 1]

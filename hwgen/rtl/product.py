"""A coded weight times an input, with no more logic than the weights of one PE need.

A product leaves as its magnitude and its sign: who adds it inverts the bits and carries one in,
which costs nothing in an adder whose other operand is plain.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth import Cat, Const, Mux, Shape, Signal, Value

from hwgen.numeric import IntType, Range
from hwgen.plan.stages.weight_code import WeightCode
from hwgen.rtl.lanes import choose, range_shape, resize
from hwgen.rtl.registers import Registers


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A magnitude and whether it counts as negative; `value` is the range of the signed product."""

    magnitude: Value
    negative: Value | None
    value: Range


def multiply(
    registers: Registers,
    code: WeightCode,
    weight: Value,
    x: Value,
    kind: IntType,
    name: str,
    stages: int,
) -> Product:
    """Give the product of a coded weight and an input, `stages` enabled cycles later."""
    value = code.range(kind)
    shape = range_shape(value)
    magnitude, sign = weight[: code.magnitude_bits], weight[code.magnitude_bits :]
    total: Value
    if code.shifts is None:
        total = _sum(registers, magnitude, x, shape, name)
    else:
        shifted = [x << (s.bit_length() - 1) if s else Const(0, x.shape()) for s in code.shifts]
        exact = Signal(shape, name=f"{name}_shift")
        registers.m.d.comb += exact.eq(_chosen(shifted, magnitude))
        total = registers.delay(exact, f"{name}_p0")
    total = registers.wait(total, f"{name}_late", stages - code.stages)
    if not code.signed:
        return Product(magnitude=total, negative=None, value=value)
    sign = registers.wait(sign, f"{name}_s", stages)
    ends = value.union(Range(-value.hi, -value.lo))
    return Product(magnitude=total, negative=sign, value=ends)


def _sum(registers: Registers, magnitude: Value, x: Value, shape: Shape, name: str) -> Signal:
    """Add the input once for every bit of the magnitude, a register after each addition."""
    total: Value = Mux(magnitude[0], x, Const(0, x.shape()))
    bits = len(magnitude)
    for bit in range(1, bits):
        added = Signal(shape, name=f"{name}_add{bit}")
        part = Mux(magnitude[bit], x, Const(0, x.shape()))
        high = resize((total >> bit) + part, shape.width - bit)
        registers.m.d.comb += added.eq(Cat(total[:bit], high))
        total = registers.delay(added, f"{name}_p{bit - 1}")
        if bit + 1 < bits:
            x = registers.delay(x, f"{name}_x{bit}")
            magnitude = registers.delay(magnitude, f"{name}_m{bit}")
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

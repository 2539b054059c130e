"""A coded weight times an input, with no more logic than the weights of one PE need.

A product leaves as a term of a sum: as a one's complement whose carry is still to be added, which
costs nothing in an adder whose other operand is plain.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth import Cat, Const, Mux, Shape, Signal, Value

from hwgen.numeric import IntType, Range
from hwgen.plan.stages.weight_code import WeightCode
from hwgen.rtl.lanes import choose, range_shape, resize
from hwgen.rtl.registers import Registers


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Part of a sum: `value` plus the `carries`, one-bit values that are still to be added."""

    value: Value
    carries: tuple[Value, ...]
    range: Range


def multiply(
    registers: Registers,
    code: WeightCode,
    weight: Value,
    x: Value,
    kind: IntType,
    name: str,
    stages: int,
) -> Term:
    """Give the product of a coded weight and an input, `stages` enabled cycles later."""
    late = stages - code.stages
    if code.digits:
        total = registers.wait(_long(registers, code, weight, x, kind, name), f"{name}_late", late)
        carry = registers.wait(weight[1], f"{name}_s", stages)
        return Term(value=total, carries=(carry,), range=code.digit_range(kind, code.digits))
    value = code.range(kind)
    shape = range_shape(value)
    magnitude, sign = weight[: code.magnitude_bits], weight[code.magnitude_bits :]
    if code.shifts is None:
        total = _sum(registers, magnitude, x, shape, name)
    else:
        shifted = [x << (s.bit_length() - 1) if s else Const(0, x.shape()) for s in code.shifts]
        exact = Signal(shape, name=f"{name}_shift")
        registers.m.d.comb += exact.eq(_chosen(shifted, magnitude))
        total = registers.delay(exact, f"{name}_p0")
    total = registers.wait(total, f"{name}_late", late)
    if not code.signed:
        return Term(value=total, carries=(), range=value)
    sign = registers.wait(sign, f"{name}_s", stages)
    limits = value.union(Range(-value.hi - 1, -value.lo - 1))
    inverted = resize(total, limits.signed_bits) ^ sign.replicate(limits.signed_bits)
    return Term(value=inverted.as_signed(), carries=(sign,), range=limits)


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


def _long(
    registers: Registers, code: WeightCode, weight: Value, x: Value, kind: IntType, name: str
) -> Value:
    """Add a multiple of the input, -2 to 2, for every digit of a long weight.

    Digit k is made of the weight's bits 2k + 1, 2k and 2k - 1; the carry of a negative digit goes
    into the addition of that digit, the first one's is still to be added. A register follows each.
    """
    bits = Cat(Const(0, 1), resize(weight.as_signed() if code.signed else weight, 2 * code.digits))
    total: Value = Const(0, 1)
    for digit in range(code.digits):
        multiple = _multiple(bits[:3], x)
        limits = code.digit_range(kind, digit + 1)
        shape = range_shape(limits)
        added = Signal(shape, name=f"{name}_add{digit}")
        if digit == 0:
            registers.m.d.comb += added.eq(multiple)
        else:
            own = Term(value=multiple, carries=(bits[2],), range=limits)
            high = add(total >> 2 * digit, own, shape.width - 2 * digit, own.carries)
            registers.m.d.comb += added.eq(Cat(total[: 2 * digit], high).as_signed())
        total = registers.delay(added, f"{name}_p{digit}")
        if digit + 1 < code.digits:
            x = registers.delay(x, f"{name}_x{digit}")
            bits = registers.delay(bits[2:], f"{name}_m{digit}")
    return total


def _multiple(digit: Value, x: Value) -> Value:
    """Give -2 to 2 times an input, as a one's complement where the digit is negative."""
    low, middle, negative = digit[0], digit[1], digit[2]
    width = len(x) + 1
    one = resize(x, width) & (low ^ middle).replicate(width)
    two = Cat(Const(0, 1), x) & ((low == middle) & (negative != low)).replicate(width)
    size = (one | two).as_signed() if x.shape().signed else one | two
    return (resize(size, width + 1) ^ negative.replicate(width + 1)).as_signed()


def _chosen(values: list[Value], index: Value) -> Value:
    return values[0] if len(values) == 1 else choose(values, index)


def add(first: Value, second: Term, width: int, carries: tuple[Value, ...]) -> Value:
    """Give `first + second` and the first of the carries, modulo `2**width`."""
    a, b = resize(first, width), resize(second.value, width)
    if not carries:
        return (a + b)[:width]
    return (Cat(Const(1, 1), a) + Cat(carries[0], b))[1 : width + 1]

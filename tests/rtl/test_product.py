"""Products of coded weights and inputs, all of them."""

from itertools import product

import pytest
from amaranth import Const, Module, Signal, signed, unsigned
from amaranth.sim import Simulator

from hwgen.numeric import IntType
from hwgen.plan.stages.weight_code import WeightCode
from hwgen.rtl.product import multiply
from hwgen.rtl.registers import Registers

U4, U8, S5 = (IntType(bits=b, signed=s) for b, s in ((4, False), (8, False), (5, True)))
WEIGHTS = {
    "of two bits": (-1, 0, 1, 3),
    "of four bits": range(-7, 8),
    "powers of two": (-4, 0, 1, 8),
    "of six bits": range(-32, 32),
    "of eight bits, few": (-128, -127, -86, -65, -3, 0, 1, 64, 85, 127),
    "of nine bits": (-255, -171, -1, 0, 7, 170, 255),
    "not negative": range(60),
    "not negative, an odd number of bits": (0, 1, 42, 85, 100, 127),
    "not positive": (-45, -44, -3, -1),
}


@pytest.mark.parametrize("kind", [U4, U8, S5], ids=str)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_every_weight_times_every_input(weights, kind):
    given = tuple(WEIGHTS[weights])
    code = WeightCode(given)
    m, stages = Module(), code.stages + 1
    weight, x = Signal(max(code.bits, 1)), Signal((signed if kind.signed else unsigned)(kind.bits))
    term = multiply(Registers(m, Const(1)), code, weight, x, kind, "p", stages)
    total = Signal(signed(term.range.signed_bits + 2))
    part = Signal(signed(term.range.signed_bits + 2))
    m.d.comb += [part.eq(term.value), total.eq(part + sum(term.carries))]
    pairs = list(product(given, range(kind.lo, kind.hi + 1)))
    found, parts = [], []

    async def bench(ctx):
        for w, value in [*pairs, *pairs[:1] * stages]:
            ctx.set(weight, code.encode(w))
            ctx.set(x, value)
            found.append(ctx.get(total))
            parts.append(ctx.get(part))
            await ctx.tick()

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert found[stages:] == [w * value for w, value in pairs]
    assert all(term.range.lo <= value <= term.range.hi for value in parts[stages:])


def test_long_weights_take_a_register_for_two_bits():
    assert WeightCode(range(-128, 128)).stages == 4
    assert WeightCode(range(-127, 128)).bits == 8
    assert WeightCode(range(-3, 4)).digits == 0
    assert WeightCode(range(-7, 8)).digits == 2
    assert WeightCode(range(-15, 16)).digits == 0  # three for four bits
    assert WeightCode((0, 64, -128)).digits == 0  # shifts

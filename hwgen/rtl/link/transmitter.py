"""Puts bytes on a serial line: 8 data bits, no parity, one stop bit."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.rtl.lanes import counter


class Transmitter(wiring.Component):
    """Ten bits for every byte, one after another without a gap where bytes are there.

    A byte is taken at the edge of a bit, so that it waits for one bit at the most.

    Parameters
    ----------
    divisor
        Clock cycles a bit.

    Members
    -------
    byte, valid, ready
        What is sent next; taken where both are high.
    tx : out
        The line, high while idle; a register.
    """

    def __init__(self, divisor: int) -> None:
        self.divisor = divisor
        super().__init__({"byte": In(8), "valid": In(1), "ready": Out(1), "tx": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        phase, edge = counter(self.divisor, "phase"), Signal()
        bits = Signal(10, init=1)  # the bit on the line lowest, a one that ends them highest
        ends = ~bits[1:].any()
        m.d.comb += [
            edge.eq(phase == self.divisor - 1),
            self.ready.eq(edge & ends),
            self.tx.eq(bits[0]),
        ]
        m.d.sync += phase.eq(Mux(edge, 0, phase + 1))
        with m.If(self.ready & self.valid):
            m.d.sync += bits.eq(Cat(Const(0, 1), self.byte, Const(1, 1)))
        with m.Elif(edge & ~ends):
            m.d.sync += bits.eq(bits[1:])
        return m

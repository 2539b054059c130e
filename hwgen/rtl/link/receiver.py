"""Takes bytes from a serial line: 8 data bits, no parity, one stop bit."""

from __future__ import annotations

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.rtl.lanes import counter

MARK = 0b10_0000_0000  # a one that has reached the lowest bit when the stop bit comes


class Receiver(wiring.Component):
    """A byte for every ten bits, each looked at in its middle.

    The line passes two registers before any logic. A start bit that is gone in its middle is none;
    after a missing stop bit the receiver waits until the line is idle.

    Parameters
    ----------
    divisor
        Clock cycles a bit, 8 at the least.

    Members
    -------
    rx : in
        The line, asynchronous.
    done, broken : out
        For one cycle: a byte came, or one without its stop bit.
    byte : out
        What came, beside `done`.
    """

    def __init__(self, divisor: int) -> None:
        self.divisor = divisor
        super().__init__({"rx": In(1), "byte": Out(8), "done": Out(1), "broken": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        early, line = Signal(init=1), Signal(init=1)
        busy, is_start, breaks = Signal(), Signal(), Signal()
        phase, bits = counter(self.divisor, "phase"), Signal(10)
        middle, ends = Signal(), Signal()
        m.d.comb += [
            middle.eq(busy & (phase == self.divisor // 2 - 1)),
            ends.eq(middle & bits[0]),
            self.byte.eq(bits[2:]),
            self.done.eq(ends & line),
            self.broken.eq(ends & ~line),
        ]
        m.d.sync += [early.eq(self.rx), line.eq(early), phase.eq(phase + 1)]
        with m.If(~busy | (phase == self.divisor - 1)):
            m.d.sync += phase.eq(0)
        with m.If(~busy):
            m.d.sync += [bits.eq(MARK), is_start.eq(1)]
        with m.Elif(middle):
            m.d.sync += [bits.eq(Cat(bits[1:], line)), is_start.eq(0)]
        with m.If(~busy):
            m.d.sync += busy.eq(~line & ~breaks)
        with m.Elif(ends | (middle & is_start & line)):
            m.d.sync += busy.eq(0)
        m.d.sync += breaks.eq(~line & (breaks | ends))
        return m

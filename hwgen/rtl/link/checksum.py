"""CRC-16/IBM-3740 of bytes, a bit a cycle: polynomial 1021, initial FFFF, high bit first."""

from __future__ import annotations

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

POLYNOMIAL = 0x1021
INITIAL = 0xFFFF


class Checksum(wiring.Component):
    """Takes a byte in the eight cycles after `start`; `byte` must hold until `busy` is low.

    Members
    -------
    byte, start : in
        What is added next, and the cycle before it is.
    clear : in
        Begins anew; needed once before the first byte too.
    busy : out
        Whether bits are being added.
    value : out
        The register. A byte of its own high half moves the low half up, and zeros in.
    """

    def __init__(self) -> None:
        members = {"byte": In(8), "start": In(1), "clear": In(1), "busy": Out(1), "value": Out(16)}
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value, bit, busy, back = Signal(16), Signal(3), Signal(), Signal()
        m.d.comb += [
            self.value.eq(value),
            self.busy.eq(busy),
            back.eq(value[15] ^ self.byte[::-1].bit_select(bit, 1)),
        ]
        with m.If(self.start):
            m.d.sync += busy.eq(1)
        with m.Elif(busy & (bit == 7)):
            m.d.sync += busy.eq(0)
        with m.If(busy):
            m.d.sync += bit.eq(bit + 1)
        with m.If(self.clear):
            m.d.sync += value.eq(INITIAL)
        with m.Elif(busy):
            shifted = Cat(back, value[:15])
            poly = Cat(*(back if (POLYNOMIAL >> k) & 1 and k else 0 for k in range(16)))
            m.d.sync += value.eq(shifted ^ poly)
        return m

"""Finds frames between flags, takes the byte stuffing out and checks them."""

from __future__ import annotations

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.rtl.link.checksum import Checksum

FLAG, ESCAPE, TURN = 0x7E, 0x7D, 0x20  # RFC 1662, section 4
HEADER = 4  # bytes of a frame beside its payload: command, sequence and the checksum


class Deframer(wiring.Component):
    """Gives the payload of a frame byte by byte while it comes, and tells its end.

    Two bytes are held back: at the flag they turn out to be the checksum.

    Members
    -------
    byte, done, broken : in
        From the receiver.
    enable : in
        Where low, all is dropped.
    payload, strobe : out
        A byte of the payload, for one cycle.
    command, sequence : out
        Of the frame, from its fifth byte on or from its end.
    ends : out
        For one cycle: the frame is over.
    is_whole, is_clean : out
        Beside `ends`: the checksum is right; every byte had its stop bit.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "byte": In(8),
                "done": In(1),
                "broken": In(1),
                "enable": In(1),
                "payload": Out(8),
                "strobe": Out(1),
                "command": Out(8),
                "sequence": Out(8),
                "ends": Out(1),
                "is_whole": Out(1),
                "is_clean": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.checksum = checksum = Checksum()
        last, before = Signal(8), Signal(8)
        command, sequence = Signal(8), Signal(8)
        escaped, is_damaged = Signal(), Signal()
        count = Signal(3)  # bytes of the frame, HEADER where there are more
        is_flag, is_escape, comes = Signal(), Signal(), Signal()
        turned = Cat(self.byte[:5], self.byte[5] ^ escaped, self.byte[6:])
        m.d.comb += [
            is_flag.eq(self.byte == FLAG),
            is_escape.eq(self.byte == ESCAPE),
            comes.eq(self.done & ~is_flag & ~is_escape),
            self.ends.eq(self.done & is_flag & ((count != 0) | is_damaged) & self.enable),
            self.payload.eq(before),
            self.strobe.eq(comes & count[2]),
            self.command.eq(command),
            self.sequence.eq(sequence),
            self.is_whole.eq((checksum.value == 0) & count[2]),
            self.is_clean.eq(~is_damaged),
            checksum.byte.eq(last),
            checksum.start.eq(comes),
            checksum.clear.eq(count == 0),
        ]
        with m.If(comes):
            m.d.sync += [last.eq(turned), before.eq(last)]
        with m.If(comes & (count == 2)):
            m.d.sync += command.eq(before)
        with m.If(comes & (count == 3)):
            m.d.sync += sequence.eq(before)
        with m.If((self.done & is_flag) | ~self.enable):
            m.d.sync += [count.eq(0), is_damaged.eq(0), escaped.eq(0)]
        with m.Else():
            with m.If(self.done):
                m.d.sync += escaped.eq(is_escape)
            with m.If(comes & ~count[2]):
                m.d.sync += count.eq(count + 1)
            with m.If(self.broken):
                m.d.sync += is_damaged.eq(1)
        return m

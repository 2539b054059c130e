"""Pixels that wait in front of a window buffer."""

from __future__ import annotations

from amaranth import Cat, Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.stage import MemoryKind
from hwgen.rtl.delay_line import following
from hwgen.rtl.lanes import counter
from hwgen.rtl.vector_memory import memory_attributes


class PixelQueue(wiring.Component):
    """Holds up to `depth` pixels: the first in the register of a memory, the others in it.

    A pixel is offered two cycles after it came; one comes and one leaves every cycle. Whether one
    is taken depends on what is held alone.

    Parameters
    ----------
    width
        Bits of a pixel.
    depth
        Two or more.
    kind
        What the memory is made of.

    Members
    -------
    pixel, valid : in; ready : out
        Pixels that come.
    first, offered : out; taken : in
        The pixel that came first, and whether there is one; it leaves.
    arrives : out
        A pixel comes in this cycle.
    level : out
        Pixels held.
    """

    def __init__(self, width: int, depth: int, kind: MemoryKind) -> None:
        self.width, self.depth, self.kind = width, depth, kind
        super().__init__(
            {
                "pixel": In(width),
                "valid": In(1),
                "ready": Out(1),
                "first": Out(width),
                "offered": Out(1),
                "taken": In(1),
                "arrives": Out(1),
                "level": Out(depth.bit_length()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # of two places: one that is read is not written in the same cycle
        places = max(self.depth - 1, 2)
        head, tail, fetch = counter(places, "head"), counter(places, "tail"), Signal()
        m.submodules.memory = memory = Memory(
            shape=unsigned(self.width),
            depth=places,
            init=[],
            attrs=memory_attributes(self.kind, writable=True),
        )
        write, read = memory.write_port(), memory.read_port()
        stored = self.level[1:].any() | (self.level[0] & ~self.offered)
        m.d.comb += [
            self.ready.eq(self.level != self.depth),
            self.arrives.eq(self.valid & self.ready),
            write.addr.eq(tail),
            write.data.eq(self.pixel),
            write.en.eq(self.arrives),
            fetch.eq(stored & (~self.offered | self.taken)),
            read.addr.eq(head),
            read.en.eq(fetch),
            self.first.eq(read.data),
        ]
        m.d.sync += self.offered.eq(fetch | (self.offered & ~self.taken))
        with m.If(self.arrives):
            m.d.sync += tail.eq(following(tail, places))
        with m.If(fetch):
            m.d.sync += head.eq(following(head, places))
        with m.If(self.arrives ^ self.taken):
            one_less = self.taken.replicate(len(self.level) - 1)
            m.d.sync += self.level.eq(self.level + Cat(1, one_less))
        return m

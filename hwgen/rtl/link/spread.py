"""Spreads beats of results to bytes."""

from __future__ import annotations

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.link import Side
from hwgen.rtl.lanes import choose, counter, following


class Spread(wiring.Component):
    """Offers the bytes of a beat, lowest first; the beat waits until its last one is taken.

    Parameters
    ----------
    side
        The beats of the design's output.

    Members
    -------
    beat, valid, ready
        From the design.
    byte, byte_valid, byte_taken
        To the reply.
    clear : in
        Begin with the first byte.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        super().__init__(
            {
                "beat": In(8 * side.beat_bytes),
                "valid": In(1),
                "ready": Out(1),
                "byte": Out(8),
                "byte_valid": Out(1),
                "byte_taken": In(1),
                "clear": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        count = self.side.beat_bytes
        place = counter(count, "place")
        is_last = place == count - 1
        m.d.comb += [
            self.byte.eq(choose([self.beat.word_select(k, 8) for k in range(count)], place)),
            self.byte_valid.eq(self.valid),
            self.ready.eq(self.byte_taken & is_last),
        ]
        with m.If(self.clear):
            m.d.sync += place.eq(0)
        with m.Elif(self.byte_taken):
            m.d.sync += place.eq(following(place, count))
        return m

"""Gathers bytes to beats, and makes the beats of the self test."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.link import Side
from hwgen.plan.self_test import LFSR_LAGS, LFSR_SEED
from hwgen.rtl.lanes import counter, following


class Gather(wiring.Component):
    """A shift register of bytes, the first one of a beat lowest.

    Under test it is a linear feedback shift register that moves on by a byte for every beat, so
    that a wide beat shows the last bytes of the sequence.

    Parameters
    ----------
    side
        The beats of the design's input.

    Members
    -------
    byte, strobe : in
        A byte of a vector.
    seed : in
        Make the first beat of a test, and forget what was gathered.
    tests : in
        Offer a beat of the test in every cycle.
    clear : in
        Forget what was gathered.
    beat, valid, ready
        To the design.
    at_start : out
        No vector is begun and not complete.
    waits : out
        A beat waits for the design.
    overruns : out
        A byte comes while a beat waits.
    taken, vector_taken : out
        A gathered beat is taken; the last one of a vector is.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        super().__init__(
            {
                "byte": In(8),
                "strobe": In(1),
                "seed": In(1),
                "tests": In(1),
                "clear": In(1),
                "beat": Out(8 * side.beat_bytes),
                "valid": Out(1),
                "ready": In(1),
                "at_start": Out(1),
                "waits": Out(1),
                "overruns": Out(1),
                "taken": Out(1),
                "vector_taken": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        side = self.side
        bits = Signal(8 * max(side.beat_bytes, len(LFSR_SEED)))
        newest = bits[-8 * len(LFSR_SEED) :]
        long, short = LFSR_LAGS
        turn = Cat(*(newest[k - long] ^ newest[k - short] for k in range(8)))
        waits = Signal()
        place, beat = counter(side.beat_bytes, "place"), counter(side.beats, "beat_place")
        is_last_byte = place == side.beat_bytes - 1
        taken, complete = Signal(), Signal()
        m.d.comb += [
            self.beat.eq(bits[-8 * side.beat_bytes :]),
            self.valid.eq(waits | self.tests),
            taken.eq(waits & self.ready),
            complete.eq(self.strobe & is_last_byte),
            self.at_start.eq((place == 0) & (beat == 0)),
            self.waits.eq(waits),
            self.overruns.eq(self.strobe & waits),
            self.taken.eq(taken),
            self.vector_taken.eq(taken & (beat == 0)),  # it stands at the next beat already
        ]
        with m.If(self.seed):
            m.d.sync += bits.eq(int.from_bytes(LFSR_SEED, "little") << (len(bits) - 32))
        with m.Elif(self.strobe | (self.tests & self.ready)):
            m.d.sync += bits.eq(Cat(bits[8:], Mux(self.tests, turn, self.byte)))
        with m.If(self.strobe):
            m.d.sync += place.eq(following(place, side.beat_bytes))
        with m.If(complete):
            m.d.sync += [beat.eq(following(beat, side.beats)), waits.eq(1)]
        with m.Elif(taken):
            m.d.sync += waits.eq(0)
        with m.If(self.clear):
            m.d.sync += [place.eq(0), beat.eq(0), waits.eq(0)]
        return m

"""Holds two vectors: one is read at random places while the next one arrives."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages import Stream
from hwgen.rtl.lanes import choose, counter, lane_stream, resize


class VectorBuffer(wiring.Component):
    """Two banks of a vector each, filled beat by beat and read through independent ports.

    Parameters
    ----------
    vector
        The stream that fills a bank.
    readers
        Number of read ports.

    Members
    -------
    i : stream
        Beats of the next vector; ready while a bank is free.
    available : out
        The bank that is next to be read holds a whole vector.
    claim : in
        The reader has issued its last read of that bank; it turns to the other one.
    release : in
        The last read has left the memory; the bank may be filled again. One cycle or more after
        its `claim`.
    enable : in
        Advances the read ports.
    places : in, data : out
        For each reader: a place as `place()` codes it, given one enabled cycle after its step was
        issued (and perhaps claimed the bank); its element one enabled cycle later.
    """

    i: stream.Interface

    def __init__(self, vector: Stream, readers: int) -> None:
        self.vector = vector
        self.readers = readers
        self.element_bits = max(lane.bits for lane in vector.lanes)
        self.lane_bits = (len(vector.lanes) - 1).bit_length()
        self.place_bits = max((vector.beats - 1).bit_length() + self.lane_bits, 1)
        super().__init__(
            {
                "i": In(lane_stream(vector.lanes)),
                "available": Out(1),
                "claim": In(1),
                "release": In(1),
                "enable": In(1),
                "places": In(unsigned(self.place_bits)).array(readers),
                "data": Out(unsigned(self.element_bits)).array(readers),
            }
        )

    def place(self, slot: int) -> int:
        """Give the code of slot `beat * lanes + lane`: the beat, then the lane in the low bits."""
        beat, lane = divmod(slot, len(self.vector.lanes))
        return beat << self.lane_bits | lane

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, beats = len(self.vector.lanes), self.vector.beats
        beat, beat_bits = counter(beats, "beat"), (beats - 1).bit_length()
        fill_bank, read_bank, free_bank = Signal(), Signal(), Signal()
        filled, busy = Signal(2), Signal(2)
        m.submodules.memory = memory = Memory(
            shape=unsigned(self.element_bits * lanes), depth=2 << (beats - 1).bit_length(), init=[]
        )
        write = memory.write_port()
        words = [resize(self.i.payload[f"e{k}"], self.element_bits) for k in range(lanes)]
        m.d.comb += [
            self.i.ready.eq(~Mux(fill_bank, busy[1], busy[0])),
            self.available.eq(Mux(read_bank, filled[1], filled[0])),
            write.addr.eq(Cat(beat[:beat_bits], fill_bank)),
            write.data.eq(Cat(*words)),
            write.en.eq(self.i.valid & self.i.ready),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += beat.eq(Mux(beat == beats - 1, 0, beat + 1))
            with m.If(beat == beats - 1):
                m.d.sync += [
                    fill_bank.eq(~fill_bank),
                    filled.bit_select(fill_bank, 1).eq(1),
                    busy.bit_select(fill_bank, 1).eq(1),
                ]
        with m.If(self.claim):
            m.d.sync += [read_bank.eq(~read_bank), filled.bit_select(read_bank, 1).eq(0)]
        with m.If(self.release):
            m.d.sync += [free_bank.eq(~free_bank), busy.bit_select(free_bank, 1).eq(0)]
        fetch_bank = Signal()  # places come one enabled cycle after the step that claims
        with m.If(self.enable):
            m.d.sync += fetch_bank.eq(read_bank)
        for port in range(self.readers):
            self._reader(m, memory, port, fetch_bank, beat_bits)
        return m

    def _reader(self, m: Module, memory: Memory, port: int, bank: Signal, beat_bits: int) -> None:
        read = memory.read_port()
        place = self.places[port]
        m.d.comb += [
            read.addr.eq(Cat(place[self.lane_bits : self.lane_bits + beat_bits], bank)),
            read.en.eq(self.enable),
        ]
        if not self.lane_bits:
            m.d.comb += self.data[port].eq(read.data)
            return
        lane = Signal(self.lane_bits, name=f"lane{port}")
        with m.If(self.enable):
            m.d.sync += lane.eq(place[: self.lane_bits])
        words = [read.data.word_select(k, self.element_bits) for k in range(len(self.vector.lanes))]
        m.d.comb += self.data[port].eq(choose(words, lane))

"""Holds two vectors: one is read at random places while the next one arrives.

Every read port has a memory of its own: memories of FPGAs are read at one place a cycle.
"""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.stage import MemoryKind, Stream
from hwgen.plan.stages.vector_shape import VectorShape
from hwgen.rtl.lanes import choose, counter, lane_stream, resize
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_memory import Write, memory_of_beats, memory_of_elements


class VectorBuffer(wiring.Component):
    """Two halves of a vector each, filled beat by beat and read through independent ports.

    With one bank every port reads the whole vector. With more, bank b holds the slots b, b + banks,
    ..., and port k reads bank k.

    Parameters
    ----------
    vector
        The stream that fills a half.
    readers
        Number of read ports.
    banks
        1, or as many as there are read ports, and then a divisor or a multiple of the stream's
        lanes.
    kind
        What the memories are made of.

    Members
    -------
    i : stream
        Beats of the next vector; ready while a half is free.
    available : out
        The half that is next to be read holds a whole vector.
    claim : in
        The reader has issued its last read of that half; it turns to the other one.
    release : in
        The last read has left the memory; the half may be filled again. Two cycles or more after
        its `claim`.
    enable : in
        Advances the read ports.
    places : in, data : out
        For each reader: a place as `place()` codes it, given two enabled cycles after its step was
        issued (and perhaps claimed the half); its element three enabled cycles later.
    """

    i: stream.Interface

    def __init__(self, vector: Stream, readers: int, banks: int, kind: MemoryKind) -> None:
        self.vector, self.readers, self.banks, self.kind = vector, readers, banks, kind
        self.shape = VectorShape.of(vector, banks)
        super().__init__(
            {
                "i": In(lane_stream(vector.lanes)),
                "available": Out(1),
                "claim": In(1),
                "release": In(1),
                "enable": In(1),
                "places": In(unsigned(self.shape.place_bits)).array(readers),
                "data": Out(unsigned(self.shape.element_bits)).array(readers),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fill_half, read_half, free_half = Signal(), Signal(), Signal()
        filled, busy = Signal(2), Signal(2)
        taken, is_last = Signal(), Signal()
        registers = Registers(m, self.enable)
        m.d.comb += [
            self.i.ready.eq(~Mux(fill_half, busy[1], busy[0])),
            self.available.eq(Mux(read_half, filled[1], filled[0])),
            taken.eq(self.i.valid & self.i.ready),
        ]
        word, turn = self._places_of_beats(m, taken, is_last)
        with m.If(taken & is_last):
            m.d.sync += [
                fill_half.eq(~fill_half),
                filled.bit_select(fill_half, 1).eq(1),
                busy.bit_select(fill_half, 1).eq(1),
            ]
        with m.If(self.claim):
            m.d.sync += [read_half.eq(~read_half), filled.bit_select(read_half, 1).eq(0)]
        with m.If(self.release):
            m.d.sync += [free_half.eq(~free_half), busy.bit_select(free_half, 1).eq(0)]
        # places come two enabled cycles after their step
        fetch_half = registers.wait(read_half, "fetch_half", 2)
        place = Cat(word[: (self.shape.words - 1).bit_length()], fill_half)
        writes = self._writes(m, place, taken, turn)
        for port in range(self.readers):
            self._reader(registers, port, writes[port % self.banks], fetch_half)
        return m

    def _places_of_beats(
        self, m: Module, taken: Signal, is_last: Signal
    ) -> tuple[Signal, Signal | None]:
        """Count the words of a vector, and the beats of a word where banks take turns."""
        word = counter(self.shape.words, "word")
        if self.shape.turns == 1:
            m.d.comb += is_last.eq(word == self.shape.words - 1)
            with m.If(taken):
                m.d.sync += word.eq(Mux(is_last, 0, word + 1))
            return word, None
        turn = counter(self.shape.turns, "turn")
        last_turn = (self.vector.beats - 1) % self.shape.turns
        m.d.comb += is_last.eq((word == self.shape.words - 1) & (turn == last_turn))
        with m.If(taken):
            with m.If(is_last):
                m.d.sync += [word.eq(0), turn.eq(0)]
            with m.Elif(turn == self.shape.turns - 1):
                m.d.sync += [word.eq(word + 1), turn.eq(0)]
            with m.Else():
                m.d.sync += turn.eq(turn + 1)
        return word, turn

    def _writes(
        self, m: Module, beat: Value, taken: Signal, turn: Signal | None
    ) -> tuple[Write, ...]:
        """Give what each bank is written, a cycle late: it goes to many memories.

        The half may be read at once all the same, since places come two cycles after their step.
        """
        lanes, bits = len(self.vector.lanes), self.shape.element_bits
        late = {
            "payload": Cat(resize(self.i.payload[f"e{k}"], bits) for k in range(lanes)),
            "place": beat,
        } | ({} if turn is None else {"turn": turn})
        held = {
            name: Signal(len(value), name=f"written_{name}", reset_less=True)
            for name, value in late.items()
        }
        enable = Signal(name="written")
        m.d.sync += [enable.eq(taken), *(held[name].eq(value) for name, value in late.items())]
        elements = [held["payload"].word_select(k, bits) for k in range(lanes)]
        return tuple(
            Write(
                elements=elements[bank % lanes :: self.banks],
                beat=held["place"],
                enable=enable if turn is None else enable & (held["turn"] == bank // lanes),
            )
            for bank in range(self.banks)
        )

    def _reader(self, registers: Registers, port: int, write: Write, half: Value) -> None:
        """Give one memory with its read port, the choice of an element, two registers behind."""
        m = registers.m
        made = memory_of_elements if self.kind == "block" else memory_of_beats
        memory = made(m, self.shape, write)
        m.submodules[f"memory{port}"] = memory
        read, place = memory.read_port(), self.places[port]
        word_bits = (self.shape.words - 1).bit_length()
        beat = Cat(place[self.shape.part_bits :][:word_bits], half)
        m.d.comb += read.en.eq(self.enable)
        if self.kind == "block":
            m.d.comb += read.addr.eq(Cat(place[: self.shape.part_bits], beat))
        else:
            m.d.comb += read.addr.eq(beat)
        chosen = (
            registers.delay(read.data, f"word{port}")
            if self.kind == "block"
            else registers.wait(read.data, f"word{port}", 1)  # the third register in a row
        )
        if self.kind == "lut" and self.shape.part_bits:
            part: Value = place[: self.shape.part_bits]
            part = registers.wait(part, f"part{port}", 2)
            parts = [
                chosen.word_select(k, self.shape.element_bits) for k in range(self.shape.parts)
            ]
            chosen = choose(parts, part)
        m.d.comb += self.data[port].eq(registers.delay(chosen, f"data{port}"))

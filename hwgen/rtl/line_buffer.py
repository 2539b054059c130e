"""Holds rows of a map in a ring: some are read by groups of windows while the next ones arrive."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.lines import LineShape, bits_of
from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import choose, counter, lane_stream
from hwgen.rtl.line_filler import LineFiller
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_memory import memory_attributes

FETCH = 2  # registers between a step and the read of its elements


class LineBuffer(wiring.Component):
    """A ring of rows behind each read port, and the place of the group of windows that reads it.

    Parameters
    ----------
    shape
        The ring.
    shares
        Of each read port, which of the ring's shares its copy stores.
    kind
        What the copies are made of.

    Members
    -------
    i : stream
        Beats of the map; ready while a slot is free.
    available : out
        The rows of the next group of windows are there.
    claim : in
        The reader has issued its last read of that group; it turns to the next one.
    release : in
        The last read has left the memory: two enabled cycles after its `claim`.
    enable : in
        Advances the read ports.
    places : in, data : out
        For each reader: a tap as `LineShape.places` codes it, given two enabled cycles after its
        step was issued (and perhaps claimed the group); three enabled cycles later what it shows in
        the windows of the group, one after another.
    """

    i: stream.Interface

    def __init__(self, shape: LineShape, shares: Sequence[int], kind: MemoryKind) -> None:
        self.shape, self.shares, self.kind = shape, shares, kind
        readers = len(shares)
        super().__init__(
            {
                "i": In(lane_stream(shape.inputs.lanes)),
                "available": Out(1),
                "claim": In(1),
                "release": In(1),
                "enable": In(1),
                "places": In(unsigned(shape.place_bits)).array(readers),
                "data": Out(unsigned(shape.element_bits)).array(readers * shape.pixels),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.shape
        m.submodules.filler = filler = LineFiller(shape)
        m.d.comb += [
            filler.i.payload.eq(self.i.payload),
            filler.i.valid.eq(self.i.valid),
            self.i.ready.eq(filler.i.ready),
        ]
        registers = Registers(m, self.enable)
        y, group, base = self._windows(m)
        self._rows(m, registers, filler, y, group)
        rows = Decisions(m, y)
        outside = [
            registers.wait(rows.of(shape.rows.outside(u)), f"outside{u}", FETCH)
            for u in range(shape.lines.kernel[0])
        ]
        late = registers.wait(Cat(group[: bits_of(shape.columns.groups)], base), "windows", FETCH)
        for port in range(len(self.shares)):
            self._reader(registers, port, filler, late, outside)
        return m

    def _windows(self, m: Module) -> tuple[Signal, Signal, Signal]:
        """Count rows and groups of windows; the slot of the first row that they see."""
        shape, slots = self.shape, self.shape.rows.slots
        y, group = counter(shape.windows[0], "y"), counter(shape.columns.groups, "group")
        base = Signal(bits_of(slots), name="base", init=shape.rows.first_slot)
        last_group, last_row = group == shape.columns.groups - 1, y == shape.windows[0] - 1
        bases = Decisions(m, base)
        below, frame = (
            Cat(
                bases.of([(slot + moved) % slots >> bit & 1 == 1 for slot in range(slots)])
                for bit in range(len(base))
            )
            for moved in (shape.rows.advance, shape.rows.frame_advance)
        )
        with m.If(self.claim):
            m.d.sync += group.eq(Mux(last_group, 0, group + 1))
            with m.If(last_group):
                m.d.sync += [y.eq(Mux(last_row, 0, y + 1)), base.eq(Mux(last_row, frame, below))]
        return y, group, base

    def _rows(
        self, m: Module, registers: Registers, filler: LineFiller, y: Signal, group: Signal
    ) -> None:
        """Count the rows that are there for windows, and those whose slots are not free."""
        shape = self.shape
        size = shape.rows.slots.bit_length()
        present, busy = Signal(size, name="present"), Signal(size, name="busy")
        rows = Decisions(m, y)
        wanted, freed = (
            Cat(rows.of([value >> bit & 1 == 1 for value in values]) for bit in range(size))
            for values in (shape.rows.wanted, shape.rows.dropped)
        )
        dropped = Signal(size, name="dropped")
        m.d.comb += [
            dropped.eq(Mux(group == shape.columns.groups - 1, freed, 0)),
            self.available.eq(present >= wanted),
            filler.room.eq(busy != shape.rows.slots),
        ]
        late = registers.wait(Mux(self.claim, dropped, 0), "freed", FETCH)
        m.d.sync += [
            present.eq(present + filler.filled - Mux(self.claim, dropped, 0)),
            busy.eq(busy + filler.filled - Mux(self.release, late, 0)),
        ]

    def _reader(
        self,
        registers: Registers,
        port: int,
        filler: LineFiller,
        windows: Value,
        outside: Sequence[Value],
    ) -> None:
        """Give one copy, its address, the choice of neighbouring columns, two registers behind."""
        m, shape = registers.m, self.shape
        sizes, place = shape.place_fields, self.places[port]
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        shift, lane, word, row = (
            place[start : start + size] for start, size in zip(starts, sizes, strict=True)
        )
        group_bits = bits_of(shape.columns.groups)
        elements = range(shape.lanes * shape.columns.span)
        outside_word = sum(shape.beside << shape.element_bits * place for place in elements)
        m.submodules[f"rows{port}"] = memory = Memory(
            shape=unsigned(shape.width),
            depth=max(shape.depth, 2),
            init=[outside_word] * shape.depth,  # words that lie beside the image are never written
            attrs=memory_attributes(self.kind, writable=True),
        )
        write, read = memory.write_port(), memory.read_port()
        enable, address, written = filler.written(self.shares[port])
        m.d.comb += [
            write.addr.eq(address),
            write.data.eq(written),
            write.en.eq(enable),
            read.addr.eq(
                Cat(word, windows[:group_bits], self._slot(m, port, row, windows[group_bits:]))
            ),
            read.en.eq(self.enable),
        ]
        hidden = registers.wait(choose(outside, row), f"hidden{port}", 1)
        data = registers.delay(Mux(hidden, outside_word, read.data), f"word{port}")
        choice = registers.wait(Cat(shift, lane), f"choice{port}", 2)
        bits, span = shape.element_bits, shape.columns.span
        shifts, pixels = 1 << len(shift), range(shape.pixels)
        for neighbour in pixels:
            ways = [
                data.word_select(of * span + min(moved, shape.columns.shifts - 1) + neighbour, bits)
                if shape.width > bits
                else data
                for of in range(shape.lanes)
                for moved in range(shifts)
            ]
            chosen = registers.delay(choose(ways, choice), f"data{port}_{neighbour}")
            m.d.comb += self.data[port * shape.pixels + neighbour].eq(chosen)

    def _slot(self, m: Module, port: int, row: Value, base: Value) -> Value:
        """Give the slot of a row of the window."""
        shape = self.shape
        size, count = len(base), shape.rows.slots
        if not size:
            return base
        both = Signal(len(row) + size, name=f"row_and_base{port}")
        m.d.comb += both.eq(Cat(row, base))
        table = Decisions(m, both)
        slots = [
            None if u >= shape.lines.kernel[0] or slot >= count else (slot + u) % count
            for slot in range(1 << size)
            for u in range(1 << len(row))
        ]
        return Cat(
            table.of([None if s is None else s >> bit & 1 == 1 for s in slots])
            for bit in range(size)
        )

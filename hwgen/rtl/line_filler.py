"""Makes words of a ring of rows out of the beats of a map."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.lines import LineShape, bits_of
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import counter, lane_stream, resize, split


class LineFiller(wiring.Component):
    """Takes a beat a step, and writes the words that the beat completes a cycle later.

    The columns of words that are not whole yet wait in a memory, a word a beat of a pixel and
    plane: it is read, moved on by a column and written back. Columns beyond the image are steps
    without a beat; columns left of it are 0 since a row starts with nothing.

    Parameters
    ----------
    shape
        The ring.

    Members
    -------
    i : stream
        Beats of the map.
    room : in
        A slot is free.
    filled : out
        This step ends a row; the row is in the ring a cycle later.
    write, address, word : out
        What is written to the ring.
    """

    i: stream.Interface

    def __init__(self, shape: LineShape) -> None:
        self.shape = shape
        super().__init__(
            {
                "i": In(lane_stream(shape.inputs.lanes)),
                "room": In(1),
                "filled": Out(1),
                "write": Out(1),
                "address": Out(unsigned(max(bits_of(shape.depth), 1))),
                "word": Out(unsigned(shape.width)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.shape
        step, beyond, ends_row = Signal(), Signal(), Signal()
        column = counter(shape.columns.count, "column")
        row = counter(shape.image[0], "row")
        stored = Decisions(m, row).of(shape.rows.stored)
        m.d.comb += [
            self.i.ready.eq(self.room & ~beyond),
            step.eq(self.room & (self.i.valid | beyond)),
            self.filled.eq(step & ends_row & stored),
        ]
        word = self._count(m, step, column, beyond, ends_row, stored)
        with m.If(step & ends_row):
            m.d.sync += row.eq(Mux(row == shape.image[0] - 1, 0, row + 1))
        slot = counter(shape.rows.slots, "slot")
        with m.If(self.filled):
            m.d.sync += slot.eq(Mux(slot == shape.rows.slots - 1, 0, slot + 1))
        columns = Decisions(m, column)
        steps = shape.columns.steps
        planes = [None if s is None else s.plane for s in steps]
        plane = _number(columns, planes, bits_of(shape.columns.planes))
        group = _number(
            columns, [None if s is None else s.group for s in steps], bits_of(shape.columns.groups)
        )
        completes = columns.of([s is not None and s.group is not None for s in steps])
        first = columns.of([k < shape.lines.stride[1] for k in range(shape.columns.count)])
        place = Cat(word[: bits_of(shape.words)], plane)
        seen = columns.of([s is not None for s in steps])
        whole = self._assembled(m, step & seen, place, beyond, first)
        m.d.sync += [
            self.write.eq(step & stored & completes),
            self.word.eq(whole),
            self.address.eq(Cat(place, group, slot[: bits_of(shape.rows.slots)])),
        ]
        return m

    def _count(
        self,
        m: Module,
        step: Value,
        column: Signal,
        beyond: Signal,
        ends_row: Signal,
        stored: Value,
    ) -> Signal:
        """Count columns, beats of a pixel, and in each of these neighbours that come together."""
        shape = self.shape
        width, together, few = shape.image[1], shape.inputs.pixels, shape.columns.beyond_at_once
        word, base = counter(shape.words, "word"), counter(shape.columns.count, "base")
        neighbour = counter(together, "neighbour")
        last_neighbour, last_word = Signal(), Signal()
        bases = Decisions(m, base)
        ends_data = bases.equal(width - together)
        ends_all = bases.equal(shape.columns.count - few) if shape.columns.beyond else ends_data
        most = Mux(beyond, few - 1, together - 1) if few else together - 1
        m.d.comb += [
            column.eq(base + neighbour if together > 1 else base),
            beyond.eq(bases.of([place >= width for place in range(shape.columns.count)])),
            last_neighbour.eq(neighbour == most if together > 1 else 1),
            last_word.eq(word == shape.words - 1),
            ends_row.eq(last_neighbour & last_word & Mux(stored, ends_all, ends_data)),
        ]
        with m.If(step):
            m.d.sync += neighbour.eq(Mux(last_neighbour, 0, neighbour + 1))
            with m.If(last_neighbour):
                m.d.sync += word.eq(Mux(last_word, 0, word + 1))
                with m.If(last_word):
                    m.d.sync += base.eq(Mux(ends_row, 0, base + most + 1))
        return word

    def _assembled(
        self, m: Module, taken: Value, place: Value, beyond: Value, first: Value
    ) -> Value:
        """Give the words of a beat with its codes in the last column; `taken`, it is kept."""
        shape = self.shape
        bits, lanes = shape.element_bits, split(self.i.payload, shape.inputs.lanes)
        codes = [
            Mux(beyond, 0, resize(lane, bits)) if shape.columns.beyond else resize(lane, bits)
            for lane in lanes
        ]
        depth, width = shape.assembled
        if not width:
            return Cat(*codes)
        m.submodules.columns = memory = Memory(
            shape=unsigned(width),
            depth=max(depth, 2),
            init=[],
            # not `memory_attributes`: a step reads the place that it writes, and the word before
            attrs={"ram_style": "distributed"},
        )
        read, write = memory.read_port(domain="comb"), memory.write_port()
        before: Value = Mux(first, 0, read.data) if shape.columns.padded else read.data
        size = (shape.columns.span - 1) * bits
        whole = [
            Cat(before.word_select(k, size) if len(codes) > 1 else before, code)
            for k, code in enumerate(codes)
        ]
        m.d.comb += [
            read.addr.eq(place),
            write.addr.eq(place),
            write.en.eq(taken),
            write.data.eq(Cat(own[bits:] for own in whole)),
        ]
        return Cat(*whole)


def _number(columns: Decisions, values: Sequence[int | None], bits: int) -> Value:
    """Give a number that is known for each column, or is not looked at."""
    return (
        Cat(
            columns.of([None if value is None else bool(value >> bit & 1) for value in values])
            for bit in range(bits)
        )
        if bits
        else Const(0, 0)
    )

"""Makes words of a ring of rows out of the beats of a map."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.lines import LineShape, bits_of
from hwgen.plan.stages.ring_shares import words_of
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import counter, lane_stream, resize, split
from hwgen.rtl.line_words import assembled, known, shared


class LineFiller(wiring.Component):
    """Takes a beat a step, and writes the words that the beat completes a cycle later.

    Columns beyond the image are steps without a beat; those left of it are what a row starts with.
    Copies that store unlike shares of the channels are written unlike words.

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
        What is written to the copies of the first share; those of share k have `write<k>`,
        `address<k>` and `word<k>`.
    """

    i: stream.Interface

    def __init__(self, shape: LineShape) -> None:
        self.shape = shape
        members = {"i": In(lane_stream(shape.inputs.lanes)), "room": In(1), "filled": Out(1)}
        for share in range(len(shape.kept)):
            number = share or ""
            members |= {
                f"write{number}": Out(1),
                f"address{number}": Out(unsigned(max(bits_of(shape.depth), 1))),
                f"word{number}": Out(unsigned(shape.width)),
            }
        super().__init__(members)

    def written(self, share: int) -> tuple[Value, Value, Value]:
        """Give whether a share is written, the address and the word."""
        number = share or ""
        return tuple(getattr(self, f"{name}{number}") for name in ("write", "address", "word"))

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
        plane = known(columns, planes, bits_of(shape.columns.planes))
        ends = [None if s is None else s.group for s in steps[shape.columns.ending :]]
        group = known(columns, ends, bits_of(shape.columns.groups))
        completes = columns.of([end is not None for end in ends])
        first = columns.of([k < shape.lines.stride[1] for k in range(shape.columns.count)])
        seen = columns.of([s is not None for s in steps])
        codes, beats = self._codes(beyond), Decisions(m, word)
        for share, own in enumerate(shape.kept):
            write, address, data = self.written(share)
            words = words_of(own)
            number = known(beats, words, bits_of(shape.words)) if shape.shares else word
            place = Cat(number[: bits_of(shape.words)], plane)
            own_step = step & beats.of([w is not None for w in words]) if shape.shares else step
            m.d.sync += [
                write.eq(own_step & stored & completes),
                data.eq(
                    assembled(
                        m,
                        shape,
                        f"columns{share or ''}",
                        shared(word, beats, shape, own, codes),
                        taken=own_step & seen,
                        place=place,
                        first=first,
                    )
                ),
                address.eq(Cat(place, group, slot[: bits_of(shape.rows.slots)])),
            ]
        return m

    def _codes(self, beyond: Value) -> list[list[Value]]:
        """Give of each channel of a beat the columns beside one another; 0 beyond the image."""
        shape, bits = self.shape, self.shape.element_bits
        codes = [resize(lane, bits) for lane in split(self.i.payload, shape.inputs.lanes)]
        if shape.columns.beyond:
            codes = [Mux(beyond, shape.beside, code) for code in codes]
        return [codes[lane :: shape.inputs.channels] for lane in range(shape.inputs.channels)]

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
        shape, beside = self.shape, self.shape.inputs.beside
        width, together = shape.image[1], shape.inputs.copies
        few = shape.columns.beyond_at_once // beside
        word, base = counter(shape.beats, "word"), counter(shape.columns.count, "base")
        neighbour = counter(together, "neighbour")
        last_neighbour, last_word = Signal(), Signal()
        bases = Decisions(m, base)
        ends_data = bases.equal(width - shape.inputs.pixels)
        ends_all = (
            bases.equal(shape.columns.count - few * beside) if shape.columns.beyond else ends_data
        )
        most = Mux(beyond, few - 1, together - 1) if few else together - 1
        m.d.comb += [
            column.eq(base + _times(neighbour, beside) if together > 1 else base),
            beyond.eq(bases.of([place >= width for place in range(shape.columns.count)])),
            last_neighbour.eq(neighbour == most if together > 1 else 1),
            last_word.eq(word == shape.beats - 1),
            ends_row.eq(last_neighbour & last_word & Mux(stored, ends_all, ends_data)),
        ]
        with m.If(step):
            m.d.sync += neighbour.eq(Mux(last_neighbour, 0, neighbour + 1))
            with m.If(last_neighbour):
                m.d.sync += word.eq(Mux(last_word, 0, word + 1))
                with m.If(last_word):
                    m.d.sync += base.eq(Mux(ends_row, 0, base + _times(most + 1, beside)))
        return word


def _times(value: Value, factor: int) -> Value:
    return value if factor == 1 else value * factor

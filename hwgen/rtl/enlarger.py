"""Makes a map larger: each pixel becomes a square."""

from __future__ import annotations

from amaranth import Cat, Module, Signal, Value, unsigned
from amaranth.lib import data
from amaranth.lib.memory import Memory

from hwgen.plan.stages.enlarger import Enlarger
from hwgen.rtl.delay_line import following
from hwgen.rtl.lanes import LaneComponent, choose, counter, layout, resize, split
from hwgen.rtl.vector_memory import memory_attributes


class EnlargerUnit(LaneComponent):
    """A memory of pixels that is read row by row, each row as often as it is shown.

    A pixel is let go when the last of its square was read. What is read is offered in the cycle
    after, out of the register behind the memory.

    Parameters
    ----------
    plan
        Factor, lanes and how many pixels are held.
    """

    def __init__(self, plan: Enlarger) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        factor, columns, words = self.plan.factor, self.plan.inputs.image[1], self.plan.words
        held, lead = counter(words + 1, "held"), counter(words + 1, "lead")
        row, column = counter(factor, "row"), counter(columns, "column")
        pixel = counter(factor, "pixel")
        arrives, shows, free = Signal(), Signal(), Signal()
        first, last = row == 0, row == factor - 1
        ends, ends_row = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(held != words),
            arrives.eq(self.i.valid & self.i.ready),
            free.eq(self.o.ready | ~self.o.valid),
            shows.eq(free & (~first | (lead != 0))),
            ends.eq(shows & (pixel == factor - 1)),
            ends_row.eq(ends & (column == columns - 1)),
        ]
        with m.If(free):
            m.d.sync += self.o.valid.eq(shows)
        with m.If(shows):
            m.d.sync += pixel.eq(following(pixel, factor))
        with m.If(ends):
            m.d.sync += column.eq(following(column, columns))
        with m.If(ends_row):
            m.d.sync += row.eq(following(row, factor))
        _count(m, lead, arrives, ends & first)
        _count(m, held, arrives, ends & last)
        phase = Signal(range(factor * factor), name="phase")
        with m.If(shows):
            m.d.sync += phase.eq(row * factor + pixel)
        word = self._word(m, arrives, shows, ends, ends_row & ~last, ends_row & last)
        m.d.comb += self.o.payload.as_value().eq(self._lanes(word, phase))
        return m

    def _word(
        self,
        m: Module,
        arrives: Signal,
        shows: Signal,
        ends: Signal,
        again: Value,
        leaves: Value,
    ) -> Value:
        """Give the pixel that was read; `again` starts the row anew, `leaves` ends it."""
        words = self.plan.words
        place, start, read_place = (counter(words, name) for name in ("place", "start", "at"))
        memory = Memory(
            shape=unsigned(self.plan.inputs.width),
            depth=words,
            init=[],
            attrs=memory_attributes(self.plan.memory, writable=True),
        )
        m.submodules.pixels = memory
        write, read = memory.write_port(), memory.read_port()
        next_place = Signal.like(read_place, name="next")
        m.d.comb += [
            write.addr.eq(place),
            write.data.eq(self.i.payload.as_value()),
            write.en.eq(arrives),
            read.addr.eq(read_place),
            read.en.eq(shows),
            next_place.eq(following(read_place, words)),
        ]
        with m.If(arrives):
            m.d.sync += place.eq(following(place, words))
        with m.If(again):
            m.d.sync += read_place.eq(start)
        with m.Elif(ends):
            m.d.sync += read_place.eq(next_place)
        with m.If(leaves):
            m.d.sync += start.eq(next_place)
        return read.data

    def _lanes(self, word: Value, phase: Signal) -> Value:
        """Give what is shown of a pixel."""
        lanes = split(data.View(layout(self.plan.inputs.lanes), word), self.plan.inputs.lanes)
        shown = []
        for lane, kind in enumerate(self.plan.outputs.lanes):
            sources = [lanes[sources[lane]] for sources in self.plan.sources]
            value = sources[0] if self.plan.repeats else choose(sources, phase)
            shown.append(resize(value, kind.bits))
        return Cat(*shown)


def _count(m: Module, level: Signal, up: Value, down: Value) -> None:
    with m.If(up & ~down):
        m.d.sync += level.eq(level + 1)
    with m.Elif(down & ~up):
        m.d.sync += level.eq(level - 1)

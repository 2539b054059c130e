"""Makes a map larger: each pixel becomes a square."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data

from hwgen.plan.stages.enlarger import Enlarger
from hwgen.rtl.delay_line import BeatPlaces, DelayLine, following
from hwgen.rtl.lanes import LaneComponent, choose, counter, layout, resize, split


class EnlargerUnit(LaneComponent):
    """A register with the beat that is shown, and a row of them that goes round behind it.

    A pixel comes when it is shown for the first time, and is offered in the cycle after. One that
    comes in several beats is read in the memory of the row each further time.

    Parameters
    ----------
    plan
        Factor and lanes, and what the row is held in.
    """

    def __init__(self, plan: Enlarger) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        factor, columns = self.plan.factor, self.plan.inputs.image[1]
        beats, kind = self.plan.inputs.beats_each, self.plan.memory
        row, pixel = counter(factor, "row"), counter(factor, "pixel")
        free, steps, loads, ends_pixel = Signal(), Signal(), Signal(), Signal()
        comes, next_pixel, last_pixel = row == 0, pixel == 0, pixel == factor - 1
        m.d.comb += [
            free.eq(self.o.ready | ~self.o.valid),
            self.i.ready.eq(free & comes & next_pixel),
            steps.eq(free & (self.i.valid | ~comes | ~next_pixel)),
            loads.eq(steps & next_pixel),
        ]
        with m.If(free):
            m.d.sync += self.o.valid.eq(steps)
        with m.If(ends_pixel):
            m.d.sync += pixel.eq(following(pixel, factor))
        shown = Signal(self.plan.inputs.width, name="shown", reset_less=True)
        word, ends_row = Signal.like(shown, name="word"), Signal()
        if beats == 1:
            column = counter(columns, "column")
            line = DelayLine(length=columns, enable=loads, place=column, kind=kind, name="line")
            with m.If(loads):
                m.d.sync += [column.eq(following(column, columns)), shown.eq(word)]
            m.d.comb += [
                word.eq(Mux(comes, self.i.payload.as_value(), line.of(m, word))),
                ends_pixel.eq(steps),
                ends_row.eq(steps & last_pixel & (column == 0)),  # the next column
            ]
        else:
            beat = counter(beats, "beat")
            places = BeatPlaces(m, beats, columns, steps, ends_pixel & ~last_pixel)
            held = places.line(kind, "line").of(m, word)
            with m.If(steps):
                m.d.sync += [beat.eq(following(beat, beats)), shown.eq(word)]
            m.d.comb += [
                word.eq(Mux(comes & next_pixel, self.i.payload.as_value(), held)),
                ends_pixel.eq(steps & (beat == beats - 1)),
                ends_row.eq(ends_pixel & last_pixel & (places.next == 0)),
            ]
        with m.If(ends_row):
            m.d.sync += row.eq(following(row, factor))
        m.d.comb += self.o.payload.as_value().eq(self._lanes(m, shown, steps, row, pixel))
        return m

    def _lanes(self, m: Module, shown: Signal, steps: Signal, row: Signal, pixel: Signal) -> Value:
        """Give what is shown of a pixel."""
        factor = self.plan.factor
        shown_row = Signal.like(row, name="shown_row")
        shown_pixel = Signal.like(pixel, name="shown_pixel")
        if not self.plan.repeats:
            with m.If(steps):
                m.d.sync += [shown_row.eq(row), shown_pixel.eq(pixel)]
        lanes = split(data.View(layout(self.plan.inputs.lanes), shown), self.plan.inputs.lanes)
        values = []
        for lane, kind in enumerate(self.plan.outputs.lanes):
            sources = [resize(lanes[sources[lane]], kind.bits) for sources in self.plan.sources]
            rows = [
                choose(sources[start : start + factor], shown_pixel)
                for start in range(0, len(sources), factor)
            ]
            values.append(sources[0] if self.plan.repeats else choose(rows, shown_row))
        return Cat(*values)

"""Makes a map larger: each pixel becomes a square."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data

from hwgen.plan.stages.enlarger import Enlarger
from hwgen.rtl.delay_line import DelayLine, following
from hwgen.rtl.lanes import LaneComponent, choose, counter, layout, resize, split


class EnlargerUnit(LaneComponent):
    """A register with the pixel that is shown, and a row of them that goes round behind it.

    A pixel comes when it is shown for the first time, and is offered in the cycle after.

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
        row, pixel = counter(factor, "row"), counter(factor, "pixel")
        column = counter(columns, "column")
        free, steps, loads = Signal(), Signal(), Signal()
        comes, next_pixel = row == 0, pixel == 0
        m.d.comb += [
            free.eq(self.o.ready | ~self.o.valid),
            self.i.ready.eq(free & comes & next_pixel),
            steps.eq(free & (self.i.valid | ~comes | ~next_pixel)),
            loads.eq(steps & next_pixel),
        ]
        with m.If(free):
            m.d.sync += self.o.valid.eq(steps)
        with m.If(steps):
            m.d.sync += pixel.eq(following(pixel, factor))
        with m.If(loads):
            m.d.sync += column.eq(following(column, columns))
        ends_row = steps & (pixel == factor - 1) & (column == 0)  # the next column
        with m.If(ends_row):
            m.d.sync += row.eq(following(row, factor))
        shown = Signal(self.plan.inputs.width, name="shown", reset_less=True)
        word = Signal(self.plan.inputs.width, name="word")
        line = DelayLine(
            length=columns, enable=loads, place=column, kind=self.plan.memory, name="line"
        )
        m.d.comb += word.eq(Mux(comes, self.i.payload.as_value(), line.of(m, word)))
        with m.If(loads):
            m.d.sync += shown.eq(word)
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

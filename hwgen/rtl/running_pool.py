"""Poolings of windows that do not overlap."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, Value

from hwgen.plan.stages.window import RunningPool
from hwgen.rtl.delay_line import DelayLine, following
from hwgen.rtl.lanes import LaneComponent, counter, resize, split
from hwgen.rtl.pool_axis import PoolAxis


class RunningPoolUnit(LaneComponent):
    """A register a channel; a word a window where rows of several windows lie side by side.

    With the last pixel of a window's row the register takes what came above the next window, or
    nothing, so that only one comparison or addition lies between two registers. Takes a pixel
    every cycle but while a result waits; a result is offered in the cycle after its last pixel.

    Parameters
    ----------
    plan
        Kind and shape of the windows.
    """

    def __init__(self, plan: RunningPool) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.rows = rows = PoolAxis(self.plan, 0)
        m.submodules.columns = columns = PoolAxis(self.plan, 1)
        step, inside, turns = Signal(), Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(self.o.ready | ~self.o.valid),
            step.eq(self.i.valid & self.i.ready),
            columns.step.eq(step),
            rows.step.eq(step & columns.ends),
            inside.eq(step & rows.inside & columns.inside),
            turns.eq(inside & columns.last),
        ]
        pooled = Signal(self.plan.outputs.width)
        result = Signal(self.plan.outputs.width, reset_less=True)
        so_far = Signal(self.plan.outputs.width, init=self._nothing())
        m.d.comb += [pooled.eq(self._with_pixel(so_far)), self.o.payload.as_value().eq(result)]
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(turns & rows.last)
        with m.If(turns & rows.last):
            m.d.sync += result.eq(pooled)
        above, starts = pooled, rows.last
        if columns.windows > 1:
            # the next window lies beside this one, or under the first
            starts = Mux(columns.in_last, rows.last, rows.first)
            above = self._above(m, turns, pooled, columns.windows)
        with m.If(inside):
            m.d.sync += so_far.eq(Mux(columns.last, above, pooled))
            with m.If(columns.last & starts):
                m.d.sync += so_far.eq(self._nothing())
        return m

    def _above(self, m: Module, turns: Signal, pooled: Signal, windows: int) -> Value:
        """Give what came above the next window."""
        if self.plan.kernel[0] == 1:
            return pooled
        place = counter(windows - 1, "place")
        with m.If(turns):
            m.d.sync += place.eq(following(place, windows - 1))
        line = DelayLine(
            length=windows - 1, enable=turns, place=place, kind=self.plan.memory, name="above"
        )
        return line.of(m, pooled)

    def _nothing(self) -> int:
        """Give what changes no result: of a sum 0, of the largest the lowest value."""
        bits = place = 0
        for lane in self.plan.outputs.lanes:
            lowest = lane.lo if self.plan.kind == "max" else 0
            bits |= (lowest & ((1 << lane.bits) - 1)) << place
            place += lane.bits
        return bits

    def _with_pixel(self, so_far: Signal) -> Value:
        pooled, place = [], 0
        pixels = split(self.i.payload, self.plan.inputs.lanes)
        for pixel, kind in zip(pixels, self.plan.outputs.lanes, strict=True):
            before = so_far[place : place + kind.bits]
            place += kind.bits
            if self.plan.kind == "sum":
                pooled.append((before + resize(pixel, kind.bits))[: kind.bits])
            else:
                before = before.as_signed() if kind.signed else before
                pooled.append(resize(Mux(pixel > before, pixel, before), kind.bits))
        return Cat(*pooled)

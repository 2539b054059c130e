"""Poolings of windows that do not overlap."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.stages.window import RunningPool
from hwgen.rtl.delay_line import BeatPlaces, DelayLine
from hwgen.rtl.lanes import LaneComponent, counter, following, resize, shape_of, split
from hwgen.rtl.pool_axis import PoolAxis


class RunningPoolUnit(LaneComponent):
    """One register a lane; a word a window where rows of several windows lie side by side.

    Takes a beat every cycle but while a result waits; a result is offered in the cycle after its
    last beat, out of the register that it was formed in. Where a pixel comes in several beats, what
    was formed of each lies in a memory, with those of all windows side by side.

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
        step, inside, ends_pixel = Signal(), Signal(), Signal()
        beats = self.plan.inputs.beats_each
        beat = counter(beats, "beat")
        if beats > 1:
            with m.If(step):
                m.d.sync += beat.eq(following(beat, beats))
        pooled = Signal(self.plan.outputs.width, reset_less=True)
        m.d.comb += [
            self.i.ready.eq(self.o.ready | ~self.o.valid),
            step.eq(self.i.valid & self.i.ready),
            ends_pixel.eq(beat == beats - 1 if beats > 1 else 1),
            columns.step.eq(step & ends_pixel),
            rows.step.eq(step & ends_pixel & columns.ends),
            inside.eq(step & rows.inside & columns.inside),
            self.o.payload.as_value().eq(pooled),
        ]
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(inside & rows.last & columns.last)
        formed = Signal(len(pooled))
        above = self.plan.kernel[0] > 1 and columns.windows > 1
        if beats > 1:
            again = ends_pixel & ~columns.last
            places = BeatPlaces(m, beats, columns.windows if above else 1, inside, again)
            so_far = places.line(self.plan.memory, "pooled_so_far").of(m, formed)
        elif above:
            line = DelayLine(
                length=columns.windows,
                enable=inside & columns.last,
                place=columns.window,
                kind=self.plan.memory,
                name="above",
            )
            so_far = Mux(columns.first, line.of(m, formed), pooled)
        else:
            so_far = pooled
        m.d.comb += formed.eq(self._with_pixel(so_far, rows.first & columns.first))
        with m.If(inside):
            m.d.sync += pooled.eq(formed)
        return m

    def _with_pixel(self, so_far: Value, is_first: Value) -> Value:
        """Pool the pixel with what came before of its window."""
        pixels = split(self.i.payload, self.plan.inputs.lanes)
        kinds, place, pooled = self.plan.outputs.lanes, 0, []
        for pixel, kind in zip(pixels, kinds, strict=True):
            bits = so_far[place : place + kind.bits]
            place += kind.bits
            if self.plan.kind == "sum":
                pooled.append((Mux(is_first, 0, bits) + resize(pixel, kind.bits))[: kind.bits])
            else:
                # the lowest value changes no maximum
                bits = bits.as_signed() if kind.signed else bits
                before = Mux(is_first, Const(kind.lo, shape_of(kind)), bits)
                pooled.append(resize(Mux(pixel > before, pixel, before), kind.bits))
        return Cat(*pooled)

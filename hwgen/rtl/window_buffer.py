"""Windows of a map out of its pixels."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal

from hwgen.plan.stages.window import WindowBuffer
from hwgen.plan.stages.window_steps import WindowSteps
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import LaneComponent, joined, split
from hwgen.rtl.pixel_queue import PixelQueue
from hwgen.rtl.tape_counter import TapeCounter
from hwgen.rtl.window_tape import WindowTape, Word, unpacked


class WindowBufferUnit(LaneComponent):
    """A pixel a step onto the tape; a window, a cycle after the step that ends it.

    While a window waits nothing moves but the queue.

    Parameters
    ----------
    plan
        Shape of the windows.
    """

    def __init__(self, plan: WindowBuffer) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        step, free, has_pixel = Signal(), Signal(), Signal()
        m.submodules.counter = counter = TapeCounter(self.plan)
        tape = WindowTape(m, self.plan, step, counter.row, counter.column)
        lanes = split(self.i.payload, self.plan.inputs.lanes)
        pixel = {lane: lanes[lane] for lane in tape.lanes}
        if self.plan.queue:
            pixel = self._queued(m, counter, has_pixel, pixel)
        else:
            m.d.comb += [
                has_pixel.eq(self.i.valid),
                self.i.ready.eq(free & counter.needs_pixel),
            ]
        m.d.comb += [
            free.eq(self.o.ready | ~self.o.valid),
            step.eq(free & (has_pixel | ~counter.needs_pixel)),
            counter.step.eq(step),
        ]
        with m.If(free):
            m.d.sync += self.o.valid.eq(step & counter.shows)
        shown = tape.shown(pixel)
        values = [
            shown[tap].as_signed() if self.plan.inputs.lanes[tap.lane].signed else shown[tap]
            for tap in self.plan.taps
        ]
        m.d.comb += self.o.payload.as_value().eq(joined(values, self.plan.outputs.lanes))
        return m

    def _queued(self, m: Module, counter: TapeCounter, has_pixel: Signal, pixel: Word) -> Word:
        """Give the pixel that came first of those that wait."""
        bits, plan = Cat(*pixel.values()), self.plan
        m.submodules.queue = queue = PixelQueue(len(bits), plan.queue, plan.memory)
        level = Decisions(m, queue.level)
        least = WindowSteps(plan).tail_pixels
        enough, with_this = (
            level.of([held >= needed for held in range(plan.queue + 1)])
            for needed in (least, least - 1)
        )
        m.d.comb += [
            queue.pixel.eq(bits),
            queue.valid.eq(self.i.valid),
            self.i.ready.eq(queue.ready),
            queue.taken.eq(counter.step & counter.needs_pixel),
            has_pixel.eq(queue.offered),
            counter.enough.eq(Mux(queue.arrives, with_this, enough)),
        ]
        return unpacked(queue.first, pixel)

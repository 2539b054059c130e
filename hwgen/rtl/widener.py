"""Gathers the beats of a vector into one wide beat."""

from __future__ import annotations

from amaranth import Module, Mux, Signal

from hwgen.plan.stages.stage import PADDING, Widener
from hwgen.rtl.lanes import LaneComponent, counter, resize


class WidenerUnit(LaneComponent):
    """Stores all beats of a vector but the last, and offers them all beside the last one.

    The wide beat is offered in the cycle in which the last narrow one is; a beat is taken every
    cycle until then. Lanes that no output reads are not stored; lanes that
    nothing goes to are 0.

    Parameters
    ----------
    plan
        The two streams, and which slot goes to which lane.
    """

    def __init__(self, plan: Widener) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beats, lanes = self.plan.inputs.beats, len(self.plan.inputs.lanes)
        beat = counter(beats, "beat")
        is_last = beat == beats - 1
        m.d.comb += [
            self.o.valid.eq(self.i.valid & is_last),
            self.i.ready.eq(self.o.ready | ~is_last),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += beat.eq(Mux(is_last, 0, beat + 1))
        for index, (slot, lane) in enumerate(
            zip(self.plan.slots, self.plan.outputs.lanes, strict=True)
        ):
            if slot == PADDING:
                continue
            arrival, place = divmod(slot, lanes)
            value = resize(self.i.payload[f"e{place}"], lane.bits)
            if arrival < beats - 1:
                held = Signal(lane.bits, name=f"held{index}", reset_less=True)
                with m.If(self.i.valid & (beat == arrival)):
                    m.d.sync += held.eq(value)
                value = held
            m.d.comb += self.o.payload[f"e{index}"].eq(value)
        return m

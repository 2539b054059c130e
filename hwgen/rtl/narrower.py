"""Cuts wide beats into narrow ones."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux

from hwgen.plan.stages.stage import Narrower
from hwgen.rtl.lanes import LaneComponent, choose, counter, resize


class NarrowerUnit(LaneComponent):
    """Offers each input beat as `plan.parts` output beats, lowest lanes first.

    Stores nothing: the input beat waits until its last part is taken, and the first part is
    offered in the cycle in which the beat is.

    Parameters
    ----------
    plan
        The two streams.
    """

    def __init__(self, plan: Narrower) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        parts, lanes = self.plan.parts, len(self.plan.outputs.lanes)
        part = counter(parts, "part")
        is_last = part == parts - 1
        values = [self.i.payload[f"e{k}"] for k in range(len(self.plan.inputs.lanes))]
        values += [Const(0, 1)] * (parts * lanes - len(values))
        words = []
        for first in range(0, len(values), lanes):
            beat = zip(values[first : first + lanes], self.plan.outputs.lanes, strict=True)
            words.append(Cat(*(resize(value, lane.bits) for value, lane in beat)))
        m.d.comb += [
            self.o.payload.eq(choose(words, part)),
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready & is_last),
        ]
        with m.If(self.i.valid & self.o.ready):
            m.d.sync += part.eq(Mux(is_last, 0, part + 1))
        return m

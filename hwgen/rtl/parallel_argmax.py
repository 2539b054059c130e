"""Index of the largest lane: a tree of comparisons, one level a cycle."""

from __future__ import annotations

from amaranth import Const, Module, Mux, Value

from hwgen.plan.stages import ParallelArgmax
from hwgen.rtl.lanes import EnabledPipeline, LaneComponent

Candidate = tuple[Value, Value]  # (value, index)


class ParallelArgmaxUnit(LaneComponent):
    """Of equal lanes the one with the lowest index wins.

    Accepts a beat every cycle; latency `plan.latency`.

    Parameters
    ----------
    plan
        Lanes and registers.
    """

    def __init__(self, plan: ParallelArgmax) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = EnabledPipeline(m, self.i, self.o, self.plan.latency)
        width = self.plan.outputs.lanes[0].bits
        round_: list[Candidate] = [
            (self.i.payload[f"e{k}"], Const(k, width)) for k in range(len(self.plan.inputs.lanes))
        ]
        for level in range(max(self.plan.depth, self.plan.latency)):
            round_ = [best(*round_[k : k + 2]) for k in range(0, len(round_), 2)]
            if pipeline.enable is not None:
                round_ = [
                    (
                        pipeline.delay(m, value, f"value{level}_{k}"),
                        pipeline.delay(m, index, f"index{level}_{k}"),
                    )
                    for k, (value, index) in enumerate(round_)
                ]
        m.d.comb += self.o.payload.e0.eq(round_[0][1])
        return m


def best(first: Candidate, second: Candidate | None = None) -> Candidate:
    """Give the larger of two candidates, the first where they are equal."""
    if second is None:
        return first
    take = second[0] > first[0]
    return Mux(take, second[0], first[0]), Mux(take, second[1], first[1])

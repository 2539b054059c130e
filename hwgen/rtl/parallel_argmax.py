"""Index of the largest lane: a tree of comparisons, with registers where the plan has them."""

from __future__ import annotations

from amaranth import Const, Module, Mux, Value

from hwgen.plan.stages.stage import ParallelArgmax
from hwgen.rtl.lanes import LaneComponent, Pipeline

Values = tuple[Value, ...]
Candidate = Values  # (value, index)


class ParallelArgmaxUnit(LaneComponent):
    """Gives the number, or the label, of the largest lane; of equal lanes the first one wins.

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
        self._pipeline = Pipeline(m, self.i, self.o, self.plan.latency, self.plan.flow)
        self._count = 0
        width = self.plan.outputs.lanes[0].bits
        labels = self.plan.labels or range(len(self.plan.inputs.lanes))
        round_: list[Candidate] = [
            (self.i.payload[f"e{k}"], Const(label, width)) for k, label in enumerate(labels)
        ]
        round_ = [self._delayed(m, 0, candidate) for candidate in round_]
        for level in range(self.plan.depth):
            pairs = [tuple(round_[k : k + 2]) for k in range(0, len(round_), 2)]
            round_ = [self._larger(m, 2 * level + 1, *pair) for pair in pairs]
        m.d.comb += self.o.payload.e0.eq(round_[0][1])
        return m

    def _larger(
        self, m: Module, step: int, first: Candidate, second: Candidate | None = None
    ) -> Candidate:
        """Give the larger of two candidates, the first where they are equal; two steps."""
        if second is None:
            return self._delayed(m, step + 1, self._delayed(m, step, first))
        (take,) = self._delayed(m, step, (second[0] > first[0],))
        first, second = self._delayed(m, step, first), self._delayed(m, step, second)
        chosen = Mux(take, second[0], first[0]), Mux(take, second[1], first[1])
        return self._delayed(m, step + 1, chosen)

    def _delayed(self, m: Module, step: int, values: Values) -> Values:
        """Give values behind the registers that lie after so many steps."""
        for _ in range(self.plan.cuts.count(step)):
            values = tuple(self._register(m, value) for value in values)
        return values

    def _register(self, m: Module, value: Value) -> Value:
        if isinstance(value, Const):
            return value
        self._count += 1
        return self._pipeline.delay(m, value, f"held{self._count}")


def best(first: Candidate, second: Candidate | None = None) -> Candidate:
    """Give the larger of two candidates, the first where they are equal."""
    if second is None:
        return first
    take = second[0] > first[0]
    return Mux(take, second[0], first[0]), Mux(take, second[1], first[1])

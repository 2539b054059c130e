"""The largest tap of each channel of a window."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Module, Mux, Value

from hwgen.plan.stages.window import WindowMax
from hwgen.rtl.lanes import LaneComponent, Pipeline, joined, split


class WindowMaxUnit(LaneComponent):
    """A tree of comparisons a channel and one register behind it; takes a beat every cycle.

    Parameters
    ----------
    plan
        Which lanes are compared.
    """

    def __init__(self, plan: WindowMax) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = Pipeline(m, self.i, self.o, self.plan.latency, "stall")
        lanes = split(self.i.payload, self.plan.inputs.lanes)
        values = [
            pipeline.delay(m, _largest([lanes[source] for source in sources]), f"largest{index}")
            for index, sources in enumerate(self.plan.sources)
        ]
        m.d.comb += self.o.payload.as_value().eq(joined(values, self.plan.outputs.lanes))
        return m


def _largest(values: Sequence[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    low, high = _largest(values[:half]), _largest(values[half:])
    return Mux(low >= high, low, high)

"""Requantization of a whole vector in one cycle: a staircase for each lane."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.stages import ParallelThreshold, Steps
from hwgen.rtl.lanes import EnabledPipeline, LaneComponent, shape_of


class ParallelThresholdUnit(LaneComponent):
    """Codes by comparison with constants; a lane with no live threshold is a constant.

    Accepts a beat every cycle; latency `plan.latency`.

    Parameters
    ----------
    plan
        The staircases.
    """

    def __init__(self, plan: ParallelThreshold) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = EnabledPipeline(m, self.i, self.o, self.plan.latency)
        for index, channel in enumerate(self.plan.channels):
            value = self.i.payload[f"e{index}"]
            code: Value = Signal(shape_of(self.plan.outputs.lanes[index]), name=f"code{index}")
            m.d.comb += code.eq(self._code(m, index, channel, value))
            if self.plan.registered and channel.thresholds:
                code = pipeline.delay(m, code, f"code{index}_d1")
            m.d.comb += self.o.payload[f"e{index}"].eq(code)
        return m

    def _code(self, m: Module, index: int, channel: Steps, value: Value) -> Value:
        shape = shape_of(self.plan.outputs.lanes[index])
        if not channel.thresholds:
            return Const(channel.codes[0], shape)
        reached = Signal(len(channel.thresholds), name=f"reached{index}")
        comparisons = [value >= Const(t, value.shape()) for t in channel.thresholds]
        m.d.comb += reached.eq(Cat(*comparisons))
        return _select(reached, [Const(code, shape) for code in channel.codes])


def _select(reached: Value, codes: list[Const]) -> Value:
    """`codes[number of ones]` of a thermometer, as a balanced tree of multiplexers."""
    if len(codes) == 1:
        return codes[0]
    middle = len(codes) // 2
    low = _select(reached[: middle - 1], codes[:middle])
    high = _select(reached[middle:], codes[middle:])
    return Mux(reached[middle - 1], high, low)

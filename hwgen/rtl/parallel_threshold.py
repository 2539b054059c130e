"""Requantization of a whole vector in one cycle: a staircase for each lane.

A staircase is not built from comparators. Each bit of the code is a function of the lane's bits
that changes at a few known values, and it is written as its binary decision diagram, highest bit
first: blocks of values in which it changes at the same places are one node. A comparator with a
constant would be a carry chain on targets such as ecp5.
"""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.stages import ParallelThreshold, Steps
from hwgen.rtl.lanes import EnabledPipeline, LaneComponent, shape_of

Changes = tuple[int, ...]  # places, counted from the start of a block, where a bit flips


class ParallelThresholdUnit(LaneComponent):
    """Codes of all lanes; a lane with no live threshold is a constant.

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
            code: Value = self._code(m, index, channel)
            if self.plan.registered and channel.thresholds:
                code = pipeline.delay(m, code, f"code{index}_d1")
            m.d.comb += self.o.payload[f"e{index}"].eq(code)
        return m

    def _code(self, m: Module, index: int, channel: Steps) -> Value:
        shape = shape_of(self.plan.outputs.lanes[index])
        lane = self.plan.inputs.lanes[index]
        value = self.i.payload[f"e{index}"]
        if lane.signed:
            value = value.as_unsigned() ^ (1 << (lane.bits - 1))
        places = [threshold - lane.lo for threshold in channel.thresholds]
        diagram = DecisionDiagram(m, value, f"t{index}")
        bits = []
        for bit in range(shape.width):
            values = [code >> bit & 1 for code in channel.codes]
            changes = tuple(
                place
                for place, before, after in zip(places, values[:-1], values[1:], strict=True)
                if before != after
            )
            bits.append(diagram.bit(values[0], changes))
        code = Cat(*bits)
        return code.as_signed() if shape.signed else code


class DecisionDiagram:
    """Functions of an unsigned value's bits, as multiplexers that share equal parts."""

    def __init__(self, m: Module, value: Value, name: str) -> None:
        self.m = m
        self.value = value
        self.name = name
        self._nodes: dict[tuple[int, int, Changes], Value] = {}

    def bit(self, first: int, changes: Changes) -> Value:
        """Give the function that is `first` at zero and flips at each of `changes`."""
        return self._node(len(self.value), first, changes)

    def _node(self, bits: int, first: int, changes: Changes) -> Value:
        """Give the function over a block of `2**bits` values."""
        if not changes:
            return Const(first, 1)
        key = (bits, first, changes)
        if key not in self._nodes:
            half = 1 << (bits - 1)
            below = tuple(place for place in changes if place < half)
            at_half = (first + sum(place <= half for place in changes)) % 2
            above = tuple(place - half for place in changes if place > half)
            node = Signal(name=f"{self.name}_{len(self._nodes)}")
            low = self._node(bits - 1, first, below)
            high = self._node(bits - 1, at_half, above)
            self.m.d.comb += node.eq(Mux(self.value[bits - 1], high, low))
            self._nodes[key] = node
        return self._nodes[key]

"""Requantization of a whole vector every cycle: a staircase or a product for each lane.

A staircase is not built from comparators: a comparator with a constant would be a carry chain on
targets such as ecp5. Each bit of the code is a decision diagram over the lane's bits, read from
the lowest bit up, so that registers can lie between any two bits. Where a product has the codes,
the diagram reads the few upper bits of that.
"""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.requantize.decision import Block, code_blocks
from hwgen.plan.stages.requantizers import Digit, Rescale
from hwgen.plan.stages.stage import ParallelThreshold
from hwgen.rtl.lanes import LaneComponent, Pipeline, resize


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
        pipeline = Pipeline(m, self.i, self.o, self.plan.latency, self.plan.flow)
        for index, channel in enumerate(self.plan.channels):
            lane, code = self.plan.inputs.lanes[index], self.o.payload[f"e{index}"]
            value = self.i.payload[f"e{index}"]
            if lane.signed:
                value = value.as_unsigned() ^ (1 << (lane.bits - 1))
            cuts = self.plan.cuts[index]
            if isinstance(channel, Rescale):
                value = _product(m, pipeline, value, channel, cuts, f"t{index}")
                cuts = tuple(cut - channel.adders for cut in cuts if cut >= channel.adders)
                lane, channel = channel.kept, channel.steps
            diagram = DecisionDiagram(m, pipeline, value, cuts, f"t{index}")
            blocks = code_blocks(channel, lane, self.plan.outputs.lanes[index].bits)
            m.d.comb += code.eq(Cat(*(diagram.root(block) for block in blocks)))
        return m


def _product(
    m: Module,
    pipeline: Pipeline,
    value: Value,
    plan: Rescale,
    cuts: tuple[int, ...],
    name: str,
) -> Value:
    """Give the upper bits of a lane's product, behind the registers before its last addition."""

    def delayed(source: Value, added: int, what: str) -> Value:
        for register in range(sum(cut == added < plan.adders for cut in cuts)):
            source = pipeline.delay(m, source, f"{name}_{what}{added}_{register}")
        return source

    value = delayed(value, 0, "x")
    if plan.seam:
        diagram = DecisionDiagram(m, pipeline, value, (), f"{name}_seam")
        value = Cat(value, diagram.root(Block(len(value), 1, (plan.seam,))))
    total: Value = resize(_scaled(value, plan.digits[0]), plan.bits)
    for added, digit in enumerate(plan.digits[1:], 1):
        total = _plus(m, total, value, digit, f"{name}_y{added}")
        value, total = delayed(value, added, "x"), delayed(total, added, "y")
    if plan.constant:
        low = (plan.constant & -plan.constant).bit_length() - 1
        constant = Const(plan.constant >> low, plan.bits - low)
        total = _plus(m, total, constant, Digit(low, 1), f"{name}_y{plan.adders}")
    return total[plan.shift :]


def _scaled(value: Value, digit: Digit) -> Value:
    return value.shift_left(digit.shift) if digit.shift >= 0 else value[-digit.shift :]


def _plus(m: Module, total: Value, value: Value, digit: Digit, name: str) -> Value:
    """Add a digit's share of a product; the bits below it are wires."""
    low = max(digit.shift, 0)
    upper = Signal(len(total) - low, name=name)
    start, summand = total[low:], resize(_scaled(value, digit), len(total))[low:]
    m.d.comb += upper.eq(start + summand if digit.sign > 0 else start - summand)
    return Cat(total[:low], upper)


class DecisionDiagram:
    """Functions of an unsigned value's bits, as multiplexers that share equal parts.

    Registers lie behind the nodes of as many bits as each of `cuts` says.
    """

    def __init__(
        self, m: Module, pipeline: Pipeline, value: Value, cuts: tuple[int, ...], name: str
    ) -> None:
        self.m = m
        self.pipeline = pipeline
        self.cuts = cuts
        self.name = name
        self._bits = [value[bit] for bit in range(len(value))]
        self._values: dict[tuple[object, int], Value] = {}

    def root(self, block: Block) -> Value:
        """Give a function of the whole value, behind all registers."""
        return self._at(block, len(self.cuts))

    def _registers(self, bits: int) -> int:
        """Count the registers before the multiplexers of nodes of `bits` bits."""
        return sum(cut < bits for cut in self.cuts)

    def _at(self, source: Block | int, delay: int) -> Value:
        """Give a node, or the value's bit of that number, behind `delay` registers."""
        if isinstance(source, Block) and not source.changes:
            return Const(source.first, 1)
        if (source, delay) not in self._values:
            start = self._registers(source.bits) if isinstance(source, Block) else 0
            if delay == start:
                made = self._node(source) if isinstance(source, Block) else self._bits[source]
            else:
                name = f"{self.name}_{len(self._values)}_d{delay}"
                made = self.pipeline.delay(self.m, self._at(source, delay - 1), name)
            self._values[source, delay] = made
        return self._values[source, delay]

    def _node(self, block: Block) -> Value:
        delay = self._registers(block.bits)
        low, high = (self._at(half, delay) for half in block.halves())
        node = Signal(name=f"{self.name}_{len(self._values)}")
        self.m.d.comb += node.eq(Mux(self._at(block.bits - 1, delay), high, low))
        return node

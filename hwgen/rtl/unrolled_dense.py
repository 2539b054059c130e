"""A constant matrix times a vector, every cycle: the planned adder graph, cut by registers."""

from __future__ import annotations

from amaranth import Cat, Const, Instance, Module, Signal, Value

from hwgen.plan.stages.adder_graph import Adder, Operand, Output, complement_constant
from hwgen.plan.stages.stage import UnrolledDense
from hwgen.rtl.lanes import LaneComponent, Pipeline, joined, range_shape, resize, split


class UnrolledDenseUnit(LaneComponent):
    """Matrix-vector product as shared additions of exact width.

    Accepts a beat every cycle; each output beat comes `plan.latency` cycles after its input beat,
    more where the output stalls. It neither rounds nor saturates: no adder can overflow.

    Parameters
    ----------
    plan
        The adder graph and where its registers lie.
    """

    def __init__(self, plan: UnrolledDense) -> None:
        self.plan = plan
        self._nodes: dict[tuple[int, int], Value] = {}
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._pipeline = Pipeline(m, self.i, self.o, self.plan.latency, self.plan.flow)
        self._nodes = {}
        values = split(self.i.payload, self.plan.inputs.lanes)
        for index, (lane, value) in enumerate(zip(self.plan.inputs.lanes, values, strict=True)):
            if self.plan.graph.flipped and lane.signed:
                value = value.as_unsigned() ^ (1 << (lane.bits - 1))
            self._nodes[index, 0] = value
        first = len(self.plan.inputs.lanes)
        for index, adder in enumerate(self.plan.graph.adders):
            self._add(m, first + index, adder)
        outputs = enumerate(self.plan.graph.outputs)
        sums = [self._output(m, index, output) for index, output in outputs]
        m.d.comb += self.o.payload.eq(joined(sums, self.plan.outputs.lanes))
        return m

    def _at(self, m: Module, node: int, segment: int) -> Value:
        """Give a node's stored value after `segment` registers; delays are shared."""
        if (node, segment) not in self._nodes:
            value = self._at(m, node, segment - 1)
            self._nodes[node, segment] = self._pipeline.delay(m, value, f"n{node}_d{segment}")
        return self._nodes[node, segment]

    def _operand(self, m: Module, operand: Operand, segment: int, width: int) -> Value:
        value = self._at(m, operand.node, segment)
        limits = self.plan.graph.stored_range(operand.node)
        if operand.inverted:
            ones = complement_constant(limits)
            flipped = ~resize(value, max(limits.bits, 1))
            value = flipped.as_signed() if ones < 0 else flipped[: limits.bits]
        return resize(value.shift_left(operand.shift), width)

    def _add(self, m: Module, node: int, adder: Adder) -> None:
        segment = self.plan.adder_stages[node - len(self.plan.graph.inputs)]
        shape = range_shape(adder.range)
        total = Signal(shape, name=f"n{node}")
        if adder.third or adder.constant:
            self._add_three(m, node, adder, segment, total)
        else:
            a, b = (
                self._operand(m, operand, segment, shape.width)
                for operand, _ in adder.signed_operands
            )
            m.d.comb += total.eq(a - b if adder.subtract else a + b)
        self._nodes[node, segment] = total

    def _add_three(self, m: Module, node: int, adder: Adder, segment: int, total: Signal) -> None:
        """One carry chain for unsigned operands and a constant, above bits that are only wires."""
        wires, width = adder.wires, len(total)
        ports: dict[str, Value | Const] = {}
        lowest: Value = Const(0, wires)
        for name, (operand, _) in zip("abc", adder.signed_operands, strict=False):
            value = resize(self._at(m, operand.node, segment).shift_left(operand.shift), width)
            bits = self.plan.graph.stored_range(operand.node).bits
            live = ((1 << bits) - 1 << operand.shift) % (1 << width) >> wires
            ports |= {
                f"i_{name}": value[wires:],
                f"p_LIVE_{name.upper()}": Const(live, width - wires),
                f"p_FLIP_{name.upper()}": Const(live if operand.inverted else 0, width - wires),
            }
            lowest = value[:wires] if operand.shift < wires else lowest
        if not adder.third:
            constant = Const((adder.constant >> wires) % (1 << width - wires), width - wires)
            ports |= {"i_c": Const(0, width - wires), "p_FLIP_C": constant}
        upper = Signal(width - wires, name=f"n{node}_upper")
        m.submodules[f"add{node}"] = Instance("hwgen_add3", p_W=width - wires, o_y=upper, **ports)
        m.d.comb += total.eq(Cat(lowest, upper))

    def _output(self, m: Module, index: int, output: Output) -> Value:
        shape = range_shape(output.range)
        if output.node < 0:
            return Const(output.constant + output.align if output.adjusted else 0, shape)
        if not output.adjusts:
            shift = output.unit.bit_length() - 1 if output.adjusted else 0
            value = self._at(m, output.node, self.plan.latency).shift_left(shift)
            if output.wrapped:
                return value[: shape.width]
            return value if value.shape().signed == shape.signed else resize(value, shape.width)
        segment = self.plan.output_stages[index]
        stored = self._at(m, output.node, segment)
        shifted = resize(stored.shift_left(abs(output.unit).bit_length() - 1), shape.width)
        constant = Const((output.constant + output.align) % (1 << shape.width), shape.width)
        total = Signal(shape, name=f"sum{index}")
        m.d.comb += total.eq(constant - shifted if output.unit < 0 else constant + shifted)
        for delay in range(segment, self.plan.latency):
            total = self._pipeline.delay(m, total, f"sum{index}_d{delay + 1}")
        return total

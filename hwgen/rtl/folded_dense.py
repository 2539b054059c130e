"""A matrix times a vector over many cycles, with no cycle for a zero weight.

The block diagram, a register between each two stages:

    step counter > program memories > vector buffer > products > accumulators > output beat
"""

from __future__ import annotations

from amaranth import Const, Module, Mux, Shape, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from hwgen.numeric import Range
from hwgen.plan.stages import FoldedDense, ProcessingElement
from hwgen.rtl.lanes import LaneComponent, choose, counter, range_shape, resize
from hwgen.rtl.vector_buffer import VectorBuffer


class FoldedDenseUnit(LaneComponent):
    """Processing elements in step over a static schedule of the nonzero weights.

    A vector takes `plan.cycles` cycles; the next one is taken in meanwhile. A group of rows leaves
    as one beat, four cycles after its last step. An output that stalls stops all steps.

    Parameters
    ----------
    plan
        The programs of the processing elements.
    """

    def __init__(self, plan: FoldedDense) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self.plan
        readers = plan.pe * plan.simd
        m.submodules.buffer = buffer = VectorBuffer(plan.inputs, readers)
        self._enable = Signal(name="advance")
        output_valid = Signal()
        m.d.comb += [
            buffer.i.payload.eq(self.i.payload),
            buffer.i.valid.eq(self.i.valid),
            self.i.ready.eq(buffer.i.ready),
            self._enable.eq(self.o.ready | ~output_valid),
            buffer.enable.eq(self._enable),
            self.o.valid.eq(output_valid),
        ]
        step, issue = self._sequencer(m, buffer)
        is_last = self._last_flags(m, step)
        fetched = self._delayed(m, issue, "fetched")
        m.d.comb += buffer.release.eq(
            self._delayed(m, buffer.claim, "claimed") & self._enable & fetched
        )
        read = self._delayed(m, fetched, "read")
        read_last = self._delayed(m, is_last, "read_last")
        multiplied = self._delayed(m, read, "multiplied")
        multiplied_last = self._delayed(m, read_last, "multiplied_last")
        first, group = self._row_state(m, multiplied, multiplied_last)
        for index, element in enumerate(plan.elements):
            weights = self._program(m, index, element, step, buffer)
            products = self._products(m, index, element, weights, buffer)
            self._accumulate(m, index, element, products, multiplied, first, group)
        with m.If(self._enable):
            m.d.sync += output_valid.eq(multiplied & multiplied_last)
        return m

    def _delayed(self, m: Module, value: Value, name: str, *, control: bool = True) -> Signal:
        """`value` one enabled cycle later; only control signals are reset."""
        register = Signal(value.shape(), name=name, reset_less=not control)
        with m.If(self._enable):
            m.d.sync += register.eq(value)
        return register

    def _sequencer(self, m: Module, buffer: VectorBuffer) -> tuple[Signal, Value]:
        """Count the steps of a vector while one is available."""
        cycles = self.plan.cycles
        step = counter(cycles, "step")
        issue = Signal()
        m.d.comb += [
            issue.eq(buffer.available),
            buffer.claim.eq(self._enable & issue & (step == cycles - 1)),
        ]
        with m.If(self._enable & issue):
            m.d.sync += step.eq(Mux(step == cycles - 1, 0, step + 1))
        return step, issue

    def _last_flags(self, m: Module, step: Signal) -> Value:
        """Whether the step that was issued one cycle ago ends its group."""
        flags = [int(flag) for flag in self.plan.last]
        if all(flags):
            return Const(1, 1)
        return self._rom(m, "last", unsigned(1), flags, step)

    def _rom(self, m: Module, name: str, shape: object, init: list[int], address: Value) -> Value:
        m.submodules[name] = memory = Memory(shape=shape, depth=max(len(init), 2), init=init)
        read = memory.read_port()
        m.d.comb += [read.addr.eq(address), read.en.eq(self._enable)]
        return read.data

    def _row_state(self, m: Module, valid: Value, last: Value) -> tuple[Signal, Signal]:
        """Whether the step that reaches the accumulators is a row's first, and its group."""
        first, group = Signal(init=1), counter(self.plan.groups, "group")
        with m.If(self._enable & valid):
            m.d.sync += first.eq(last)
            with m.If(last):
                m.d.sync += group.eq(Mux(group == self.plan.groups - 1, 0, group + 1))
        return first, group

    def _program(
        self, m: Module, index: int, element: ProcessingElement, step: Signal, buffer: VectorBuffer
    ) -> list[Value]:
        """Fetch a step's weights and places; the weights come beside the elements read."""
        simd, places = self.plan.simd, [buffer.place(slot) for slot in element.slots]
        shape = weight_shape(element)
        word_bits = shape.width + buffer.place_bits
        mask = (1 << shape.width) - 1
        words = [
            sum(
                ((element.weights[k] & mask) | places[k] << shape.width) << (lane * word_bits)
                for lane, k in enumerate(range(start, start + simd))
            )
            for start in range(0, len(places), simd)
        ]
        word = self._rom(m, f"program{index}", unsigned(word_bits * simd), words, step)
        weights: list[Value] = []
        for lane in range(simd):
            field = word.word_select(lane, word_bits)
            m.d.comb += buffer.places[index * simd + lane].eq(field[shape.width :])
            bits = field[: shape.width]
            weight = bits.as_signed() if shape.signed else bits
            weights.append(self._delayed(m, weight, f"weight{index}_{lane}", control=False))
        return weights

    def _products(
        self,
        m: Module,
        index: int,
        element: ProcessingElement,
        weights: list[Value],
        buffer: VectorBuffer,
    ) -> Signal:
        kind = self.plan.inputs.lanes[0]
        ternary = all(-1 <= weight <= 1 for weight in element.weights)
        total: Value = Const(0, 1)
        for lane, weight in enumerate(weights):
            bits = buffer.data[index * self.plan.simd + lane]
            x = bits.as_signed() if kind.signed else bits
            product = times(weight, x, ternary=ternary)
            total = product if lane == 0 else total + product
        exact = Signal(range_shape(element.products), name=f"products{index}")
        m.d.comb += exact.eq(total)
        return self._delayed(m, exact, f"products{index}_d1", control=False)

    def _accumulate(
        self,
        m: Module,
        index: int,
        element: ProcessingElement,
        products: Value,
        valid: Value,
        first: Value,
        group: Value,
    ) -> None:
        shape = range_shape(element.accumulator)
        accumulator = Signal(shape, name=f"accumulator{index}", reset_less=True)
        initial = [Const(value, shape) for value in element.initial]
        start = initial[0] if len(set(element.initial)) == 1 else choose(initial, group)
        total = Signal(shape, name=f"total{index}")
        base = Signal(shape, name=f"base{index}")
        m.d.comb += [
            base.eq(Mux(first, start, accumulator)),
            total.eq(resize(base, shape.width) + resize(products, shape.width)),
            self.o.payload[f"e{index}"].eq(accumulator),
        ]
        with m.If(self._enable & valid):
            m.d.sync += accumulator.eq(total)


def weight_shape(element: ProcessingElement) -> Shape:
    """Give the narrowest shape of the weights of a processing element."""
    return range_shape(Range(min(element.weights), max(*element.weights, 1)))


def times(weight: Value, x: Value, *, ternary: bool) -> Value:
    """Give a product; weights -1, 0 and 1 take no multiplier."""
    if not ternary:
        return weight * x
    magnitude = Mux(weight[0], x, Const(0, x.shape()))
    return Mux(weight[1], -magnitude, magnitude) if len(weight) > 1 else magnitude

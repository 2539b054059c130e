"""Requantization by binary search: one comparison a cycle and lane, thresholds in memories."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages import SerialThreshold
from hwgen.rtl.lanes import LaneComponent, counter, resize, shape_of
from hwgen.rtl.vector_buffer import memory_attributes


class SerialThresholdUnit(LaneComponent):
    """A pipeline with one comparison a stage; stage s finds bit s of the code, highest first.

    Accepts a beat every cycle; latency `plan.latency`. The thresholds of a stage are fetched one
    cycle ahead, at the place that the bits found so far point to.

    Parameters
    ----------
    plan
        The tables of thresholds.
    """

    def __init__(self, plan: SerialThreshold) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        groups, levels = self.plan.inputs.beats, self.plan.levels
        valid = [Signal(name=f"valid{k + 1}") for k in range(levels)]
        advance = self.i.ready
        m.d.comb += [self.o.valid.eq(valid[-1]), advance.eq(self.o.ready | ~self.o.valid)]
        group = counter(groups, "group")
        with m.If(advance):
            m.d.sync += Cat(*valid).eq(Cat(self.i.valid, *valid[:-1]))
            with m.If(self.i.valid):
                m.d.sync += group.eq(Mux(group == groups - 1, 0, group + 1))
        position: Value = group
        positions = []
        for level in range(levels):
            positions.append(position)
            position = self._register(m, advance, position, f"group{level}")
        for lane in range(len(self.plan.tables)):
            self._search(m, advance, lane, positions)
        return m

    def _register(self, m: Module, advance: Value, value: Value, name: str) -> Signal:
        register = Signal(value.shape(), name=name, reset_less=True)
        with m.If(advance):
            m.d.sync += register.eq(value)
        return register

    def _search(self, m: Module, advance: Value, lane: int, positions: list[Value]) -> None:
        """Give the comparisons of one lane."""
        levels = self.plan.levels
        value: Value = self.i.payload[f"e{lane}"]
        found: list[Value] = []  # bits of the code, highest first
        for level in range(levels):
            memory = self._memory(m, lane, level)
            read = memory.read_port()
            m.d.comb += [
                read.addr.eq(Cat(*reversed(found), positions[level])),
                read.en.eq(advance),
            ]
            value = self._register(m, advance, value, f"value{lane}_{level}")
            found = [
                self._register(m, advance, bit, f"bit{lane}_{level}_{k}")
                for k, bit in enumerate(found)
            ]
            found.append(self._reached(value, read.data))
        count = Cat(*reversed(found))
        shape = shape_of(self.plan.outputs.lanes[lane])
        code = count if not self.plan.code_lo else count + Const(self.plan.code_lo)
        m.d.comb += self.o.payload[f"e{lane}"].eq(resize(code, shape.width))

    def _memory(self, m: Module, lane: int, level: int) -> Memory:
        words = self.plan.words(lane, level)
        memory = Memory(
            shape=unsigned(self.plan.word_bits(lane)),
            depth=max(len(words), 2),
            init=words,
            attrs=memory_attributes(self.plan.memories[level], writable=False),
        )
        m.submodules[f"thresholds{lane}_{level}"] = memory
        return memory

    def _reached(self, value: Value, threshold: Value) -> Value:
        if self.plan.bias:
            value = value.as_unsigned() ^ self.plan.bias
        return value >= threshold

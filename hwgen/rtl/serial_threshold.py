"""Requantization by binary search: a comparison a level and lane, thresholds in memories."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.stages.stage import SerialThreshold
from hwgen.rtl.constant_table import look_up
from hwgen.rtl.lanes import LaneComponent, counter, resize, shape_of
from hwgen.rtl.registers import Registers


class SerialThresholdUnit(LaneComponent):
    """A pipeline with one comparison in two stages; level s finds bit s of the code, highest first.

    Accepts a beat every cycle; latency `plan.latency`. Tables are not addressed by the counter of
    beats itself but a cycle late: with a counter's logic Yosys maps a table to several times the
    LUTs. A level's threshold is computed from the one before, or fetched from the place that the
    bits found so far point to. What comes out of LUTs is compared in the cycle after and the result
    is registered; what comes out of block RAM, whose read is slow, is registered first, and the
    result points into the next table at once.

    Parameters
    ----------
    plan
        The tables of thresholds, or the lines on which they lie.
    """

    def __init__(self, plan: SerialThreshold) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        latency = self.plan.latency
        valid = [Signal(name=f"valid{k + 1}") for k in range(latency)]
        advance = self.i.ready
        m.d.comb += [self.o.valid.eq(valid[-1]), advance.eq(self.o.ready | ~self.o.valid)]
        registers = Registers(m, advance)
        with m.If(advance):
            m.d.sync += Cat(*valid).eq(Cat(self.i.valid, *valid[:-1]))
        positions = self._delayed(registers, self._group(m, advance & self.i.valid), "group")
        if self.plan.ramps is None:
            for lane in range(len(self.plan.inputs.lanes)):
                self._search(registers, lane, positions)
        else:
            words = [self._ramp(registers, row, positions[1]) for row in range(self.plan.rows)]
            for lane in range(len(self.plan.inputs.lanes)):
                row = lane % self.plan.rows  # neighbours beside one another share their thresholds
                self._compute(registers, lane, *words[row])
        return m

    def _group(self, m: Module, taken: Value) -> Signal:
        """Count the groups of beats that are compared with the same thresholds."""
        groups, copies = self.plan.groups, self.plan.inputs.copies
        group, last = counter(groups, "group"), taken
        if copies > 1:
            neighbour = counter(copies, "neighbour")
            last = taken & (neighbour == copies - 1)
            with m.If(taken):
                m.d.sync += neighbour.eq(Mux(last, 0, neighbour + 1))
        with m.If(last):
            m.d.sync += group.eq(Mux(group == groups - 1, 0, group + 1))
        return group

    def _delayed(self, registers: Registers, value: Value, name: str) -> list[Value]:
        """Give a value as it comes, and after each stage."""
        stages = [value]
        for cycle in range(self.plan.latency):
            stages.append(registers.wait(stages[-1], f"{name}_{cycle}", 1))
        return stages

    def _search(self, registers: Registers, lane: int, positions: list[Value]) -> None:
        """Give the comparisons of one lane."""
        m = registers.m
        values = self._delayed(registers, self.i.payload[f"e{lane}"], f"value{lane}")
        found: list[Value] = []  # bits of the code, highest first
        for level, kind in enumerate(self.plan.memories):
            start = 1 + 2 * level
            row = lane % self.plan.rows  # neighbours beside one another have copies of a table
            words, bits = self.plan.words(row, level), self.plan.word_bits(row)
            place = Cat(*reversed(found), positions[start])
            read = look_up(registers, f"thresholds{lane}_{level}", words, bits, place, kind)
            found = [
                registers.wait(bit, f"bit{lane}_{level}_{k}", 2) for k, bit in enumerate(found)
            ]
            name = f"level{lane}_{level}"
            if kind == "block":
                data = registers.delay(read, name)
                found.append(self._reached(values[start + 2], data))
            else:
                reached = self._reached(values[start + 1], read)
                found.append(registers.delay(reached, name))
        self._give(m, lane, found)

    def _give(self, m: Module, lane: int, found: list[Value]) -> None:
        """Drive the code of a lane with the bits that were found, highest first."""
        count = Cat(*reversed(found))
        shape = shape_of(self.plan.outputs.lanes[lane])
        code = count if not self.plan.code_lo else count + Const(self.plan.code_lo)
        m.d.comb += self.o.payload[f"e{lane}"].eq(resize(code, shape.width))

    def _compute(self, registers: Registers, lane: int, threshold: Value, step: Value) -> None:
        """Give the comparisons of a lane whose thresholds are computed, each from the one before.

        A comparison goes with two enabled cycles: the threshold is in a register before it, its
        result behind it.
        """
        m, plan = registers.m, self.plan
        assert plan.ramps is not None
        start = plan.latency - 2 * plan.levels + 1
        value = registers.wait(self.i.payload[f"e{lane}"], f"value{lane}_in", start)
        found: list[Value] = []
        for level in range(plan.levels):
            name = f"level{lane}_{level}"
            if level:
                shift = plan.levels - 1 - level
                added = self._next(threshold, step, found[-1], shift)
                threshold = registers.delay(added.as_signed(), f"threshold{lane}_{level}")
                found = [registers.wait(bit, f"{name}_a{k}", 1) for k, bit in enumerate(found)]
                value = registers.wait(value, f"{name}_v0", 1)
                step = registers.wait(step, f"{name}_s0", 1)
            reached = value >= threshold[plan.ramps.fraction :].as_signed()
            found = [registers.wait(bit, f"{name}_b{k}", 1) for k, bit in enumerate(found)]
            found.append(registers.delay(reached, name))
            if level + 1 < plan.levels:
                value = registers.wait(value, f"{name}_v1", 1)
                step = registers.wait(step, f"{name}_s1", 1)
                threshold = registers.wait(threshold, f"{name}_t", 1)
        self._give(m, lane, found)

    def _next(self, threshold: Value, step: Value, reached: Value, shift: int) -> Value:
        """Give the threshold that many shifted steps above, if it was reached, or below."""
        width = len(threshold) - shift
        moved = resize(step, width) ^ (~reached).replicate(width)
        added = Cat(Const(1, 1), threshold[shift:]) + Cat(~reached, moved)
        return Cat(threshold[:shift], added[1 : width + 1])

    def _ramp(self, registers: Registers, row: int, group: Value) -> tuple[Value, Value]:
        """Give middle threshold and step of the row of a group."""
        words = self.plan.ramp_words(row)
        kind, bits = self.plan.memories[0], words.bits + words.step_bits
        data = look_up(registers, f"ramp{row}", words.words(), bits, group, kind)
        if kind == "block":
            data = registers.delay(data, f"ramp{row}_word")
        return data[: words.bits].as_signed(), data[words.bits :]

    def _reached(self, value: Value, threshold: Value) -> Value:
        if self.plan.bias:
            value = value.as_unsigned() ^ self.plan.bias
        return value >= threshold

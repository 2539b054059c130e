"""A matrix times a vector over many cycles, with no cycle for a zero weight.

The block diagram, a register between each two stages:

    step counter > program memory > its register > vector memories > two registers > products
    > sums of a PE's lanes > accumulators > results > output beat
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.numeric import Range
from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.program_memory import Columns, program_memory
from hwgen.plan.stages.stage import FoldedDense, ProcessingElement
from hwgen.plan.stages.weight_code import WeightCode
from hwgen.rtl.constant_table import look_up
from hwgen.rtl.lanes import LaneComponent, choose, counter, range_shape, resize
from hwgen.rtl.line_buffer import LineBuffer
from hwgen.rtl.product import Term, add, multiply
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_buffer import VectorBuffer

FETCH = 2  # registers between a step and the read of its elements
READ = 3  # between a position and its element


class FoldedDenseUnit(LaneComponent):
    """Processing elements on a static schedule of the nonzero weights.

    A vector takes `plan.cycles` cycles; the next one is taken in meanwhile. The rows of a set of
    PEs leave together, in the beats that the plan says, at most one a cycle. An output that stalls
    stops all steps.

    Parameters
    ----------
    plan
        The programs of the processing elements.
    """

    def __init__(self, plan: FoldedDense) -> None:
        self.plan = plan
        self._memory = program_memory(plan)
        self._lanes = [plan.pe_sets[owner].lanes for owner in plan.owners]
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self.plan
        self._enable = Signal(name="advance")
        self._registers = Registers(m, self._enable)
        m.submodules.buffer = buffer = self._buffer()
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
        word = self._program(m, step)
        last_but_one = self._registers.wait(issue, "issued", plan.pipeline - 1)
        valid = self._registers.wait(last_but_one, "accumulates", 1)
        flags = self._flags(m, word, issue, buffer)
        ends = []  # each a register: their way to the accumulators' resets is the longest of all
        for index, flag in enumerate(flags):
            late = self._registers.wait(flag, f"ends{index}", plan.pipeline - FETCH - 1)
            ends.append(self._registers.wait(late & last_but_one, f"end{index}", 1))
        # those that leave together in one list: set by set, of a set neighbour by neighbour
        results: list[list[Signal]] = [[] for _ in range(len(plan.pe_sets) * plan.pixels)]
        for index, element in enumerate(plan.elements):
            owner = plan.owners[index]
            weights = self._weights(index, word)
            start = self._start(m, index, element, ends[owner])
            for copy in range(plan.pixels):
                name = f"{index}" if plan.pixels == 1 else f"{index}_{copy}"
                total = self._sum(m, self._products(m, index, name, weights, buffer, copy), name)
                result = self._accumulate(m, name, element, start, total, valid, ends[owner])
                results[owner * plan.pixels + copy].append(result)
        of_copies = [end for end in ends for _ in range(plan.copies)]
        self._leave(m, [r for own in results for r in own], of_copies, output_valid)
        return m

    def _buffer(self) -> VectorBuffer | LineBuffer:
        """Give what holds the inputs: a vector, or rows of a map."""
        plan, ring = self.plan, ring_of(self.plan)
        readers = plan.banks if plan.counted else len(self._memory.readers)
        if ring is not None:
            shares = tuple(self._memory.shares[k] for k in self._memory.readers)
            return LineBuffer(ring, shares, plan.vector_memory)
        return VectorBuffer(plan.inputs, readers, plan.banks, plan.vector_memory)

    def _sequencer(self, m: Module, buffer: VectorBuffer | LineBuffer) -> tuple[Signal, Value]:
        """Count the steps of a vector while one is available."""
        cycles = self.plan.cycles
        step = counter(cycles, "step")
        issue = Signal()
        m.d.comb += [
            issue.eq(buffer.available),
            buffer.claim.eq(self._enable & issue & (step == cycles - 1)),
            buffer.release.eq(self._registers.wait(buffer.claim, "claimed", FETCH) & self._enable),
        ]
        with m.If(self._enable & issue):
            m.d.sync += step.eq(Mux(step == cycles - 1, 0, step + 1))
        return step, issue

    def _program(self, m: Module, step: Signal) -> dict[int, Value]:
        """Fetch the word of a step: the bit of each column of the program."""
        program = self._memory
        bits, words = max(len(program.held), 1), program.words()
        if self.plan.program_memory == "block":
            data = look_up(self._registers, "program", words, bits, step, "block")
            word: Value = self._registers.delay(data, "word")
        else:
            # LUTs that the counter itself addresses share logic with it, and become many more
            late = self._registers.wait(step, "late_step", 1)
            word = look_up(self._registers, "program", words, bits, late)
        known: dict[int, Value] = {0: Const(0, 1), program.always: Const(1, 1)}
        return known | {column: word[index] for index, column in enumerate(program.held)}

    def _flags(
        self, m: Module, word: dict[int, Value], issue: Value, buffer: VectorBuffer | LineBuffer
    ) -> list[Value]:
        """Whether the step that was fetched ends a row, for each set; drives the positions."""
        plan = self.plan
        if not plan.counted:
            ends = [word[column] for column in self._memory.ends]
            places: list[Value] = [
                _field(word, self._memory.places[multiplier]) for multiplier in self._memory.readers
            ]
            if plan.distances:
                fetched = self._registers.wait(issue, "fetched", FETCH)
                places = [self._walked(m, k, d, fetched, ends) for k, d in enumerate(places)]
            m.d.comb += [buffer.places[k].eq(place) for k, place in enumerate(places)]
            return ends
        steps = plan.cycles // plan.groups
        place = counter(steps, "place")
        is_last = place == steps - 1
        with m.If(self._enable & buffer.available):
            m.d.sync += place.eq(Mux(is_last, 0, place + 1))
        fetched = self._registers.wait(place, "place", 2)
        for lane in range(plan.banks):
            m.d.comb += buffer.places[lane].eq(fetched)
        return [self._registers.wait(is_last, "last", FETCH)]

    def _walked(
        self, m: Module, port: int, distance: Value, fetched: Value, ends: list[Value]
    ) -> Signal:
        """Give the place of a step, to which its word adds the distance of the next one."""
        memory = self._memory
        multiplier = memory.readers[port]
        place = Signal(len(distance), name=f"place{port}", init=memory.starts[multiplier])
        begin = Mux(ends[memory.sets[multiplier]], 0, place)
        with m.If(self._enable & fetched):
            m.d.sync += place.eq(begin + distance)
        return place

    def _weights(self, index: int, word: dict[int, Value]) -> list[Value]:
        """Give the weights of the lanes of a PE, when their elements are there."""
        before = sum(self._lanes[:index])
        return [
            self._registers.wait(
                _field(word, self._memory.weights[before + lane]), f"pe{index}_{lane}_weight", READ
            )
            for lane in range(self._lanes[index])
        ]

    def _products(
        self,
        m: Module,
        index: int,
        name: str,
        weights: list[Value],
        buffer: VectorBuffer | LineBuffer,
        copy: int,
    ) -> list[Term]:
        """Multiply in every lane of a PE, or of one of its copies."""
        plan, code = self.plan, WeightCode(self.plan.elements[index].weights)
        kind = plan.inputs.lanes[0]
        before = sum(self._lanes[:index])
        stages = plan.pipeline - FETCH - READ - (len(weights) - 1).bit_length()
        terms = []
        for lane, weight in enumerate(weights):
            port = lane if plan.counted else self._memory.ports[before + lane]
            bits = buffer.data[port * plan.pixels + copy]
            x = bits.as_signed() if kind.signed else bits
            own = f"pe{name}_{lane}"
            terms.append(multiply(self._registers, code, weight, x, kind, own, stages))
        return terms

    def _sum(self, m: Module, terms: list[Term], name: str) -> Term:
        """Add the lanes of a PE in a tree, a register after each level."""
        level = 0
        while len(terms) > 1:
            added = [
                self._pair(m, terms[k : k + 2], f"sum{name}_{level}_{k // 2}")
                for k in range(0, len(terms), 2)
            ]
            terms, level = added, level + 1
        return terms[0]

    def _pair(self, m: Module, pair: list[Term], name: str) -> Term:
        """Add two terms, or pass one on, and a register behind; one carry goes into the adder."""
        carries = [carry for part in pair for carry in part.carries]
        limits = Range(sum(part.range.lo for part in pair), sum(part.range.hi for part in pair))
        shape = range_shape(limits)
        value = Signal(shape, name=name)
        if len(pair) == 2:
            m.d.comb += value.eq(add(pair[0].value, pair[1], shape.width, tuple(carries[:1])))
            carries = carries[1:]
        else:
            m.d.comb += value.eq(pair[0].value)
        late = tuple(
            self._registers.delay(carry, f"{name}_carry{k}") for k, carry in enumerate(carries)
        )
        return Term(value=self._registers.delay(value, f"{name}_d1"), carries=late, range=limits)

    def _accumulate(
        self,
        m: Module,
        name: str,
        element: ProcessingElement,
        start: Value,
        products: Term,
        valid: Value,
        end: Value,
    ) -> Signal:
        """Sum the steps of a row; its total goes to the result, the next row starts at once."""
        shape = range_shape(element.accumulator)
        accumulator = Signal(shape, name=f"accumulator{name}", init=element.initial[0])
        total = Signal(shape, name=f"total{name}")
        result = Signal(shape, name=f"result{name}", reset_less=True)
        m.d.comb += total.eq(add(accumulator, products, shape.width, products.carries))
        with m.If(self._enable & valid):
            m.d.sync += accumulator.eq(total)
        with m.If(self._enable & end):
            m.d.sync += [accumulator.eq(start), result.eq(total)]
        return result

    def _start(self, m: Module, index: int, element: ProcessingElement, end: Value) -> Value:
        """Give what the next row of a PE starts with."""
        shape = range_shape(element.accumulator)
        starts = [Const(value, shape) for value in element.initial]
        if len(set(element.initial)) == 1:
            return starts[0]
        row = Signal((len(starts) - 1).bit_length(), name=f"following{index}", init=1)
        with m.If(self._enable & end):
            m.d.sync += row.eq(Mux(row == len(starts) - 1, 0, row + 1))
        following: Value = row
        if self.plan.least_gap(self.plan.owners[index]) > 1:
            # a table addressed by the counter itself shares logic with it, and takes more LUTs
            following = self._registers.wait(following, f"late_following{index}", 1)
        return choose(starts, following)

    def _leave(
        self, m: Module, results: list[Signal], ends: list[Value], output_valid: Signal
    ) -> None:
        """Results become the output beat; those of several sets wait for their turn."""
        plan = self.plan
        if plan.sets == 1:
            with m.If(self._enable):
                m.d.sync += output_valid.eq(ends[0])
            for lane, result in enumerate(results):
                m.d.comb += self.o.payload[f"e{lane}"].eq(result)
            return
        pending = Signal(plan.sets)
        if not plan.is_round:
            self._leave_together(m, results, ends, pending, output_valid)
            return
        turn, waits = self._turn(m, pending)
        with m.If(self._enable):
            m.d.sync += [
                output_valid.eq(waits),
                pending.eq(pending & ~(waits.replicate(plan.sets) & (1 << turn)) | Cat(*ends)),
            ]
        for lane, kind in enumerate(plan.outputs.lanes):
            together = results[lane :: len(plan.outputs.lanes)]
            chosen = choose([resize(result, kind.bits) for result in together], turn)
            beat = self._registers.delay(chosen, f"beat{lane}")
            m.d.comb += self.o.payload[f"e{lane}"].eq(beat)

    def _leave_together(
        self,
        m: Module,
        results: list[Signal],
        ends: list[Value],
        pending: Signal,
        output_valid: Signal,
    ) -> None:
        """Send the results of the sets that a table names for each beat, once all are there."""
        plan = self.plan
        beat = counter(plan.groups, "beat")
        sets = [sum(1 << s for s in together) for together in plan.turns]
        together = Signal(plan.sets, name="together")
        waits = Signal(name="waits")
        m.d.comb += [
            together.eq(choose([Const(bits, plan.sets) for bits in sets], beat)),
            waits.eq((pending & together) == together),
        ]
        with m.If(self._enable):
            m.d.sync += [
                output_valid.eq(waits),
                pending.eq(pending & ~(waits.replicate(plan.sets) & together) | Cat(*ends)),
            ]
            with m.If(waits):
                m.d.sync += beat.eq(Mux(beat == plan.groups - 1, 0, beat + 1))
        first_pe = [plan.owners.index(s) for s in range(plan.sets)]
        for lane in range(plan.width):
            bits = plan.outputs.lanes[lane].bits
            ways: list[Value] = []  # of one way synthesis makes the register's reset, which is free
            for s, part in enumerate(plan.pe_sets):
                if lane in part.fed:
                    result = resize(results[first_pe[s] + lane - part.first], bits)
                    ways.append(Mux(together[s], result, 0))
            fed = reduce(or_, ways) if ways else Const(0, bits)
            m.d.comb += self.o.payload[f"e{lane}"].eq(self._registers.delay(fed, f"beat{lane}"))

    def _turn(self, m: Module, pending: Signal) -> tuple[Signal, Value]:
        """Give the set whose result leaves next, and whether it is there."""
        plan = self.plan
        turn = counter(plan.sets, "turn")
        waits = choose(list(pending), turn)
        is_last = turn == plan.sets - 1
        if plan.groups % plan.sets:
            beat = counter(plan.groups, "beat")
            last_beat = beat == plan.groups - 1
            is_last = is_last | last_beat
            with m.If(self._enable & waits):
                m.d.sync += beat.eq(Mux(last_beat, 0, beat + 1))
        with m.If(self._enable & waits):
            m.d.sync += turn.eq(Mux(is_last, 0, turn + 1))
        return turn, waits


def _field(word: dict[int, Value], columns: Columns) -> Value:
    return Cat(word[column] for column in columns)

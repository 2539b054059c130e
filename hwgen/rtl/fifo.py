"""A queue of beats between two layers."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages.stage import Fifo
from hwgen.rtl.delay_line import following
from hwgen.rtl.lanes import LaneComponent, choose, counter
from hwgen.rtl.vector_memory import memory_attributes


class FifoUnit(LaneComponent):
    """Holds up to `plan.depth` beats; a beat is offered from the cycle after it came.

    A beat enters and one leaves every cycle. `ready` depends on what is stored alone, so that a
    stall on one side does not reach the other within a cycle.

    Parameters
    ----------
    plan
        The stream and the depth.
    """

    def __init__(self, plan: Fifo) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = self.plan.depth
        words = self.plan.words
        head, tail = counter(words, "head"), counter(words, "tail")
        level = counter(depth + 1, "level")
        arrives, leaves = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(level != depth),
            self.o.valid.eq(level != 0),
            arrives.eq(self.i.valid & self.i.ready),
            leaves.eq(self.o.valid & self.o.ready),
        ]
        if self.plan.in_registers:
            self._registers(m, arrives, head, tail)
        elif self.plan.memory == "block":
            self._block(m, arrives, leaves, head, tail)
        else:
            self._memory(m, arrives, head, tail)
        with m.If(arrives):
            m.d.sync += tail.eq(following(tail, words))
        with m.If(leaves):
            m.d.sync += head.eq(following(head, words))
        with m.If(arrives & ~leaves):
            m.d.sync += level.eq(level + 1)
        with m.Elif(leaves & ~arrives):
            m.d.sync += level.eq(level - 1)
        return m

    def _registers(self, m: Module, arrives: Signal, head: Signal, tail: Signal) -> None:
        """Hold each beat in a register of its own."""
        width = self.plan.inputs.width
        beats = [Signal(width, name=f"beat{k}", reset_less=True) for k in range(self.plan.depth)]
        for place, beat in enumerate(beats):
            with m.If(arrives & (tail == place)):
                m.d.sync += beat.eq(self.i.payload.as_value())
        m.d.comb += self.o.payload.eq(choose(beats, head))

    def _memory(self, m: Module, arrives: Signal, head: Signal, tail: Signal) -> None:
        """Hold the beats in a memory that is read in the same cycle."""
        shape = unsigned(self.plan.inputs.width)
        m.submodules.memory = memory = Memory(shape=shape, depth=self.plan.words, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(tail),
            write.data.eq(self.i.payload.as_value()),
            write.en.eq(arrives),
            read.addr.eq(head),
            self.o.payload.eq(read.data),
        ]

    def _block(
        self, m: Module, arrives: Signal, leaves: Signal, head: Signal, tail: Signal
    ) -> None:
        """Hold the beats in a block RAM, which is read a cycle before.

        What is read is the beat that will be first. One that comes to an empty queue passes by the
        memory in a register, since a place is not read while it is written.
        """
        width = self.plan.inputs.width
        m.submodules.memory = memory = Memory(
            shape=unsigned(width),
            depth=self.plan.words,
            init=[],
            attrs=memory_attributes("block", writable=True),
        )
        write, read = memory.write_port(), memory.read_port()
        first, passes, passed = Signal.like(head, name="first"), Signal(), Signal()
        beside = Signal(width, reset_less=True)
        m.d.comb += [
            write.addr.eq(tail),
            write.data.eq(self.i.payload.as_value()),
            write.en.eq(arrives),
            first.eq(Mux(leaves, following(head, self.plan.words), head)),
            passes.eq(arrives & (tail == first)),
            read.addr.eq(first),
            read.en.eq(~passes),
            self.o.payload.eq(Mux(passed, beside, read.data)),
        ]
        m.d.sync += [passed.eq(passes), beside.eq(self.i.payload.as_value())]

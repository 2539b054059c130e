"""A queue of beats between two layers."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages.stage import Fifo
from hwgen.rtl.lanes import LaneComponent, choose, counter


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
        head, tail = counter(depth, "head"), counter(depth, "tail")
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
        else:
            self._memory(m, arrives, head, tail)
        with m.If(arrives):
            m.d.sync += tail.eq(Mux(tail == depth - 1, 0, tail + 1))
        with m.If(leaves):
            m.d.sync += head.eq(Mux(head == depth - 1, 0, head + 1))
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
        m.submodules.memory = memory = Memory(shape=shape, depth=self.plan.depth, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(tail),
            write.data.eq(self.i.payload.as_value()),
            write.en.eq(arrives),
            read.addr.eq(head),
            self.o.payload.eq(read.data),
        ]

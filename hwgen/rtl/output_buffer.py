"""The queue at the end of stages that never stall."""

from __future__ import annotations

from amaranth import Module, Signal, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages.stage import OutputBuffer
from hwgen.rtl.lanes import LaneComponent


class OutputBufferUnit(LaneComponent):
    """Holds beats until the sink takes them.

    `i.ready` comes from a register, so that no path leads from the sink back through the design.
    It is for the first stage: a beat that arrives while it is low is taken all the same, and the
    stages before must not send more than `plan.under_way` of them. Latency 2.

    Parameters
    ----------
    plan
        Lanes and size.
    """

    def __init__(self, plan: OutputBuffer) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth, width = self.plan.depth, self.plan.inputs.width
        written, fetched = Signal(range(2 * depth)), Signal(range(2 * depth))
        held, fetch, offered = Signal(range(2 * depth)), Signal(), Signal()
        open_, address_bits = Signal(), (depth - 1).bit_length()
        m.submodules.memory = memory = Memory(shape=unsigned(width), depth=depth, init=[])
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            held.eq(written - fetched),
            fetch.eq((written != fetched) & (self.o.ready | ~offered)),
            write.addr.eq(written[:address_bits]),
            write.data.eq(self.i.payload.as_value()),
            write.en.eq(self.i.valid),
            read.addr.eq(fetched[:address_bits]),
            read.en.eq(fetch),
            self.i.ready.eq(open_),
            self.o.valid.eq(offered),
            self.o.payload.as_value().eq(read.data),
        ]
        m.d.sync += [
            written.eq(written + self.i.valid),
            fetched.eq(fetched + fetch),
            open_.eq(held <= depth - self.plan.under_way),
            offered.eq(fetch | (offered & ~self.o.ready)),
        ]
        return m

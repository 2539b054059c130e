"""Puts the elements of a vector back into their own order."""

from __future__ import annotations

import numpy as np
from amaranth import Module, Mux, Signal, Value

from hwgen.plan.stages.stage import PADDING, Reorder
from hwgen.rtl.constant_table import look_up
from hwgen.rtl.lanes import LaneComponent, counter, resize
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_buffer import VectorBuffer

FETCH = 2  # registers between a beat's turn and the read of its elements
READ = 3  # between a position and its element


class ReorderUnit(LaneComponent):
    """Holds two vectors: one leaves, a beat a cycle, while the next one arrives.

    The first beat leaves `FETCH + READ` cycles after the whole vector is there. An output that
    stalls stops all reads.

    Parameters
    ----------
    plan
        Where each element comes from.
    """

    def __init__(self, plan: Reorder) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beats, lanes = self.plan.outputs.beats, len(self.plan.outputs.lanes)
        m.submodules.buffer = buffer = VectorBuffer(self.plan.inputs, lanes, 1, self.plan.memory)
        beat, advance, claim = counter(beats, "beat"), Signal(), Signal()
        issue = buffer.available
        m.d.comb += claim.eq(advance & issue & (beat == beats - 1))
        registers = Registers(m, advance)
        valid = registers.wait(issue, "valid", FETCH + READ)
        claimed = registers.wait(claim, "claimed", FETCH)
        m.d.comb += [
            buffer.i.payload.eq(self.i.payload),
            buffer.i.valid.eq(self.i.valid),
            self.i.ready.eq(buffer.i.ready),
            buffer.enable.eq(advance),
            buffer.claim.eq(claim),
            buffer.release.eq(claimed & advance),
            self.o.valid.eq(valid),
            advance.eq(self.o.ready | ~valid),
        ]
        with m.If(advance & issue):
            m.d.sync += beat.eq(Mux(beat == beats - 1, 0, beat + 1))
        for lane in range(lanes):
            self._lane(registers, lane, beat, buffer)
        return m

    def _lane(self, registers: Registers, lane: int, beat: Signal, buffer: VectorBuffer) -> None:
        """Fetch where an element comes from, then the element; constants do not come at all."""
        m, plan, lanes = registers.m, self.plan, len(self.plan.outputs.lanes)
        kind, bits = plan.outputs.lanes[lane], buffer.shape.place_bits
        sources, constants = plan.sources[lane::lanes], plan.constants[lane::lanes]
        missing = PADDING in sources
        mask = (1 << kind.bits) - 1
        places = buffer.shape.places(np.array(sources, np.int64)).tolist()
        words = [
            place if source != PADDING else (constant & mask) << bits + 1 | 1 << bits
            for source, place, constant in zip(sources, places, constants, strict=True)
        ]
        width = bits + (1 + kind.bits if missing else 0)
        fetched = look_up(registers, f"places{lane}", words, width, beat)
        word: Value = registers.delay(fetched, f"word{lane}")
        m.d.comb += buffer.places[lane].eq(word[:bits])
        data = buffer.data[lane]
        element = resize(data.as_signed() if plan.inputs.lanes[0].signed else data, kind.bits)
        if missing:
            word = registers.wait(word, f"word{lane}", READ)
            element = Mux(word[bits], word[bits + 1 :], element)
        m.d.comb += self.o.payload[f"e{lane}"].eq(element)

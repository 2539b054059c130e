"""What the board tells of itself and of its last test, byte by byte."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.link import INFO_BYTES, TEST_BYTES, LinkPlan
from hwgen.rtl.lanes import choose

TEST = 32  # place of the first byte of a test; those of the information end before it
INFO = TEST - INFO_BYTES


class Info(wiring.Component):
    """Bytes of the reply to INFO or TEST, one after another.

    Members
    -------
    of_test : in
        Which of the two.
    begin : in
        Go to the first byte.
    signature_value, cycles, bad_frames, resets, passed, running : in
        What is told beside the constants of the plan.
    byte, taken
        The next byte.
    at_end : out
        All were taken.
    """

    def __init__(self, plan: LinkPlan) -> None:
        self.plan = plan
        super().__init__(
            {
                "of_test": In(1),
                "begin": In(1),
                "signature_value": In(16),
                "cycles": In(plan.self_test.cycle_bits),
                "bad_frames": In(8),
                "resets": In(8),
                "passed": In(1),
                "running": In(1),
                "byte": Out(8),
                "taken": In(1),
                "at_end": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place = Signal(6)
        constants = self.plan.info_constants
        info: list[Value] = [Const(value, 8) for value in constants]
        info += [self.bad_frames, Const(0, 8), self.resets]
        info += [Cat(self.passed, self.running, Const(0, 6))]
        cycles = Cat(self.cycles, Const(0, 32 - len(self.cycles)))
        test = [self.signature_value[:8], self.signature_value[8:]]
        test += [cycles.word_select(k, 8) for k in range(4)]
        table = [Const(0, 8)] * INFO + info + test
        m.d.comb += [
            self.byte.eq(choose(table, place)),
            self.at_end.eq(Mux(self.of_test, place == TEST + TEST_BYTES, place[5])),
        ]
        with m.If(self.begin):
            m.d.sync += place.eq(Mux(self.of_test, TEST, INFO))
        with m.Elif(self.taken):
            m.d.sync += place.eq(place + 1)
        return m

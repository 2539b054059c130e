"""Runs the design on pseudo-random vectors at full speed, and checks what comes."""

from __future__ import annotations

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.link import LinkPlan
from hwgen.plan.self_test import SIGNATURE_BITS, SIGNATURE_POLYNOMIAL


class SelfTest(wiring.Component):
    """A signature of the results of `vectors` vectors, and the cycles that they take.

    Goes on by itself once the design is out of its reset, at power-up and after `start`. Every beat
    of the results, folded to the width of the signature, is added to the signature, which moves by
    a bit for each. The cycles are counted from one before the first beat is taken to the one
    behind the first beat of the last vector's result. A count that overflows ends the test.

    Members
    -------
    start : in
        Run anew; the design must be reset with it.
    design_runs : in
        The design is out of its reset.
    ready : in
        The design takes a beat.
    beat, taken, last : in
        A beat of the results is taken, and it is the last one of its vector.
    waits, tests : out
        The test waits for the design's reset; it is under way.
    running : out
        Either.
    over : out
        For one cycle: the test ends; what else is in the design must be reset.
    signature_value, cycles : out
        What was found.
    passed, failed : out
        Whether it was what the reference gives; both low until the first test is over.
    """

    def __init__(self, plan: LinkPlan) -> None:
        self.plan = plan
        super().__init__(
            {
                "start": In(1),
                "design_runs": In(1),
                "ready": In(1),
                "beat": In(8 * plan.outputs.beat_bytes),
                "taken": In(1),
                "last": In(1),
                "waits": Out(1),
                "tests": Out(1),
                "running": Out(1),
                "over": Out(1),
                "signature_value": Out(SIGNATURE_BITS),
                "cycles": Out(plan.self_test.cycle_bits),
                "passed": Out(1),
                "failed": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        test = self.plan.self_test
        waits, tests = Signal(init=1), Signal()
        started = Signal(test.vectors.bit_length())  # results, of which all are at the high bit
        first = Signal()  # the next beat is the first one of a result
        signature, cycles = Signal(SIGNATURE_BITS), Signal(test.cycle_bits)
        complete, taken, begun = Signal(), Signal(), Signal()
        is_right = Signal()
        m.d.comb += [
            complete.eq(started[-1] & first),
            taken.eq(self.taken & ~complete),
            self.over.eq(tests & (complete | cycles[-1])),
            self.waits.eq(waits),
            self.tests.eq(tests),
            self.running.eq(waits | tests),
            self.signature_value.eq(signature),
            self.cycles.eq(cycles),
            is_right.eq(signature == test.signature),
            self.passed.eq(is_right & ~self.running),
            self.failed.eq(~is_right & ~self.running),
        ]
        with m.If(self.start):
            m.d.sync += waits.eq(1)
        with m.Elif(waits):
            m.d.sync += [waits.eq(~self.design_runs), tests.eq(self.design_runs)]
        with m.Elif(self.over):
            m.d.sync += tests.eq(0)
        with m.If(waits):
            m.d.sync += [started.eq(0), cycles.eq(2), signature.eq(0), first.eq(1)]
            m.d.sync += begun.eq(0)
        with m.Elif(tests):
            with m.If(self.ready):
                m.d.sync += begun.eq(1)
            with m.If(begun & ~started[-1]):
                m.d.sync += cycles.eq(cycles + 1)
            with m.If(taken):
                m.d.sync += [signature.eq(self._next(signature)), first.eq(self.last)]
            with m.If(taken & first):
                m.d.sync += started.eq(started + 1)
        return m

    def _next(self, signature: Signal) -> Signal:
        width = self.plan.outputs.width
        high = signature[-1]
        moved = Cat(
            *(
                (signature[k - 1] if k else high)
                ^ (high if k and (SIGNATURE_POLYNOMIAL >> k) & 1 else 0)
                for k in range(SIGNATURE_BITS)
            )
        )
        for low in range(0, width, SIGNATURE_BITS):
            moved ^= self.beat[low : min(low + SIGNATURE_BITS, width)]
        return moved

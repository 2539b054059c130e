"""The serial link whole: bytes on two pins, a design between two streams, two lamps."""

from __future__ import annotations

from amaranth import (
    Cat,
    ClockDomain,
    ClockSignal,
    Const,
    Instance,
    Module,
    Mux,
    ResetInserter,
    ResetSignal,
    Signal,
)
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from hwgen.plan.link import RENEWAL_CYCLES, LinkPlan, Status
from hwgen.rtl.link.deframer import Deframer
from hwgen.rtl.link.framer import Framer
from hwgen.rtl.link.gather import Gather
from hwgen.rtl.link.info import Info
from hwgen.rtl.link.receiver import Receiver
from hwgen.rtl.link.request import Request
from hwgen.rtl.link.self_test import SelfTest
from hwgen.rtl.link.spread import Spread
from hwgen.rtl.link.transmitter import Transmitter


class Link(wiring.Component):
    """Answers requests on a serial line with what the design makes of them.

    One request at a time: what comes between its end and that of its reply is dropped. The results
    of a run leave while the request still arrives; the status is last. Any status but "done" resets
    the design.

    Parameters
    ----------
    plan
        Every number.

    Members
    -------
    clk, rx : in
    locked : in
        Where the clock is a PLL's: until then, and where it is lost, all is reset.
    tx : out
    passed, failed : out
        The last self test; both low while it runs.
    """

    def __init__(self, plan: LinkPlan) -> None:
        self.plan = plan
        ports = {"clk": In(1), "rx": In(1), "tx": Out(1), "passed": Out(1), "failed": Out(1)}
        super().__init__(ports | ({"locked": In(1)} if plan.has_pll else {}))

    def elaborate(self, platform: object) -> Module:
        m, plan = Module(), self.plan
        m.domains.sync = ClockDomain(reset_less=not plan.has_pll)
        if plan.has_pll:
            waits = Signal(2, init=0b11, reset_less=True)
            m.d.sync += waits.eq(Cat(~self.locked, waits[0]))
            m.d.comb += ResetSignal().eq(waits[1])
        m.submodules.receiver = receiver = Receiver(plan.divisor)
        m.submodules.transmitter = transmitter = Transmitter(plan.divisor)
        m.submodules.deframer = deframer = Deframer()
        m.submodules.framer = framer = Framer()
        m.submodules.request = request = Request()
        m.submodules.gather = gather = Gather(plan.inputs)
        m.submodules.spread = spread = Spread(plan.outputs)
        m.submodules.test = test = SelfTest(plan)
        m.submodules.info = info = Info(plan)
        runs, last = Signal(), Signal()
        active = Signal()  # vectors of this request went to the design
        pending = Signal(plan.pending_bits)  # that are in it
        offers, takes = Signal(), Signal()
        m.d.comb += [
            ClockSignal().eq(self.clk),
            receiver.rx.eq(self.rx),
            deframer.byte.eq(receiver.byte),
            deframer.done.eq(receiver.done),
            deframer.broken.eq(receiver.broken),
            deframer.enable.eq(~request.ended),
            request.command.eq(deframer.command),
            request.strobe.eq(deframer.strobe),
            request.ends.eq(deframer.ends),
            request.is_whole.eq(deframer.is_whole),
            request.is_clean.eq(deframer.is_clean),
            request.at_start.eq(gather.at_start),
            request.overruns.eq(gather.overruns),
            request.running.eq(test.running),
            request.reply_ends.eq(framer.ends),
            gather.byte.eq(deframer.payload),
            gather.strobe.eq(request.forwards),
            gather.seed.eq(test.waits),
            gather.tests.eq(test.tests),
            gather.clear.eq(~runs),
            spread.valid.eq(offers & active),
            spread.byte_taken.eq(framer.result_taken & request.is_run),
            spread.clear.eq(~runs),
            takes.eq(spread.ready | test.tests),
            test.start.eq(request.tests),
            test.design_runs.eq(runs),
            test.ready.eq(gather.ready),
            test.beat.eq(spread.beat),
            test.taken.eq(offers),
            test.last.eq(last),
            info.of_test.eq(request.is_test),
            info.begin.eq(request.ends),
            info.taken.eq(framer.result_taken),
            info.signature_value.eq(test.signature_value),
            info.cycles.eq(test.cycles),
            info.bad_frames.eq(request.bad_frames),
            info.resets.eq(request.resets),
            info.passed.eq(test.passed),
            info.running.eq(test.running),
            framer.command.eq(deframer.command),
            framer.sequence.eq(deframer.sequence),
            framer.status.eq(request.status),
            framer.start.eq(request.ended | spread.valid),
            framer.ready.eq(transmitter.ready),
            transmitter.byte.eq(framer.byte),
            transmitter.valid.eq(framer.valid),
            self.tx.eq(transmitter.tx),
            self.passed.eq(test.passed),
            self.failed.eq(test.failed),
        ]
        told = request.ended & (request.is_info | (request.is_test & ~test.running))
        failed = request.status != Status.DONE
        m.d.comb += [
            framer.result.eq(Mux(request.is_run, spread.byte, info.byte)),
            framer.result_valid.eq(
                ~failed & Mux(request.is_run, spread.valid, told & ~info.at_end)
            ),
            framer.complete.eq(
                request.ended
                & (
                    failed
                    | Mux(request.is_run, (pending == 0) & ~gather.waits, told & info.at_end)
                    | ~(request.is_run | request.is_info | request.is_test)
                )
            ),
        ]
        with m.If(framer.ends):
            m.d.sync += active.eq(0)
        with m.Elif(gather.taken):
            m.d.sync += active.eq(1)
        with m.If(~runs):
            m.d.sync += pending.eq(0)
        with m.Elif(gather.vector_taken ^ (offers & last & spread.ready)):
            one_less = (~gather.vector_taken).replicate(len(pending) - 1)
            m.d.sync += pending.eq(pending + Cat(Const(1, 1), one_less))
        self._reset(m, runs, request.renews | test.over)
        source = self._queued(m, runs, gather, test)
        m.submodules.design = Instance(
            plan.name,
            i_aclk=ClockSignal(),
            i_aresetn=runs,
            i_s_axis_tdata=source.beat,
            i_s_axis_tvalid=source.valid,
            o_s_axis_tready=source.ready,
            i_s_axis_tlast=Const(0, 1),
            o_m_axis_tdata=spread.beat,
            o_m_axis_tvalid=offers,
            i_m_axis_tready=takes,
            o_m_axis_tlast=last,
        )
        return m

    def _reset(self, m: Module, runs: Signal, renews: Signal) -> None:
        """Hold the design in reset after power-up, and for a moment where asked."""
        bits = self.plan.reset_cycles.bit_length()
        left = Signal(bits + 1, init=(1 << bits) - self.plan.reset_cycles)  # runs at the high bit
        m.d.comb += runs.eq(left[-1])
        with m.If(renews):
            m.d.sync += left.eq((1 << bits) - RENEWAL_CYCLES)
        with m.Elif(~runs):
            m.d.sync += left.eq(left + 1)

    def _queued(self, m: Module, runs: Signal, gather: Gather, test: SelfTest) -> _Source:
        """Put a queue behind the gatherer where the plan has one; the self test passes it by."""
        source = _Source(len(gather.beat))
        if not self.plan.fifo_depth:
            m.d.comb += [
                source.beat.eq(gather.beat),
                source.valid.eq(gather.valid),
                gather.ready.eq(source.ready),
            ]
            return source
        queue = SyncFIFOBuffered(width=len(gather.beat), depth=self.plan.fifo_depth)
        m.submodules.queue = ResetInserter(~runs)(queue)
        m.d.comb += [
            queue.w_data.eq(gather.beat),
            queue.w_en.eq(gather.valid & ~test.tests),
            queue.r_en.eq(source.ready & ~test.tests),
            gather.ready.eq(Mux(test.tests, source.ready, queue.w_rdy)),
            source.beat.eq(Mux(test.tests, gather.beat, queue.r_data)),
            source.valid.eq(Mux(test.tests, gather.valid, queue.r_rdy)),
        ]
        return source


class _Source:
    """What the design is offered."""

    def __init__(self, bits: int) -> None:
        self.beat = Signal(bits, name="source_beat")
        self.valid, self.ready = Signal(name="source_valid"), Signal(name="source_ready")

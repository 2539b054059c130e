"""What a request asks for, whether it can be done, and what becomes of the design after it."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.link import Command, Status


class Request(wiring.Component):
    """Follows one request from its first byte to the end of its reply.

    Members
    -------
    command, strobe, ends, is_whole, is_clean : in
        From the deframer.
    at_start, overruns : in
        From the gatherer: no vector is begun; a byte comes too early.
    running : in
        The self test runs; only INFO is answered.
    reply_ends : in
        The reply is over.
    is_run, is_info, is_test : out
        The command, from the first byte of a payload or the end on.
    forwards : out
        A byte of the payload belongs to a vector.
    ended, status : out
        The request is over, and how; until then the status is "done".
    renews, tests : out
        Reset the design; run the self test anew.
    bad_frames, resets : out
        Requests with another status than "done", and resets of the design by requests, modulo 256.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "command": In(8),
                "strobe": In(1),
                "ends": In(1),
                "is_whole": In(1),
                "is_clean": In(1),
                "at_start": In(1),
                "overruns": In(1),
                "running": In(1),
                "reply_ends": In(1),
                "is_run": Out(1),
                "is_info": Out(1),
                "is_test": Out(1),
                "forwards": Out(1),
                "ended": Out(1),
                "status": Out(3),
                "renews": Out(1),
                "tests": Out(1),
                "bad_frames": Out(8),
                "resets": Out(8),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        is_reset = Signal()
        ended, status = Signal(), Signal(3)
        overrun, surplus, missed = Signal(), Signal(), Signal()
        found = Signal(3)
        m.d.comb += [
            self.is_run.eq(self.command == Command.RUN),
            self.is_info.eq(self.command == Command.INFO),
            self.is_test.eq(self.command == Command.TEST),
            is_reset.eq(self.command == Command.RESET),
            self.forwards.eq(self.strobe & self.is_run & ~self.running & ~overrun),
            found.eq(self._status(is_reset, overrun, surplus, missed)),
            self.ended.eq(ended),
            self.status.eq(status),
            self.tests.eq(self.ends & (found == Status.DONE) & self.is_test),
            self.renews.eq(
                self.ends & ~self.running & ((found != Status.DONE) | is_reset | self.is_test)
            ),
        ]
        with m.If(self.strobe & ~self.is_run):
            m.d.sync += surplus.eq(1)
        with m.If(self.strobe & self.running):
            m.d.sync += missed.eq(1)
        with m.If(self.overruns):
            m.d.sync += overrun.eq(1)
        with m.If(self.ends):
            m.d.sync += [ended.eq(1), status.eq(found)]
            m.d.sync += self.bad_frames.eq(self.bad_frames + (found != Status.DONE))
        with m.If(self.renews):
            m.d.sync += self.resets.eq(self.resets + 1)
        with m.If(self.reply_ends):
            m.d.sync += [ended.eq(0), status.eq(Status.DONE)]
            m.d.sync += [overrun.eq(0), surplus.eq(0), missed.eq(0)]
        return m

    def _status(self, is_reset: Value, overrun: Value, surplus: Value, missed: Value) -> Value:
        """Give the first thing that is wrong."""
        known = self.is_run | self.is_info | self.is_test | is_reset
        wrong_length = surplus | ~self.at_start
        found: Value = Mux(wrong_length, Status.LENGTH, Status.DONE)
        found = Mux(overrun, Status.OVERRUN, found)
        found = Mux((self.running | missed) & ~self.is_info, Status.BUSY, found)
        found = Mux(known, found, Status.COMMAND)
        found = Mux(self.is_whole, found, Status.CHECKSUM)
        return Mux(self.is_clean, found, Status.LINE)

"""Puts a reply between flags: header, results, status, checksum, with byte stuffing."""

from __future__ import annotations

from enum import IntEnum

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.rtl.lanes import choose
from hwgen.rtl.link.checksum import Checksum
from hwgen.rtl.link.deframer import ESCAPE, FLAG

REPLY = 0x80  # set in the command of a reply


class Step(IntEnum):
    """What is sent next. A reply begins with the last one and goes on with the first."""

    COMMAND = 0
    SEQUENCE = 1
    RESULTS = 2
    STATUS = 3
    CHECKSUM = 4
    CHECKSUM_LOW = 5
    END = 6
    FLAG = 7


class Framer(wiring.Component):
    """Sends one reply after `start`: results as they come, then the status.

    Members
    -------
    start : in
        A reply begins; looked at while none is under way.
    command, sequence, status : in
        Of the reply; command and sequence hold from the start, the status from `complete` on.
    result, result_valid, result_taken
        The next byte of the results; `result_taken` is high for the cycle in which it is taken.
    complete : in
        No result comes any more.
    ends : out
        For one cycle: the reply is over but for its last bytes on the line.
    byte, valid, ready
        To the transmitter.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "start": In(1),
                "command": In(8),
                "sequence": In(8),
                "status": In(3),
                "result": In(8),
                "result_valid": In(1),
                "result_taken": Out(1),
                "complete": In(1),
                "ends": Out(1),
                "byte": Out(8),
                "valid": Out(1),
                "ready": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.checksum = checksum = Checksum()
        step, current = Signal(3, init=Step.FLAG), Signal(8)
        loaded, loads, is_flag, is_turned = Signal(), Signal(), Signal(), Signal()
        sources = {
            Step.COMMAND: self.command | REPLY,
            Step.SEQUENCE: self.sequence,
            Step.RESULTS: self.result,
            Step.STATUS: Cat(self.status, Const(0, 5)),
            Step.CHECKSUM: checksum.value[8:],
            Step.CHECKSUM_LOW: checksum.value[8:],  # the low half has moved up
            Step.END: Const(FLAG, 8),
            Step.FLAG: Const(FLAG, 8),
        }
        in_results = step == Step.RESULTS
        there = Mux(in_results, self.result_valid, (step != Step.FLAG) | self.start)
        m.d.comb += [
            loads.eq(there & ~loaded),
            self.result_taken.eq(loads & in_results),
            self.ends.eq(loads & (step == Step.END)),
            checksum.byte.eq(current),
            checksum.start.eq(loads),
            checksum.clear.eq(step == Step.COMMAND),  # behind the flag, which it does not cover
        ]
        with m.If(loads):
            m.d.sync += current.eq(choose(list(sources.values()), step))
            m.d.sync += is_flag.eq((step == Step.FLAG) | (step == Step.END))
        with m.If(Mux(in_results, ~loaded & ~self.result_valid & self.complete, loads)):
            m.d.sync += step.eq(step + 1)
        sent = self.valid & self.ready
        escapes = ~is_flag & ((current == FLAG) | (current == ESCAPE)) & ~is_turned
        m.d.comb += [
            self.valid.eq(loaded & ~checksum.busy),
            self.byte.eq(
                Mux(escapes, ESCAPE, Cat(current[:5], current[5] ^ is_turned, current[6:]))
            ),
        ]
        with m.If(loads):
            m.d.sync += loaded.eq(1)
        with m.Elif(sent):
            m.d.sync += [loaded.eq(escapes), is_turned.eq(escapes)]
        return m

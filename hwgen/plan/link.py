"""The numbers of the serial link around a design: the line, frames, resets and the self test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.plan.design import Plan
from hwgen.plan.self_test import SelfTestPlan, plan_self_test
from hwgen.plan.stages.stage import Stream
from hwgen.plan.streams.line import Capacity, Pace, capacity, held_vectors

PROTOCOL = 1  # version, the first byte of INFO
INFO_BYTES, TEST_BYTES = 27, 6
RENEWAL_CYCLES = 4  # of reset after a request that failed, and around a test
POWER_UP_HZ = 50_000  # 20 us, until block RAMs of iCE40 give their contents (icestorm#76)
LEAST_BAUD = 50  # the slowest line that POSIX names
LEAST_DIVISOR = 8  # cycles a bit: the middle of a bit is found to an eighth
MOST_ERROR = 0.015  # of the rate
SKEW = 0.04  # by which the host's bits may be shorter than planned
HEADER_BYTES = 6  # flag, command and sequence of a reply, perhaps escaped
FRAME_BYTES = 6  # of a request beside its vectors: two flags, command, sequence, checksum
MOST_QUEUE_BYTES = 4096
BAUDS = (1_000_000, 921_600, 500_000, 460_800, 230_400, 115_200, 57_600, 38_400, 19_200, 9_600)


class Command(IntEnum):
    """What a request asks for."""

    INFO = ord("I")
    RUN = ord("R")
    TEST = ord("T")
    RESET = ord("Z")


class Status(IntEnum):
    """How a request ended."""

    DONE = 0
    CHECKSUM = 1
    LENGTH = 2
    OVERRUN = 3
    COMMAND = 4
    LINE = 5
    BUSY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Vectors on one side of the design, in beats of whole bytes, of which `width` bits count."""

    beat_bytes: int
    beats: int
    width: int

    @property
    def vector_bytes(self) -> int:
        """Bytes of a vector on the line, before stuffing."""
        return self.beat_bytes * self.beats

    @property
    def may_escape(self) -> bool:
        """Whether a byte can be one that is escaped: it has seven bits that count."""
        return self.width >= 7

    @classmethod
    def of(cls, stream: Stream) -> Side:
        """Give the beats of a stream."""
        return cls(beat_bytes=-(-stream.width // 8), beats=stream.beats, width=stream.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """Every number of the link that needs no tool."""

    name: str
    digest: str  # the first 8 bytes of the SHA-256 of the design's Verilog, hexadecimal
    clock_hz: int
    has_pll: bool  # whose lock the link waits for
    baud: int
    divisor: int
    inputs: Side
    outputs: Side
    frame_vectors: int
    fifo_depth: int
    pending_bits: int
    reset_cycles: int
    self_test: SelfTestPlan

    @property
    def info_constants(self) -> bytes:
        """What INFO tells that never changes, in its order."""
        sizes = (self.inputs.vector_bytes, self.outputs.vector_bytes)
        numbers = [(self.clock_hz, 4), *((size, 4) for size in sizes), (self.frame_vectors, 2)]
        told = b"".join(value.to_bytes(size, "little") for value, size in numbers)
        return bytes([PROTOCOL]) + bytes.fromhex(self.digest) + told


def divisor_of(clock_hz: int, baud: int) -> int:
    """Give the clock cycles a bit.

    Raises
    ------
    PlanError
        Where the rate is off by more than 1.5 %, a bit has less than eight cycles, or the line is
        slower than any.
    """
    if baud < LEAST_BAUD:
        raise PlanError(f"baud: must be at least {LEAST_BAUD}, not {baud}; take {BAUDS[0]}")
    divisor = round(clock_hz / baud)
    mega = f"{clock_hz / 1e6:g} MHz"
    if divisor < LEAST_DIVISOR:
        raise PlanError(
            f"baud: must leave {LEAST_DIVISOR} cycles of the clock of {mega} a bit, and {baud} "
            f"leaves {clock_hz / baud:.1f}; take --baud {_nearest(clock_hz, baud)}"
        )
    error = abs(clock_hz / divisor / baud - 1)
    if error > MOST_ERROR:
        raise PlanError(
            f"baud: must divide the clock of {mega} to {MOST_ERROR:.1%}, and {baud} is off by "
            f"{error:.1%}; take --baud {_nearest(clock_hz, baud)}"
        )
    return divisor


def plan_link(
    plan: Plan, graph: Graph, digest: str, clock_hz: int, baud: int, *, has_pll: bool = False
) -> LinkPlan:
    """Decide the link around a design.

    Parameters
    ----------
    plan, graph
        The design and its network.
    digest
        Of the design's Verilog.
    clock_hz, baud
        Of the design, and of the line.
    has_pll
        The clock is a PLL's.

    Raises
    ------
    PlanError
        Where clock and line do not go together, or the design takes no vector at the line's pace.
    """
    divisor = divisor_of(clock_hz, baud)
    inputs, outputs = Side.of(plan.inputs), Side.of(plan.outputs)
    held = _capacity(plan, divisor)
    if held is None:
        slower = (rate for rate in BAUDS if rate < baud and _works(plan, clock_hz, rate))
        rate = next(slower, None)
        advice = "build a faster design" if rate is None else f"take --baud {rate}"
        raise PlanError(
            f"{plan.name}: the design must take a vector at the pace of the line, and takes one "
            f"every {plan.interval_cycles} cycles; {advice}"
        )
    queued = -(-held.fifo_depth // inputs.beats)
    vectors = held_vectors(plan.stages, plan.reads) + queued + 1
    return LinkPlan(
        name=plan.name,
        digest=digest,
        clock_hz=clock_hz,
        has_pll=has_pll,
        baud=baud,
        divisor=divisor,
        inputs=inputs,
        outputs=outputs,
        frame_vectors=held.frame_vectors,
        fifo_depth=held.fifo_depth,
        pending_bits=vectors.bit_length() + 1,
        reset_cycles=max(-(-clock_hz // POWER_UP_HZ), RENEWAL_CYCLES),
        self_test=plan_self_test(plan, graph, clock_hz),
    )


def pace_of(inputs: Side, outputs: Side, divisor: int) -> Pace:
    """Give the cycles of a line whose host is as fast as may be, and whose results are escaped."""
    byte = 10 * divisor
    fast = int(byte * (1 - SKEW))
    result = outputs.beat_bytes * byte * (2 if outputs.may_escape else 1)
    return Pace(beat=inputs.beat_bytes * fast, byte=fast, header=HEADER_BYTES * byte, result=result)


def line_rate(baud: int, vector_bytes: int, frame_vectors: int) -> float:
    """Vectors a second that the line carries to the board."""
    return baud / 10 / (vector_bytes + FRAME_BYTES / frame_vectors)


def _capacity(plan: Plan, divisor: int) -> Capacity | None:
    inputs, outputs = Side.of(plan.inputs), Side.of(plan.outputs)
    pace = pace_of(inputs, outputs, divisor)
    return capacity(plan.stages, plan.reads, pace, MOST_QUEUE_BYTES // inputs.beat_bytes)


def _works(plan: Plan, clock_hz: int, baud: int) -> bool:
    return _fits(clock_hz, baud) and _capacity(plan, round(clock_hz / baud)) is not None


def _fits(clock_hz: int, baud: int) -> bool:
    divisor = round(clock_hz / baud)
    return divisor >= LEAST_DIVISOR and abs(clock_hz / divisor / baud - 1) <= MOST_ERROR


def _nearest(clock_hz: int, baud: int) -> int:
    """Give the usual rate below `baud` that the clock makes, or a tenth of a hundredth of it."""
    return next((rate for rate in BAUDS if rate < baud and _fits(clock_hz, rate)), clock_hz // 1000)

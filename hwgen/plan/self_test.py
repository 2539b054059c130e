"""The self test of a board: pseudo-random vectors, and the signature that the reference gives."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from hwgen.ir import Graph
from hwgen.numeric import IntArray
from hwgen.plan.design import Plan
from hwgen.plan.execute import from_slots, to_slots
from hwgen.plan.stages.stage import Stream
from hwgen.plan.streams.line import cycles_of
from hwgen.reference.run import outputs

LFSR_LAGS = (31, 28)  # x^31 + x^3 + 1 is primitive: W. Stahnke, Mathematics of Computation 27, 1973
LFSR_SEED = bytes.fromhex("4e6f1d5b")  # the four newest bytes of the first beat, the oldest first
SIGNATURE_BITS, SIGNATURE_POLYNOMIAL = 16, 0x1021
MOST_VECTORS = 4096  # found all of ten single flipped bits of program and threshold memories
SHORT_SECONDS, LONG_SECONDS = 0.25, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestPlan:
    """How many vectors, a power of two, the signature of their results, and the cycles taken."""

    vectors: int
    signature: int
    cycles: int

    @property
    def cycle_bits(self) -> int:
        """Bits of the counter of cycles, which ends the test where it overflows."""
        return self.cycles.bit_length() + 1


def plan_self_test(plan: Plan, graph: Graph, clock_hz: int) -> SelfTestPlan:
    """Choose the number of vectors, and run the reference on them."""
    vectors = vectors_of(plan.interval_cycles, clock_hz)
    x = from_slots(plan.inputs, register_slots(plan.inputs, vectors))
    y = outputs(graph, x.reshape(-1, *graph.input.shape))
    slots = to_slots(plan.outputs, y.reshape(len(y), -1))
    return SelfTestPlan(
        vectors=vectors,
        signature=signature_of(plan.outputs, slots),
        cycles=cycles_of(plan.stages, plan.reads, vectors) + 2,
    )


def vectors_of(interval_cycles: int, clock_hz: int) -> int:
    """Give the vectors of a test: 4,096 where they take less than 2 s, else those of 0.25 s."""
    if interval_cycles * MOST_VECTORS < LONG_SECONDS * clock_hz:
        return MOST_VECTORS
    most = max(int(SHORT_SECONDS * clock_hz / interval_cycles), 1)
    return 1 << (most.bit_length() - 1)


def register_bytes(count: int) -> bytes:
    """Give the sequence that the shift register makes, from its seed on."""
    found = bytearray(LFSR_SEED)
    state = int.from_bytes(LFSR_SEED, "little")
    long, short = LFSR_LAGS
    while len(found) < count:
        turn = ((state >> (32 - long)) ^ (state >> (32 - short))) & 0xFF
        state = (state >> 8) | (turn << 24)
        found.append(turn)
    return bytes(found[:count])


def register_slots(stream: Stream, vectors: int) -> IntArray:
    """Give the slots of the test's vectors: each beat the newest bytes of the register."""
    size, beats = -(-stream.width // 8), vectors * stream.beats
    held = max(size, len(LFSR_SEED))
    sequence = register_bytes(len(LFSR_SEED) + beats - 1)
    padded = np.frombuffer(bytes(held - len(LFSR_SEED)) + sequence, np.uint8)
    words = np.lib.stride_tricks.sliding_window_view(padded, held)[:, held - size :]
    bits = np.unpackbits(words, axis=1, bitorder="little")
    lanes, place = [], 0
    for lane in stream.lanes:
        own = bits[:, place : place + lane.bits].astype(np.int64)
        value = own @ (1 << np.arange(lane.bits, dtype=np.int64))
        lanes.append(np.where(value > lane.hi, value - (1 << lane.bits), value))
        place += lane.bits
    return np.stack(lanes, axis=1).reshape(vectors, -1)


def signature_of(stream: Stream, slots: IntArray) -> int:
    """Give the signature of beats: it moves by a bit for each, which is added to it, folded."""
    words = np.zeros(prod(slots.shape) // len(stream.lanes), object)
    place = 0
    for lane, column in zip(stream.lanes, slots.reshape(len(words), -1).T, strict=True):
        words |= (column & ((1 << lane.bits) - 1)).astype(object) << place
        place += lane.bits
    mask, signature = (1 << SIGNATURE_BITS) - 1, 0
    for word in words:
        high = signature >> (SIGNATURE_BITS - 1)
        signature = ((signature << 1) & mask) ^ (SIGNATURE_POLYNOMIAL * high)
        while word:
            signature ^= word & mask
            word >>= SIGNATURE_BITS
    return signature

"""The numbers of the serial link: rates, the pace of a line, and the self test."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.plan.link import Side, divisor_of, line_rate, pace_of, plan_link
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.self_test import register_bytes, register_slots, signature_of, vectors_of
from hwgen.plan.streams.handshakes import Handshakes
from hwgen.plan.streams.line import Capacity, capacity, cycles_of, held_vectors
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network


def planned(style="folded", **net):
    graph = network(0, **net)
    return plan_design(graph, BuildOptions(style=style, target="ice40", effort="low")), graph


@pytest.mark.parametrize(
    ("clock_hz", "baud", "expected"), [(12_000_000, 1_000_000, 12), (12_000_000, 115_200, 104)]
)
def test_the_clock_is_divided(clock_hz, baud, expected):
    assert divisor_of(clock_hz, baud) == expected


@pytest.mark.parametrize(
    ("clock_hz", "baud", "message"),
    [
        (
            12_000_000,
            2_000_000,
            "baud: must leave 8 cycles of the clock of 12 MHz a bit, and 2000000 leaves 6.0; "
            "take --baud 1000000",
        ),
        (
            12_000_000,
            921_600,
            "baud: must divide the clock of 12 MHz to 1.5%, and 921600 is off by 0.2%",
        ),
        (
            12_500_000,
            1_000_000,
            "baud: must divide the clock of 12.5 MHz to 1.5%, and 1000000 is off by 4.2%; "
            "take --baud 500000",
        ),
        (12_000_000, 0, "baud: must be at least 50, not 0; take 1000000"),
        (12_000_000, 49, "baud: must be at least 50, not 49; take 1000000"),
    ],
)
def test_a_rate_that_the_clock_does_not_make_is_refused(clock_hz, baud, message):
    if "0.2%" in message:
        assert divisor_of(clock_hz, baud) == 13  # it is within the limit
        return
    with pytest.raises(PlanError) as error:
        divisor_of(clock_hz, baud)
    assert str(error.value) == message


def test_the_registers_sequence_is_that_of_its_recurrence():
    bits = np.unpackbits(np.frombuffer(register_bytes(200), np.uint8), bitorder="little")
    later = bits[32:]
    assert np.array_equal(later, bits[32 - 31 : -31] ^ bits[32 - 28 : -28])


@pytest.mark.parametrize("style", ["folded", "unrolled"])
def test_beats_of_the_test_show_the_newest_bytes(style):
    plan, _ = planned(style)
    slots = register_slots(plan.inputs, 3)
    beats = slots.reshape(-1, len(plan.inputs.lanes))
    size = -(-plan.inputs.width // 8)
    held = bytes(max(size - 4, 0)) + register_bytes(len(beats) + 3)
    for index, beat in enumerate(beats):
        word = int.from_bytes(held[index + max(size, 4) - size : index + max(size, 4)], "little")
        for lane, value in zip(plan.inputs.lanes, beat, strict=True):
            assert value & ((1 << lane.bits) - 1) == word & ((1 << lane.bits) - 1)
            word >>= lane.bits


def test_a_changed_bit_changes_the_signature():
    plan, _ = planned()
    slots = np.random.default_rng(0).integers(0, 5, (40, 1))
    whole = signature_of(plan.outputs, slots)
    for place in range(40):
        changed = slots.copy()
        changed[place] ^= 1
        assert signature_of(plan.outputs, changed) != whole


@pytest.mark.parametrize(
    ("interval", "clock", "vectors"),
    [(1, 12_000_000, 4096), (5000, 12_000_000, 4096), (6000, 12_000_000, 256), (10**8, 10**6, 1)],
)
def test_the_test_takes_a_quarter_of_a_second_or_4096_vectors(interval, clock, vectors):
    assert vectors_of(interval, clock) == vectors


@pytest.mark.parametrize("style", ["folded", "unrolled"])
def test_the_tests_cycles_are_latency_and_intervals(style):
    plan, graph = planned(style)
    link = plan_link(plan, graph, "00" * 8, 12_000_000, 1_000_000)
    test = link.self_test
    assert test.cycles == plan.latency_cycles + (test.vectors - 1) * plan.interval_cycles + 2


@pytest.mark.parametrize("vectors", [1, 2, 7, 40, 700])
def test_cycles_are_those_of_a_run_to_the_end(vectors):
    plan = plan_design(small_cnn(5), BuildOptions(style="folded", pe=3, simd=2, effort="low"))
    run, cycle, first, starts, beats = Handshakes(plan.stages, plan.reads), 0, None, [], 0
    while len(starts) < min(vectors, 40):
        skipped, taken, left = run.cycle()
        cycle += skipped
        first = cycle if taken and first is None else first
        if left:
            if beats % plan.outputs.beats == 0:
                starts.append(cycle)
            beats += 1
        cycle += 1
    found = cycles_of(plan.stages, plan.reads, vectors)
    if vectors <= 40:
        assert found == starts[-1] - first
    else:
        assert found == starts[-1] - first + (vectors - 40) * plan.interval_cycles


def test_a_design_that_keeps_up_has_no_limit_and_no_queue():
    plan, graph = planned()
    link = plan_link(plan, graph, "00" * 8, 12_000_000, 1_000_000)
    assert (link.frame_vectors, link.fifo_depth) == (65_535, 0)
    assert link.pending_bits >= held_vectors(plan.stages, plan.reads).bit_length()


def test_a_design_that_does_not_keep_up_takes_what_it_holds():
    """Two halves of a vector are filled before the design takes no more."""
    plan, _ = planned(widths=(12, 40, 7, 5))
    pace = pace_of(Side.of(plan.inputs), Side.of(plan.outputs), 8)
    quick = replace(pace, beat=2, byte=2, header=0, result=2)
    found = capacity(plan.stages, plan.reads, quick, 0)
    assert found is not None
    assert 1 <= found.frame_vectors < 10
    assert found.fifo_depth == 0


def test_a_slow_reply_limits_a_frame():
    plan, _ = planned(argmax=False)
    pace = pace_of(Side.of(plan.inputs), Side.of(plan.outputs), 12)
    slow = replace(pace, result=20 * pace.result)
    found = capacity(plan.stages, plan.reads, slow, 0)
    assert found is not None
    assert found.frame_vectors < 65_535


def test_a_beat_that_is_not_taken_in_time_needs_a_queue():
    plan = plan_design(small_cnn(5), BuildOptions(style="folded", pe=1, simd=1, effort="low"))
    pace = pace_of(Side.of(plan.inputs), Side.of(plan.outputs), 8)
    quick = replace(pace, beat=1, byte=1, header=0, result=1)
    assert capacity(plan.stages, plan.reads, quick, 0) is None
    with_queue = capacity(plan.stages, plan.reads, quick, 4096)
    assert with_queue is not None
    assert with_queue == Capacity(frame_vectors=1, fifo_depth=with_queue.fifo_depth)
    assert 0 < with_queue.fifo_depth <= plan.inputs.beats


def test_the_rate_of_the_line():
    assert line_rate(1_000_000, 64, 64) == pytest.approx(100_000 / (64 + 6 / 64))

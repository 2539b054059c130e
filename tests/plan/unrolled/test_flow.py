"""Clock, pipelining and handshake of planned designs."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import OutputBuffer, ParallelThreshold, UnrolledDense
from hwgen.plan.unrolled.flow import READY_CYCLES
from tests.tiny_nets import network

NET = network(1)


def planned(**options):
    return plan_design(NET, BuildOptions(style="unrolled", effort="low", **options))


@pytest.mark.parametrize("target", ["xc7", "ice40", "ecp5"])
def test_latency_grows_with_the_clock(target):
    latencies = [planned(target=target, clock_mhz=mhz).latency_cycles for mhz in (5.0, 60.0, 190.0)]
    assert latencies == sorted(latencies)
    assert latencies[0] == 3  # a register behind every layer and no more
    assert latencies[-1] > 6
    assert planned(target=target, pipeline="none").latency_cycles == 0


def test_a_clock_that_no_adder_reaches_is_refused():
    with pytest.raises(PlanError) as caught:
        planned(target="ice40", clock_mhz=500.0)
    assert str(caught.value).startswith("dense0: the clock must be at most ")
    assert str(caught.value).endswith(", not 500; ask for less, or build narrower sums")


@pytest.mark.parametrize("mhz", [-1.0, 1001.0])
def test_a_clock_beyond_all_parts_is_refused(mhz):
    with pytest.raises(PlanError, match="clock-mhz: must be above 0 and at most 1000, not"):
        BuildOptions(clock_mhz=mhz)


def test_the_pipeline_option_goes_before_the_clock():
    assert planned(pipeline="none", clock_mhz=100.0).latency_cycles == 0


def test_no_register_waits_where_the_clock_enable_is_too_slow():
    plan = planned(target="ecp5", pipeline="1")
    assert [getattr(stage, "flow", None) for stage in plan.stages] == ["gate", *["free"] * 5, None]
    buffer = plan.stages[-1]
    assert isinstance(buffer, OutputBuffer)
    assert buffer.under_way == plan.latency_cycles  # the buffer's own two cycles among them
    assert buffer.depth >= buffer.under_way + 2
    assert not any(isinstance(s, OutputBuffer) for s in planned(target="xc7").stages)


def test_stages_that_do_not_grow_are_refused():
    dense = planned(target="ecp5", pipeline="1").stages[0]
    assert isinstance(dense, UnrolledDense)
    turned = tuple(dense.latency - stage for stage in dense.adder_stages)
    with pytest.raises(ValueError, match="stages must grow along every path from 0 to the latency"):
        replace(dense, adder_stages=turned)
    with pytest.raises(ValueError, match="must have a stage for each adder"):
        replace(dense, adder_stages=dense.adder_stages[1:])


def test_cuts_that_are_uneven_or_beyond_the_lane_are_refused():
    threshold = planned(target="ecp5", pipeline="1").stages[1]
    assert isinstance(threshold, ParallelThreshold)
    for cuts in ((99,) * threshold.latency, (), (2, 1)):
        with pytest.raises(ValueError, match="cuts must ascend from 0 to the steps of the lane"):
            replace(threshold, cuts=(threshold.cuts[0], cuts, *threshold.cuts[2:]))


def test_a_buffer_that_is_too_small_is_refused():
    buffer = planned(target="ecp5", pipeline="1").stages[-1]
    with pytest.raises(ValueError, match="depth must be a power of two and at least"):
        replace(buffer, depth=16)


def most_held(latency, under_way, depth, waits):
    """Beats in the buffer at most, cycle by cycle, for a source that always offers one."""
    registers, held, ready, offered, most = [False] * latency, 0, False, False, 0
    for wait in waits:
        fetch = held > 0 and (not wait or not offered)
        offered = fetch or (offered and wait)
        arrived, taken = registers[-1], ready  # of this cycle
        ready = held <= depth - under_way
        held += arrived - fetch
        registers = [taken, *registers[:-1]]
        most = max(most, held)
    return most


@pytest.mark.parametrize("latency", [1, 4, 13])
def test_a_buffer_has_room_for_exactly_what_is_under_way(latency):
    under_way, depth = latency + READY_CYCLES, 32
    rng = np.random.default_rng(latency)
    forever = [True] * 200
    assert most_held(latency, under_way, depth, forever) == depth
    assert most_held(latency, under_way - 1, depth, forever) > depth
    for share in (0.1, 0.5, 0.9):
        waits = [*(rng.random(500) < share), *forever]
        assert most_held(latency, under_way, depth, waits) <= depth

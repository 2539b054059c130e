"""Options of a wrong kind, out of range, or without an effect: one sentence each."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.ir import Add
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo
from tests.tiny_graphs import GraphNet
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"pe": "4"}, "pe: must be a whole number, not '4'"),
        ({"pe": True}, "pe: must be a whole number, not True"),
        ({"pe": 0}, "pe: must be at least 1, not 0"),
        ({"simd": 1.5}, "simd: must be a whole number, not 1.5"),
        (
            {"accumulator": 8},
            "accumulator: must be offset, signed or a width of 2 to 62 bits, as text, not 8",
        ),
        (
            {"accumulator": "\u0668"},
            "accumulator: must be offset, signed or a width of 2 to 62 bits, as text, not '\u0668'",
        ),
        (
            {"pipeline": 2},
            "pipeline: must be none, auto or a number of adder levels from 1 to 99, as text, not 2",
        ),
        ({"clock_mhz": float("nan")}, "clock-mhz: must be a finite number, not nan"),
        ({"clock_mhz": "100"}, "clock-mhz: must be a finite number, not '100'"),
        ({"clock_mhz": -1}, "clock-mhz: must be above 0 and at most 1000, not -1"),
        ({"effort": "max"}, "effort: must be low, normal or high, not 'max'"),
        ({"target": "XC7"}, "target: must be xc7, ice40, ecp5 or gowin, not 'XC7'"),
        ({"target": ["xc7"]}, "target: must be xc7, ice40, ecp5 or gowin, not ['xc7']"),
        ({"style": None}, "style: must be auto, unrolled or folded, not None"),
        ({"skip": 1}, "skip: must be True or False, not 1"),
        ({"max_luts": 0}, "max-luts: must be at least 1, not 0"),
        ({"fps": -3, "clock_mhz": 1}, "fps: must be at least 1, not -3"),
    ],
)
def test_values_that_no_option_has(options, sentence):
    with pytest.raises(PlanError) as caught:
        BuildOptions(**options)
    assert str(caught.value) == sentence


def test_numbers_of_numpy_are_taken_as_numbers():
    options = BuildOptions(pe=np.int64(3), clock_mhz=np.float32(50), fps=None)
    assert (type(options.pe), type(options.clock_mhz)) == (int, float)


@pytest.mark.parametrize("folded", [{"style": "folded"}, {"pe": 2}])
def test_a_clock_that_folded_layers_do_not_look_at(folded):
    with pytest.raises(PlanError) as caught:
        plan_design(network(1), BuildOptions(**folded, clock_mhz=50))
    assert str(caught.value) == (
        "clock-mhz: must not be given where all layers are folded, whose registers it does not "
        "change; leave --clock-mhz out, add --fps, or choose --style unrolled"
    )


@pytest.mark.parametrize("goal", [{}, {"fps": 1000, "clock_mhz": 50}, {"max_brams": 0}])
def test_a_price_of_memories_that_vectors_do_not_need(goal):
    options = BuildOptions(style="unrolled", effort="low", luts_per_bram=100)
    with pytest.raises(PlanError) as caught:
        plan_design(network(1), replace(options, **goal))
    assert str(caught.value) == (
        "luts-per-bram: must not be given where all layers are unrolled and read vectors one after "
        "another, which takes no memory; leave it out, or choose --style folded"
    )
    plan_design(small_cnn(), options)


def test_block_rams_of_queues_between_vectors_are_counted():
    net = GraphNet(0, (20,), "u8").dense(20).act("u4")
    start = net.source
    for _ in range(4):
        net.dense(20).act("u4")
    graph = net.join(Add, net.source, start).act().graph()
    options = BuildOptions(style="unrolled", target="ice40", pipeline="1", effort="low")
    ways = ({}, "block"), ({"luts_per_bram": 100_000}, "lut"), ({"max_brams": 0}, "lut")
    for more, memory in ways:
        plan = plan_design(graph, replace(options, **more))
        assert [stage.memory for stage in plan.stages if isinstance(stage, Fifo)] == [memory]


@pytest.mark.parametrize("options", [{"pe": 2}, {"simd": 2}, {"pixels": 2}, {"skip": False}])
def test_what_unrolled_layers_do_not_look_at(options):
    (name,) = options
    with pytest.raises(PlanError) as caught:
        plan_design(network(1), BuildOptions(style="unrolled", **options))
    assert str(caught.value) == (
        "style: an unrolled unit has all rows in parallel and never holds a zero weight; leave out "
        f"--{'no-skip' if name == 'skip' else name}, or choose --style folded"
    )

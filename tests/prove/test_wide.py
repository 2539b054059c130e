"""Proofs of sums that are too wide to be tried value by value, sound and damaged."""

import re
from dataclasses import replace

import numpy as np
import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.requantizers import Rescale
from hwgen.plan.stages.stage import ParallelThreshold, SerialThreshold
from hwgen.prove.run import prove
from tests.random_graphs import random_graph
from tests.tiny_maps import MapNet
from tests.tiny_nets import bent, dense, network, wide_network


def built(folder, graph, style, **more):
    plan = build(graph, BuildOptions(style=style, effort="low", **more), folder)
    return plan, [s for s in plan.stages if isinstance(s, ParallelThreshold | SerialThreshold)]


def rewritten(folder, plan, stage, changed):
    """Put the Verilog of another plan into a design folder."""
    stages = tuple(changed if s is stage else s for s in plan.stages)
    (file,) = folder.glob("*.v")
    file.write_text(verilog_of(replace(plan, stages=stages)))


@pytest.mark.parametrize(
    ("style", "target", "net"),
    [
        pytest.param(
            "unrolled",
            "xc7",
            {"inputs": "u16", "codes": "u16", "weight_bits": 16},
            marks=pytest.mark.slow,
        ),
        ("unrolled", "ecp5", {"inputs": "s14", "codes": "s12", "weight_bits": 12}),
        pytest.param(
            "unrolled",
            "ice40",
            {"inputs": "u20", "codes": "u10", "weight_bits": 20},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "folded",
            "xc7",
            {"inputs": "s16", "codes": "u14", "weight_bits": 16},
            marks=pytest.mark.slow,
        ),
        ("folded", "ecp5", {"inputs": "u12", "codes": "s9", "weight_bits": 20}),
    ],
)
def test_wide_nets_are_proved(tmp_path, style, target, net):
    built(tmp_path / "design", wide_network(**net), style, target=target)
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_arbitrary_thresholds_on_wide_sums_are_proved(tmp_path, style):
    graph = network(4, widths=(3, 3, 2), inputs="s16", codes="u5", weight_bits=18, density=1)
    _, (stage,) = built(tmp_path / "design", graph, style)
    assert style == "folded" or not any(isinstance(c, Rescale) for c in stage.channels)
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize("style", [pytest.param("unrolled", marks=pytest.mark.slow), "folded"])
def test_damaged_products_of_wide_sums_are_refused(tmp_path, style):
    graph = wide_network(inputs="u14", codes="u13", weight_bits=14)
    folder = tmp_path / "design"
    plan, (stage,) = built(folder, graph, style)
    channel = stage.channels[1]
    first, *rest = channel.digits
    less = (channel.constant - (1 << channel.shift)) % (1 << channel.bits)
    offset = replace(channel, constant=less)
    others = (
        replace(channel, shift=channel.shift - 1),
        replace(channel, digits=(first, rest[0]._replace(shift=rest[0].shift + 1), *rest[1:])),
    )
    for wrong in (offset, *(others if style == "unrolled" else ())):
        channels = (stage.channels[0], wrong, stage.channels[2])
        rewritten(folder, plan, stage, replace(stage, channels=channels))
        problem = prove(folder).problem
        assert problem is not None
        assert "lane 1" in problem
        if wrong.shift == channel.shift and wrong.digits == channel.digits:
            assert re.search(r"must be bit \d+ of code \d+ at sum -?\d+, and is not", problem)


@pytest.mark.parametrize("style", [pytest.param("unrolled", marks=pytest.mark.slow), "folded"])
def test_a_threshold_of_a_wide_sum_moved_by_one_is_refused(tmp_path, style):
    graph = bent(wide_network(inputs="u16", codes="u6", weight_bits=16))
    folder = tmp_path / "design"
    plan, (stage,) = built(folder, graph, style, requantization="diagram")
    if isinstance(stage, SerialThreshold):
        table = list(stage.tables[0][0])
        table[40] += 1
        tables = ((tuple(table), *stage.tables[0][1:]), *stage.tables[1:])
        changed, at = replace(stage, tables=tables), table[40] - 1
    else:
        channel = stage.channels[0]
        places = list(channel.thresholds)
        places[40] += 1
        wrong = replace(channel, thresholds=tuple(places))
        changed, at = replace(stage, channels=(wrong, *stage.channels[1:])), places[40] - 1
    assert at
    rewritten(folder, plan, stage, changed)
    problem = prove(folder).problem
    assert problem is not None
    total = int(re.search(r"at sum (-?\d+), and is not", problem)[1])
    row = int(re.search(r"row (\d+)|lane (\d+)", problem)[1] or 0)
    # the lane may fall as the sum rises: then it is the sum below the threshold
    assert np.abs(graph.nodes[1].thresholds[row] - total).min() <= 1


@pytest.mark.parametrize(
    ("style", "target", "bits", "inputs"),
    [
        ("unrolled", "xc7", 16, "u32"),
        pytest.param("unrolled", "ecp5", 24, "s32", marks=pytest.mark.slow),
        pytest.param("folded", "ecp5", 16, "u20", marks=pytest.mark.slow),
        pytest.param("folded", "xc7", 28, "s32", marks=pytest.mark.slow),
    ],
)
def test_raw_sums_of_34_to_62_bits_are_proved(tmp_path, style, target, bits, inputs):
    top = 1 << bits - 1
    weight = np.random.default_rng(1).integers(-top, top, (3, 3))
    graph = matrix_graph("wide", weight, IntType.parse(inputs))
    assert graph.tensors["dense"].range.signed_bits >= 34
    build(graph, BuildOptions(style=style, target=target, effort="low"), tmp_path / "design")
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize("bits", ["40", "48", "62"])
def test_short_sums_in_wide_registers_are_proved(tmp_path, bits):
    """What is added to them is taken modulo a power of two, which the compiled loops must hold."""
    options = BuildOptions(style="folded", effort="low", pe=2, simd=2, pixels=3, accumulator=bits)
    build(random_graph(30), options, tmp_path / "design")
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize("bits", ["26", "30"])
def test_thresholds_of_long_sums_in_wider_registers_are_proved(tmp_path, bits):
    """The sign, extended over several bits, is turned for a comparison without signs."""
    rng = np.random.default_rng(2)
    net = MapNet(2, (4,), "u16")
    weight = rng.integers(-64, 64, (3, 4))
    net.add(dense("dense0", "input", weight, net.tensor.range, weight_bits=8))
    graph = net.act("u2").graph()
    options = BuildOptions(style="folded", effort="low", pe=2, accumulator=bits)
    build(graph, options, tmp_path / "design")
    assert prove(tmp_path / "design").problem is None

"""Cycles between vectors: of a folded unit by itself, and of nets of them."""

import pytest

from hwgen.plan.folded.folding import LOADING, FoldedOptions
from hwgen.plan.folded.matrix import plan_folded
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.streams.joints import entry, slowest_stage
from tests.tiny_nets import network

COLUMNS = 12


@pytest.mark.parametrize("pe", [1, 2, 3, 5])
@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 6, 12])
def test_a_unit_waits_for_its_cycles_or_its_loading(lanes, pe):
    """Where both take about as long, a bank is free two cycles after its last step."""
    layer = layers_of(network(1, widths=(COLUMNS, 6), density=1.0))[0]
    options = FoldedOptions(target="xc7", pe=pe, simd=4, luts_per_bram=200)
    stream = entry(tuple(range(COLUMNS)), layer.inputs[0].type, lanes)
    stage = plan_folded(layer, stream, options).stage
    beats = stream.beats
    expected = max(beats, stage.cycles, min(beats, stage.cycles) + LOADING)
    assert slowest_stage((stage,)) == expected


@pytest.mark.parametrize("seed", range(16))
def test_a_net_is_no_slower_than_its_slowest_layer_and_loading(seed):
    net = network(seed, widths=(20, 31, 17, 9), density=0.15, long_row=True)
    pe, simd = 1 + 5 * seed % 17, 1 + seed % 5
    plan = plan_design(net, BuildOptions(style="folded", pe=pe, simd=simd, effort="low"))
    cycles = plan.slowest.cycles
    assert cycles <= plan.interval_cycles <= cycles + LOADING


@pytest.mark.parametrize("interval", [6, 9, 14])
def test_a_throughput_is_kept_where_rows_are_long(interval):
    net = network(interval, widths=(20, 24, 9), density=0.1, long_row=True)
    options = BuildOptions(style="folded", fps=100_000, clock_mhz=interval / 10, effort="low")
    assert plan_design(net, options).interval_cycles <= interval

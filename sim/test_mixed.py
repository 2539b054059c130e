"""Designs that mix unrolled and folded layers: converters between them, many stalls, no beat lost.

The interval of the chain must be that of its slowest stage alone, in the plan and in simulation.
"""

import numpy as np
import pytest

from hwgen.emit import emit
from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_chosen
from hwgen.plan.streams.joints import slowest_stage
from hwgen.simulate import simulate
from sim.test_designs import a_share
from tests.tiny_nets import network

UNROLLED = (0, 0)
MIXES = {
    "folded, unrolled, folded": ((3, 1), UNROLLED, (2, 2)),
    "unrolled, folded, unrolled": (UNROLLED, (2, 1), UNROLLED),
    "folded, unrolled, unrolled": ((1, 3), UNROLLED, UNROLLED),
    "unrolled, folded, folded": (UNROLLED, (4, 2), (1, 1)),
    "three foldings": ((7, 3), (2, 4), (5, 1)),
}
NETS = {
    "u4, argmax": network(1, widths=(17, 13, 11, 5)),
    "s4 to s2 codes": network(3, widths=(9, 14, 6, 3), inputs="s4", codes="s2", argmax=False),
    "u1, one neuron": network(6, widths=(8, 1, 10, 4), inputs="u1", codes="u3"),
}
SEEDS = 3


def mixed(net, mix, folder):
    """Build a design whose layers have the (pe, simd) of a mix."""
    layers = layers_of(net)
    choices = [
        unrolled(layer, BuildOptions())
        if fold == UNROLLED
        else folded(layer, *fold, BuildOptions())
        for layer, fold in zip(layers, mix, strict=True)
    ]
    plan = plan_chosen(net, layers, tuple(choices), BuildOptions())
    emit(plan, net, folder, lambda _, __: None)
    return plan


@pytest.mark.parametrize(("net", "mix"), a_share(NETS, MIXES, 2))
def test_a_mixed_design_equals_its_reference(tmp_path, net, mix):
    plan = mixed(NETS[net], MIXES[mix], tmp_path / "design")
    assert plan.interval_cycles == slowest_stage(plan.stages)
    result = simulate(tmp_path / "design", simulator="icarus")
    assert result.passed, dict(result.tests)
    assert result.interval_cycles == plan.interval_cycles
    assert result.latency_cycles == plan.latency_cycles


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed") / "design"
    mixed(NETS["u4, argmax"], MIXES["folded, unrolled, folded"], folder)
    return folder


@pytest.mark.parametrize("seed", np.random.default_rng(7).integers(1, 1 << 30, SEEDS))
def test_no_stall_stops_or_loses_a_beat(design, seed):
    result = simulate(design, simulator="icarus", seed=int(seed))
    assert result.passed, dict(result.tests)

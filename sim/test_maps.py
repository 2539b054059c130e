"""Networks of maps in simulation: every operation of a chain, in both styles.

Verilator takes twenty seconds to build and Icarus none, so that only long runs are worth it.
"""

import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from sim.test_designs import check
from tests.tiny_maps import random_map_net, small_cnn

STYLES = {"unrolled": {}, "folded": {"pe": 3, "simd": 2, "pixels": 2}}


def check_design(graph, tmp_path, simulator="icarus", **options):
    """Built, simulated bit for bit, and as fast as the plan says."""
    plan = build(graph, BuildOptions(effort="low", **options), tmp_path / "design")
    result = check(tmp_path / "design", simulator)
    assert result.latency_cycles == plan.latency_cycles
    assert result.interval_cycles == plan.interval_cycles


@pytest.mark.parametrize(("style", "simulator"), [("unrolled", "icarus"), ("folded", "verilator")])
def test_a_net_of_every_operation_equals_its_reference(tmp_path, style, simulator):
    check_design(small_cnn(5), tmp_path, simulator, style=style, **STYLES[style])


@pytest.mark.parametrize("seed", [11])
@pytest.mark.parametrize("style", STYLES)
def test_a_random_chain_equals_its_reference(tmp_path, seed, style):
    check_design(random_map_net(seed), tmp_path, style=style, **STYLES[style])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300))
def test_many_random_chains_equal_their_reference(tmp_path, seed):
    style = ("unrolled", "folded")[seed % 2]
    target = ("xc7", "ecp5", "ice40")[seed % 3]
    options = {"style": style, "target": target, **STYLES[style]}
    check_design(random_map_net(seed), tmp_path, "verilator", **options)

"""Designs whose codes are products, in gates, with registers between additions and without."""

import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.requantizers import Rescale
from hwgen.plan.stages.stage import ParallelThreshold
from hwgen.simulate import simulate
from tests.tiny_nets import affine_network

OPTIONS = {
    "combinational": {"target": "xc7", "pipeline": "none"},
    "for a clock": {"target": "ice40", "clock_mhz": 60.0},
    "no stall": {"target": "ecp5", "pipeline": "2"},
}


@pytest.mark.parametrize("more", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("codes", ["u7", "s4"])
def test_products_in_gates(tmp_path, more, codes):
    options = BuildOptions(style="unrolled", effort="low", requantization="multiply", **more)
    plan = build(affine_network(codes=codes), options, tmp_path / "design")
    (stage,) = (stage for stage in plan.stages if isinstance(stage, ParallelThreshold))
    assert any(isinstance(channel, Rescale) for channel in stage.channels)
    result = simulate(tmp_path / "design", simulator="icarus")
    assert result.passed, dict(result.tests)
    assert result.latency_cycles == plan.latency_cycles

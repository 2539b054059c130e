"""Estimates against Yosys, of a design that no figure was fitted to."""

import pytest

from hwgen.emit import verilog_of
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo, SerialThreshold, WindowBuffer
from hwgen.plan.stages.vector_shape import VectorShape
from hwgen.synth.run import synthesise_verilog
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network

NET = network(7, widths=(40, 64, 10), inputs="u4", codes="u4", weight_bits=3, density=0.2)


CHEAP = 10  # LUTs for a block RAM: it is taken wherever it saves some
BLOCK_BITS = {"xc7": 18 * 1024, "ice40": 4 * 1024, "ecp5": 18 * 1024}


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("target", "price"),
    [
        ("xc7", CHEAP),
        ("ecp5", None),
        pytest.param("ice40", None, marks=SLOW),
        pytest.param("xc7", None, marks=SLOW),
        pytest.param("ice40", CHEAP, marks=SLOW),
        pytest.param("ecp5", CHEAP, marks=SLOW),
    ],
)
def test_luts_and_block_rams_are_near_to_those_of_yosys(tmp_path, target, price):
    plan = plan_design(NET, BuildOptions(target=target, style="folded", luts_per_bram=price))
    if price == CHEAP:
        held = {kind for s in plan.stages if isinstance(s, SerialThreshold) for kind in s.memories}
        assert held == {"lut", "block"}
    compare(plan, tmp_path)


@pytest.mark.parametrize(
    ("target", "price", "memory"),
    [
        pytest.param("ecp5", CHEAP, "block", marks=SLOW),
        pytest.param("xc7", None, "lut", marks=SLOW),
        pytest.param("xc7", CHEAP, "block", marks=SLOW),
        pytest.param("ecp5", None, "lut", marks=SLOW),
    ],
)
def test_many_multipliers_read_a_vector_of_wide_beats(tmp_path, target, price, memory):
    """Block RAMs are written by the beat, and a queue behind the unit keeps its stall short."""
    net = network(7, widths=(40, 36, 16), inputs="u4", codes="u4", weight_bits=3, density=0.4)
    options = BuildOptions(target=target, style="folded", pe=6, simd=6, luts_per_bram=price)
    plan = plan_design(net, options)
    dense, queue = plan.stages[:2]
    assert isinstance(queue, Fifo)
    assert dense.vector_memory == memory
    assert VectorShape.of(dense.inputs, dense.banks).parts > 1
    compare(plan, tmp_path)


@pytest.mark.parametrize(
    ("target", "price"),
    [
        ("xc7", CHEAP),
        ("ecp5", None),
        pytest.param("xc7", None, marks=SLOW),
        pytest.param("ice40", None, marks=SLOW),
    ],
)
def test_a_chain_on_maps_is_near_too(tmp_path, target, price):
    """Windows, poolings of both kinds, thresholds; rows in LUTs, and in block RAM."""
    options = BuildOptions(target=target, style="unrolled", effort="low", luts_per_bram=price)
    plan = plan_design(small_cnn(1, size=(14, 20), channels=3), options)
    windows = [stage for stage in plan.stages if isinstance(stage, WindowBuffer)]
    in_luts = price is None and target != "ice40"
    assert {stage.memory for stage in windows} == {"lut" if in_luts else "block"}
    compare(plan, tmp_path)


def compare(plan, folder):
    """Compare an estimate with what Yosys makes of a plan."""
    (folder / "design.v").write_text(verilog_of(plan))
    found = synthesise_verilog([folder / "design.v"], plan.name, plan.target, clock="aclk").total
    estimate = chain_cost(plan.stages, plan.target)
    assert found.luts == pytest.approx(estimate.luts, rel=0.15)
    blocks = found.bram_bits // BLOCK_BITS[plan.target]
    assert estimate.brams - 1 <= blocks <= estimate.brams

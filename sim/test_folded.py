"""Folded units on awkward layers and folds: stalls, resets, worst cases, latency and interval."""

import numpy as np
import pytest

from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import FoldedDense, Reorder
from hwgen.simulate import simulate
from sim.test_designs import a_share
from tests.tiny_nets import network

SIZE = 24
RNG = np.random.default_rng(0)
LAYERS = {
    "one dense row among empty ones": np.vstack(
        [np.zeros((5, SIZE), int), RNG.integers(1, 8, (1, SIZE)), np.zeros((18, SIZE), int)]
    ),
    "empty columns": np.tile([1, 0, 0, -2], (SIZE, SIZE // 4)),
    "banded": sum(np.eye(SIZE, k=k, dtype=int) * (k - 3) for k in range(-2, 3)),
    "all equal": np.full((SIZE, SIZE), -5),
    "powers of two": 2 ** RNG.integers(0, 3, (SIZE, SIZE)) * (RNG.random((SIZE, SIZE)) < 0.2),
    "sparse": RNG.integers(-7, 8, (SIZE, SIZE)) * (RNG.random((SIZE, SIZE)) < 0.1),
    "all zero": np.zeros((3, 5), int),
    "one dense row among sparse ones": np.vstack(
        [3 * np.eye(5, SIZE, dtype=int), RNG.integers(1, 8, (1, SIZE)), np.eye(18, SIZE, dtype=int)]
    ),
    "rows of unlike length": np.tri(SIZE, dtype=int) * (np.arange(SIZE) % 5 == 0)[:, None]
    + np.eye(SIZE, dtype=int),
    "one weight": np.array([[-3]]),
}
FOLDS = {"4x2": (4, 2), "8x2": (8, 2)}


def check(folder, plan, **options):
    result = simulate(folder, simulator="icarus", **options)
    assert result.passed, dict(result.tests)
    assert result.latency_cycles == plan.latency_cycles
    assert result.interval_cycles == plan.interval_cycles


@pytest.mark.parametrize(("name", "fold"), a_share(LAYERS, FOLDS, 2))
def test_an_awkward_layer(tmp_path, name, fold):
    graph = matrix_graph("m", LAYERS[name], IntType.parse("s4"))
    pe, simd = FOLDS[fold]
    plan = build(graph, BuildOptions(style="folded", pe=pe, simd=simd), tmp_path / "d")
    check(tmp_path / "d", plan, seed=3)


@pytest.mark.parametrize("fold", [(2, 4), (6, 3)], ids=["2x4", "6x3"])
def test_dense_mode_cuts_beats_to_banks(tmp_path, fold):
    graph = matrix_graph("m", LAYERS["sparse"], IntType.parse("u3"))
    options = BuildOptions(style="folded", pe=fold[0], simd=fold[1], skip=False, target="ecp5")
    plan = build(graph, options, tmp_path / "d")
    assert plan.stages[0].counted
    check(tmp_path / "d", plan)


def test_several_sets_leave_in_turn_and_in_order(tmp_path):
    graph = matrix_graph("m", LAYERS["sparse"], IntType.parse("u4"))
    plan = build(graph, BuildOptions(style="folded", pe=2, simd=2), tmp_path / "d")
    dense, order = plan.stages
    assert isinstance(dense, FoldedDense)
    assert dense.sets > 1
    assert isinstance(order, Reorder)
    check(tmp_path / "d", plan)


def test_a_chain_of_layers_with_long_rows(tmp_path):
    net = network(2, widths=(24, 20, 16, 12), density=0.1, long_row=True)
    plan = build(net, BuildOptions(style="folded", pe=4, simd=2), tmp_path / "d")
    dense = [stage for stage in plan.stages if isinstance(stage, FoldedDense)]
    assert [len({part.lanes for part in stage.pe_sets}) > 1 for stage in dense] == [True] * 3
    check(tmp_path / "d", plan, seed=4)


def test_the_interval_of_a_chain_is_its_slowest_units_cycles(tmp_path):
    net = network(3, widths=(40, 32, 24, 6), density=0.2)
    plan = build(net, BuildOptions(style="folded", pe=4, simd=1), tmp_path / "d")
    cycles = [stage.cycles for stage in plan.stages if isinstance(stage, FoldedDense)]
    assert plan.interval_cycles == max(cycles)
    check(tmp_path / "d", plan)


def test_a_program_of_distances(tmp_path):
    graph = network(1, widths=(24, 18, 5), density=0.6)
    options = BuildOptions(style="folded", pe=1, luts_per_bram=10**6)
    plan = build(graph, options, tmp_path / "d")
    assert plan.stages[0].distances
    check(tmp_path / "d", plan, seed=5)

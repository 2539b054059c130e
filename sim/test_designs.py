"""Whole designs and all of their units in cocotb: both styles, all kinds of types and folds.

Each design runs its own bench: back to back with latency and interval measured, random stalls,
a reset in mid-stream, and every unit at its worst cases. Icarus Verilog, because it builds in a
moment; one design of each style also in Verilator, and one run of each with other stalls.
Every net and all options come in two or three pairs, and `-m slow` has the rest.
"""

from itertools import product

import numpy as np
import pytest

from hwgen.flow import build, fresh_vectors
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.simulate import simulate
from tests.tiny_nets import network

NETS = {
    "u4 argmax": network(1),
    "s4 codes s2": network(1, inputs="s4", codes="s2"),
    "u1 codes u1": network(2, inputs="u1", codes="u1", argmax=False),
    "s3 codes s4, sparse": network(3, inputs="s3", codes="s4", density=0.15),
    "wide codes": network(4, widths=(6, 4, 3), codes="u6", argmax=False),
    "one neuron a layer": network(5, widths=(1, 1, 1), argmax=False),
    "two classes": network(6, widths=(9, 5, 2), codes="u2"),
}
OPTIONS = {
    "unrolled": BuildOptions(style="unrolled"),
    "unrolled wide": BuildOptions(style="unrolled", accumulator="24", pipeline="1"),
    "unrolled ecp5 deep": BuildOptions(style="unrolled", target="ecp5", pipeline="1"),
    "unrolled 90 MHz": BuildOptions(style="unrolled", target="ice40", clock_mhz=90.0),
    "unrolled ecp5 comb": BuildOptions(style="unrolled", target="ecp5", pipeline="none"),
    "folded": BuildOptions(style="folded"),
    "folded 3x2": BuildOptions(style="folded", pe=3, simd=2, accumulator="signed"),
    "folded dense": BuildOptions(style="folded", pe=2, skip=False, accumulator="24"),
}
RNG = np.random.default_rng(0)
ZERO = np.zeros((2, 2), np.int64)
MATRICES = {
    "all zero u4": (ZERO, "u4"),
    "single -2**(M-1) s4": (np.array([[0, 0, -8], [0, 0, 0]]), "s4"),
    "one row u1": (np.array([[3, -2, 1]]), "u1"),
    "one column s1": (np.array([[3], [-2], [0]]), "s1"),
    "8-bit weights s8": (RNG.integers(-128, 128, (8, 6)), "s8"),
    "one dense row u8": (np.vstack([RNG.integers(-7, 8, 12), np.zeros((5, 12), int)]), "u8"),
}


def check(folder, simulator="icarus", **options):
    result = simulate(folder, simulator=simulator, **options)
    assert result.passed, dict(result.tests)
    return result


def a_share(some, others, share=3):
    """All pairs of names; all but one of so many are slow, and every name stays in quick ones."""
    pairs = product(enumerate(some), enumerate(others))
    return [
        pytest.param(one, two, id=f"{one}-{two}", marks=[pytest.mark.slow] * bool((i + j) % share))
        for (i, one), (j, two) in pairs
    ]


@pytest.mark.parametrize(("net", "options"), a_share(NETS, OPTIONS))
def test_a_network_equals_its_reference(tmp_path, net, options):
    net, options = NETS[net], OPTIONS[options]
    plan = build(net, options, tmp_path / "design")
    result = check(tmp_path / "design")
    assert result.latency_cycles == plan.latency_cycles
    assert result.interval_cycles == plan.interval_cycles


@pytest.mark.parametrize(
    "options", [OPTIONS["unrolled"], OPTIONS["folded"]], ids=["unrolled", "folded"]
)
@pytest.mark.parametrize(("weight", "inputs"), MATRICES.values(), ids=MATRICES)
def test_a_degenerate_matrix_equals_its_reference(tmp_path, weight, inputs, options):
    graph = matrix_graph("matrix", weight, IntType.parse(inputs))
    build(graph, options, tmp_path / "design")
    check(tmp_path / "design")


@pytest.mark.parametrize(
    "options", [OPTIONS["unrolled"], OPTIONS["folded 3x2"]], ids=["unrolled", "folded"]
)
def test_verilator_agrees(tmp_path, options):
    build(NETS["u4 argmax"], options, tmp_path / "design")
    assert check(tmp_path / "design", "verilator").simulator == "verilator"


@pytest.mark.parametrize(
    "options", [OPTIONS["unrolled"], OPTIONS["folded 3x2"]], ids=["unrolled", "folded"]
)
def test_other_vectors_and_stalls(tmp_path, options):
    folder = tmp_path / "design"
    build(NETS["s4 codes s2"], options, folder)
    for seed in (1, 2):
        vectors = fresh_vectors(folder, seed, 100)
        assert check(folder, seed=seed, vectors=vectors).vectors >= 100

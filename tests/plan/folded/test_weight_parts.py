"""Weights that are taken apart into small ones, where few are large."""

from __future__ import annotations

import numpy as np
import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.folded.weight_parts import in_parts, largest_part, part_counts
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import FoldedDense
from hwgen.plan.vectors.design import design_vectors

U4 = IntType(bits=4, signed=False)


@pytest.mark.parametrize("largest", [1, 2, 4, 8])
def test_parts_have_the_sum_and_the_sign_of_their_weight(largest: int) -> None:
    weights = np.arange(-40, 41)
    owners, parts = in_parts(weights, largest)
    assert np.array_equal(np.bincount(owners, parts, len(weights)), weights)
    assert np.array_equal(
        np.bincount(owners, minlength=len(weights)), part_counts(weights, largest)
    )
    assert (np.sign(parts) == np.sign(weights[owners])).all()
    assert set(np.abs(parts)) <= {1, 2, 4, 8} - set(range(largest + 1, 9))


@pytest.mark.parametrize(
    ("values", "counts", "largest"),
    [
        pytest.param((1, -1), (50, 50), None, id="as small as can be"),
        pytest.param((1, -2), (98, 2), 1, id="few of 2"),
        pytest.param((1, -2), (97, 3), None, id="a few more of 2"),
        pytest.param((1, -2, 5), (60, 39, 1), 2, id="one of 5, many of 2"),
        pytest.param((1, -2, 3), (60, 38, 2), None, id="as many choices without 3"),
        pytest.param((1, 2, 5), (60, 38, 2), 4, id="parts of 4"),
        pytest.param((1, 100), (99, 1), 16, id="one of 100, six parts of 16 and one of 4"),
        pytest.param((5, 6, 7), (40, 30, 30), None, id="all large"),
        pytest.param((0,), (10,), None, id="zeros"),
    ],
)
def test_the_largest_part(
    values: tuple[int, ...], counts: tuple[int, ...], largest: int | None
) -> None:
    assert largest_part(np.repeat(values, counts).reshape(-1, 10)) == largest


def test_a_unit_of_few_large_weights_only_adds_and_subtracts() -> None:
    rng = np.random.default_rng(5)
    weight = rng.choice([-1, 0, 1], (32, 64), p=[0.2, 0.6, 0.2])
    weight[rng.integers(0, 32, 8), rng.integers(0, 64, 8)] = 3
    graph = matrix_graph("few_large", weight, U4)
    plan = plan_design(graph, BuildOptions(style="folded", pe=4, simd=2))
    design_vectors(plan, graph, random=20)
    (unit,) = (stage for stage in plan.stages if isinstance(stage, FoldedDense))
    assert {abs(weight) for element in unit.elements for weight in element.weights} == {0, 1}
    assert unit.cycles <= 1.1 * part_counts(weight, 1).sum() / 8

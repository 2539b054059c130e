"""With how many vectors a unit is simulated."""

import numpy as np
import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import (
    MOST_UNIT_CYCLES,
    affordable,
    affordable_random,
    design_vectors,
)
from tests.tiny_maps import MapNet
from tests.tiny_nets import conv2d


@pytest.mark.parametrize(("size", "slow"), [(24, False), (72, True)])
def test_a_unit_that_takes_long_gets_fewer_of_its_worst_cases(size, slow):
    weight = np.random.default_rng(0).integers(-7, 8, (size, size))
    graph = matrix_graph("unit", weight, IntType(bits=4, signed=False))
    plan = plan_design(graph, BuildOptions(style="folded", pe=1))
    given, expected = design_vectors(plan, graph).units[0]
    cycles = len(given) * plan.stages[0].cycles
    assert len(given) == len(expected)
    assert (MOST_UNIT_CYCLES // 4 < cycles <= MOST_UNIT_CYCLES) if slow else len(given) > 2 * size


def test_many_units_share_the_cycles():
    graph = matrix_graph("unit", np.eye(64, dtype=np.int64), IntType(bits=4, signed=False))
    stage = plan_design(graph, BuildOptions(style="folded", pe=1, skip=False)).stages[0]
    vectors = np.zeros((1000, 64), np.int64)
    counts = [len(affordable(stage, vectors, units)) for units in (1, 8, 32, 1000)]
    assert stage.cycles == 4096
    assert counts == [63, 32, 8, 2]


def pixelwise(side):
    net = MapNet(1, (1, side, side))
    net.add(conv2d("conv", net.source, [[[[1]]]], net.tensor.range))
    return net.graph()


@pytest.mark.parametrize(("side", "count"), [(4, 64), (1 << 14, 32), (1 << 17, 3)])
def test_a_design_of_many_products_is_tried_on_fewer_random_vectors(side, count):
    plan = plan_design(pixelwise(4), BuildOptions())  # of few values
    assert affordable_random(plan, pixelwise(side)) == count

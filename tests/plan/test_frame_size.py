"""Large frames: fewer random vectors, and a refusal that says what would fit."""

import re

import pytest

from bench.shared.map_networks import Conv, map_network
from hwgen.errors import PlanError
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import LEAST_RANDOM, RANDOM, affordable_random, design_vectors
from hwgen.plan.vectors.frame_size import check_frame

CORNERS = 5


def image_network(height, width):
    shape = (1, height, width)
    layers = (Conv(channels=2, kernel=(1, 1)), Conv(channels=1, kernel=(1, 1)))
    return map_network(
        seed=0, shape=shape, layers=layers, inputs=1, codes=1, weight_bits=2, density=1.0
    )


def test_an_image_that_is_too_large_is_refused_with_the_size_that_fits(tmp_path):
    graph = image_network(3000, 6000)
    with pytest.raises(PlanError, match=r"images of \d+ x \d+ fit") as refused:
        build(graph, BuildOptions(), tmp_path / "d")
    assert not list(tmp_path.iterdir())
    found = re.search(r"of (\d+) x (\d+) fit", str(refused.value))
    rows, columns = int(found[1]), int(found[2])
    assert columns in (2 * rows, 2 * rows + 1)
    check_frame(image_network(rows, columns))
    with pytest.raises(PlanError):
        check_frame(image_network(rows + 2, columns + 2))


@pytest.mark.parametrize(("size", "fewer"), [(16, False), (600, True)])
def test_large_frames_have_fewer_random_vectors(size, fewer):
    graph = image_network(size, size)
    plan = plan_design(graph, BuildOptions())
    random = affordable_random(plan, graph)
    assert (LEAST_RANDOM <= random < RANDOM) if fewer else random == RANDOM
    assert len(design_vectors(plan, graph).x) == CORNERS + random

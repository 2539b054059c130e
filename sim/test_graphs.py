"""Networks with branches in simulation: streams that divide and join, and larger maps."""

import pytest

from sim.test_maps import STYLES, check_design
from tests.random_graphs import random_graph
from tests.tiny_graphs import doubled_vector, espcn, input_twice, map_and_vector, residual, unet


@pytest.mark.parametrize(
    ("graph", "style"),
    [
        (residual(size=(3, 4), shortcut=1), "unrolled"),
        (unet(), "unrolled"),
        (espcn(size=(1, 2)), "folded"),
        (input_twice(), "unrolled"),
        (doubled_vector(), "folded"),
        (map_and_vector(), "unrolled"),
        (map_and_vector(), "folded"),
    ],
    ids=["residual", "u-net", "shuffle", "twice", "vector twice", "unrolled both", "folded both"],
)
def test_a_network_with_branches_equals_its_reference(tmp_path, graph, style):
    check_design(graph, tmp_path, style=style, **STYLES[style])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_equal_their_reference(tmp_path, seed):
    style = ("unrolled", "folded")[seed % 2]
    check_design(random_graph(seed), tmp_path, "verilator", style=style, **STYLES[style])

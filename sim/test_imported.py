"""Networks as other tools write them, in simulation."""

import pytest

from sim.test_maps import STYLES, check_design
from tests.imported_nets import imported_net, multiples


@pytest.mark.parametrize(
    ("graph", "style"),
    [
        (imported_net(65), "unrolled"),
        (imported_net(11), "folded"),
        pytest.param(multiples(0), "folded", marks=pytest.mark.slow),
    ],
    ids=["labels", "value beside", "multiples"],
)
def test_an_imported_network_equals_its_reference(tmp_path, graph, style):
    check_design(graph, tmp_path, style=style, **STYLES[style])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_imported_networks_equal_their_reference(tmp_path, seed):
    style = ("unrolled", "folded")[seed % 2]
    check_design(imported_net(seed), tmp_path, "verilator", style=style, **STYLES[style])

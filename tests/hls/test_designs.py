"""Whole designs and all of their units in C++, against the vectors of the Verilog's bench.

Every net and all options come in one or two pairs, and `-m slow` has the rest.
"""

import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_chosen, plan_design
from hwgen.plan.stages.stage import SerialThreshold
from sim.test_designs import MATRICES, NETS, OPTIONS, a_share
from sim.test_folded import LAYERS
from sim.test_mixed import MIXES, UNROLLED
from sim.test_mixed import NETS as MIXED_NETS
from tests import tiny_graphs
from tests.hls.designs import QUIET, WARNINGS, check, planned
from tests.tiny_maps import random_conv_net, random_folding, random_map_net, small_cnn
from tests.tiny_nets import affine_network, network, wide_network


def plan_of(net, options):
    return plan_design(net, options, lambda *_: None)


@pytest.mark.parametrize(("net", "options"), a_share(NETS, OPTIONS, 9))
def test_a_network_equals_its_reference(tmp_path, net, options):
    check(NETS[net], plan_of(NETS[net], OPTIONS[options]), tmp_path / "hls")


@pytest.mark.parametrize(
    ("matrix", "options"), a_share(MATRICES, ["unrolled", "folded", "folded 3x2"], 4)
)
def test_a_degenerate_matrix_equals_its_reference(tmp_path, matrix, options):
    weight, inputs = MATRICES[matrix]
    graph = matrix_graph("matrix", weight, IntType.parse(inputs))
    check(graph, plan_of(graph, OPTIONS[options]), tmp_path / "hls")


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_long_codes_are_products(tmp_path, style):
    net = affine_network(codes="u6")
    check(net, planned(net, style=style), tmp_path / "hls")


def test_a_line_of_more_bits_than_integers_hold_is_a_table(tmp_path):
    graph = wide_network(inputs="s32", codes="u4", weight_bits=28)
    plan = planned(graph, style="folded", requantization="multiply")
    (stage,) = (s for s in plan.stages if isinstance(s, SerialThreshold))
    assert stage.ramps is not None
    check(graph, plan, tmp_path / "hls", flags=(*WARNINGS, *QUIET))


@pytest.mark.parametrize(("layer", "fold"), a_share(LAYERS, {"4x2": (4, 2), "6x3": (6, 3)}, 7))
def test_an_awkward_folded_layer(tmp_path, layer, fold):
    graph = matrix_graph("m", LAYERS[layer], IntType.parse("s4"))
    pe, simd = {"4x2": (4, 2), "6x3": (6, 3)}[fold]
    check(graph, planned(graph, style="folded", pe=pe, simd=simd), tmp_path / "hls")


@pytest.mark.parametrize(("net", "mix"), a_share(MIXED_NETS, MIXES, 8))
def test_a_mixed_design(tmp_path, net, mix):
    graph = MIXED_NETS[net]
    layers = layers_of(graph)
    choices = [
        unrolled(layer, BuildOptions())
        if fold == UNROLLED
        else folded(layer, *fold, BuildOptions())
        for layer, fold in zip(layers, MIXES[mix], strict=True)
    ]
    plan = plan_chosen(graph, layers, tuple(choices), BuildOptions())
    check(graph, plan, tmp_path / "hls")


@pytest.mark.parametrize(
    "seed", [7, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 30))]
)
def test_maps_pixel_by_pixel(tmp_path, seed):
    net = random_map_net(seed)
    check(net, planned(net, style="unrolled"), tmp_path / "hls")


@pytest.mark.parametrize(
    "seed", [3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 30))]
)
def test_folded_convolutions(tmp_path, seed):
    net = random_conv_net(seed)
    check(net, planned(net, style="folded", **random_folding(seed)), tmp_path / "hls")


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_cnn(tmp_path, style):
    net = small_cnn(2)
    check(net, planned(net, style=style), tmp_path / "hls")


GRAPHS = ["residual", "unet", "espcn", "input_twice", "joined_output", "flattened_join"]


@pytest.mark.parametrize(("name", "style"), a_share(GRAPHS, ["unrolled", "folded"], 6))
def test_a_network_with_branches(tmp_path, name, style):
    net = getattr(tiny_graphs, name)()
    check(net, planned(net, style=style), tmp_path / "hls")


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_neither_a_warning_nor_undefined_behaviour(tmp_path, style):
    net = network(3, widths=(6, 4, 3), inputs="s3", codes="s3")
    flags = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *WARNINGS, *QUIET)
    check(net, planned(net, style=style), tmp_path / "hls", flags=flags)

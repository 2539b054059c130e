"""Proofs of C++ from a trace of the program, and C++ damaged on purpose, which has none."""

import re

import pytest

from hwgen.design_json import design_json
from hwgen.plan.stages.stage import SerialThreshold
from hwgen.prove.cpp.proof import prove_cpp
from sim.test_designs import MATRICES, NETS, OPTIONS, IntType, a_share, matrix_graph
from tests import tiny_graphs
from tests.hls.designs import QUIET, WARNINGS, compiled, planned, ran, written
from tests.hls.test_designs import GRAPHS, plan_of
from tests.imported_nets import imported_net, multiples
from tests.random_graphs import random_graph
from tests.tiny_maps import random_conv_net, random_folding, random_map_net, small_cnn
from tests.tiny_nets import affine_network, wide_network


def proof(graph, plan, folder):
    return prove_cpp(folder, graph, design_json(plan, graph) | {"hls": {"top": plan.name}})


def prove(graph, plan, folder):
    written(graph, plan, folder / "hls")
    return proof(graph, plan, folder)


@pytest.mark.parametrize(("net", "options"), a_share(NETS, OPTIONS, 14))
def test_a_network_is_proved(tmp_path, net, options):
    found = prove(NETS[net], plan_of(NETS[net], OPTIONS[options]), tmp_path)
    assert found.proved, found.problem
    assert found.rows == sum(len(n.rows) for n in NETS[net].nodes if hasattr(n, "rows"))


@pytest.mark.parametrize(("matrix", "options"), a_share(MATRICES, ["unrolled", "folded"], 4))
def test_a_degenerate_matrix_is_proved(tmp_path, matrix, options):
    weight, inputs = MATRICES[matrix]
    graph = matrix_graph("matrix", weight, IntType.parse(inputs))
    found = prove(graph, plan_of(graph, OPTIONS[options]), tmp_path)
    assert found.proved, found.problem


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_products_for_long_codes_are_proved(tmp_path, style):
    net = affine_network(codes="u6")
    found = prove(net, planned(net, style=style), tmp_path)
    assert found.proved, found.problem


COMPUTED = {  # thresholds on a line, each from the one before
    "signed": {"inputs": "s6", "codes": "s4", "weight_bits": 5},
    "long codes": {"inputs": "s8", "codes": "u8", "weight_bits": 9},
}


@pytest.mark.parametrize("net", COMPUTED.values(), ids=COMPUTED)
def test_computed_thresholds_are_equal_and_proved(tmp_path, net):
    graph = wide_network(widths=(3, 5, 2), **net)
    plan = planned(graph, style="folded", requantization="multiply")
    found = prove(graph, plan, tmp_path)
    assert found.proved, found.problem
    compiled(tmp_path / "hls", flags=(*WARNINGS, *QUIET))
    status, text = ran(tmp_path / "hls")
    assert status == 0, text
    assert "table0_0" not in "".join(f.read_text() for f in (tmp_path / "hls").glob("*.cpp"))


@pytest.mark.parametrize(
    "line", [r"(middle)0\[\d+\] = \{\s*(-?\d+)", r"(step)0\[\d+\] = \{\s*(-?\d+)"]
)
def test_another_line_is_not_proved(tmp_path, line):
    graph = wide_network(widths=(3, 5, 2), **COMPUTED["signed"])
    plan = planned(graph, style="folded", requantization="multiply")
    (stage,) = (s for s in plan.stages if isinstance(s, SerialThreshold))
    written(graph, plan, tmp_path / "hls")

    def moved(place):
        return place[0][: -len(place[2])] + str(int(place[2]) + (1 << stage.ramps.fraction))

    assert changed(tmp_path, line, moved) == 1
    assert not proof(graph, plan, tmp_path).proved


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_cnn_is_proved(tmp_path, style):
    found = prove(small_cnn(2), planned(small_cnn(2), style=style), tmp_path)
    assert found.proved, found.problem


IMPORTED = [(imported_net, 65, "unrolled"), (imported_net, 11, "folded"), (multiples, 0, "folded")]
PADDED = [(imported_net, seed, style) for seed in (8, 12) for style in ("unrolled", "folded")]


@pytest.mark.parametrize(("make", "seed", "style"), IMPORTED + PADDED)
def test_networks_of_other_tools_are_equal_and_proved(tmp_path, make, seed, style):
    graph = make(seed)
    plan = planned(graph, style=style)
    found = prove(graph, plan, tmp_path)
    assert found.proved, found.problem
    compiled(tmp_path / "hls")
    status, text = ran(tmp_path / "hls")
    assert status == 0, text


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_maps_are_proved(tmp_path, seed):
    net = random_map_net(seed)
    found = prove(net, planned(net, style="unrolled"), tmp_path)
    assert found.proved, found.problem


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_folded_convolutions_are_proved(tmp_path, seed):
    net = random_conv_net(seed)
    found = prove(net, planned(net, style="folded", **random_folding(seed)), tmp_path)
    assert found.proved, found.problem


@pytest.mark.parametrize(("name", "style"), a_share(GRAPHS, ["unrolled", "folded"], 6))
def test_branches_are_proved(tmp_path, name, style):
    net = getattr(tiny_graphs, name)()
    found = prove(net, planned(net, style=style), tmp_path)
    assert found.proved, found.problem


MIXED = [(7004, "unrolled"), (25, "folded"), (22, "unrolled"), (68, "folded"), (91, "folded")]
RANDOM = [(seed, style) for seed in range(25) for style in ("unrolled", "folded")]


@pytest.mark.parametrize(
    ("seed", "style"), [*MIXED, *(pytest.param(*one, marks=pytest.mark.slow) for one in RANDOM)]
)
def test_random_branches_are_proved(tmp_path, seed, style):
    """Sums, codes and constants in one argmax, functions of one code, poolings behind poolings."""
    net = random_graph(seed)
    found = prove(net, planned(net, style=style), tmp_path)
    assert found.proved, found.problem


def changed(folder, pattern, change, which=0):
    """Change one place of the C++ that fits a pattern; how many do."""
    path = folder / "hls" / "tiny.cpp"
    text = path.read_text()
    found = list(re.finditer(pattern, text))
    place = found[which % len(found)]
    path.write_text(text[: place.start()] + change(place) + text[place.end() :])
    return len(found)


def narrower(place):
    return f"const ap_{place[1]}<{int(place[2]) - 1}> n{place[3]} ="


def test_narrower_adders_are_caught_or_matter_to_no_lane(tmp_path):
    net = NETS["u4 argmax"]
    plan = plan_of(net, OPTIONS["unrolled ecp5 comb"])
    caught, of = 0, range(0, 56, 8)
    for which in of:
        folder = tmp_path / str(which)
        folder.mkdir()
        written(net, plan, folder / "hls")
        changed(folder, r"const ap_(u?int)<(\d+)> n(\d+) =(?= .*\+)", narrower, which)
        found = proof(net, plan, folder)
        caught += not found.proved
        if found.proved:
            compiled(folder / "hls")
            assert ran(folder / "hls")[0] == 0
    assert caught >= len(of) - 1


def by_one(group):
    def change(place):
        number = place[group]
        at = place.start(group) - place.start(), place.end(group) - place.start()
        return place[0][: at[0]] + str(int(number) + 1) + place[0][at[1] :]

    return change


DAMAGE = {
    "a threshold by one": ("unrolled", r">= ap_u?int<\d+>\((-?\d+)\)", by_one(1)),
    "a constant by one": ("unrolled", r"y\.e\[\d\] = ap_uint<9>\((\d+)\) \+", by_one(1)),
    "a shift by one": ("unrolled", r"n\d+\) << (\d)", by_one(1)),
    "a complement less": ("unrolled", r"~(n\d+)", lambda place: place[1]),
    "a lane of another": ("unrolled", r"n1 = x\.e\[1\]", lambda _: "n1 = x.e[2]"),
    "an index": (
        "unrolled",
        r"ap_uint<3>\(3\), ap_uint<3>\(2\)",
        lambda _: "ap_uint<3>(2), ap_uint<3>(2)",
    ),
    "ties": ("unrolled", r"hwgen_bit t0 = (.*) > ", lambda place: f"hwgen_bit t0 = {place[1]} >= "),
    "an input's place": ("unrolled", r"hwgen_field<(4), 4>\(word\)", by_one(1)),
    "a word of the program": ("folded", r"program0\[\d+\] = \{\s+(\d+)", by_one(1)),
    "a field's place": ("folded", r"hwgen_field<(1), 4>\(word0\)", by_one(1)),
    "a start": ("folded", r"start0\[\d\] = \{\s+\d+, (\d+)", by_one(1)),
    "an accumulator": ("folded", r"const (ap_uint)<9> t0", lambda _: "const ap_uint<7> t0"),
    "a word of a search": ("folded", r"table0_2\[\d+\] = \{\s+(\d+)", by_one(1)),
    "beats in another order": (
        "folded",
        r"(takes0\[\d\] = \{\s+)1, 0",
        lambda place: f"{place[1]}0, 1",
    ),
    "a row that outlives a call": ("folded", r"int row = 0", lambda _: "static int row = 0"),
    "a table that does": (
        "folded",
        r"static const (bool takes0)",
        lambda place: f"static {place[1]}",
    ),
    "a class of another": (
        "folded",
        r"(index0\[\d\] = \{\s+)(\d), (\d)",
        lambda place: f"{place[1]}{place[3]}, {place[2]}",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_code_is_not_proved(tmp_path, damage):
    style, pattern, change = DAMAGE[damage]
    net = NETS["u4 argmax"]
    plan = plan_of(net, OPTIONS[style])
    written(net, plan, tmp_path / "hls")
    changed(tmp_path, pattern, change)
    found = proof(net, plan, tmp_path)
    assert not found.proved
    assert found.verdict().startswith("NOT PROVED: hls/tiny.cpp: ")

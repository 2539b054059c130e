"""Convolutions in front of their enlargement are proved to be those behind it of the network."""

from dataclasses import replace

import pytest

from hwgen.errors import PlanError
from hwgen.flow import build
from hwgen.ir import Add, Concat, Conv2d, Graph
from hwgen.json_file import load_json
from hwgen.network_file import save_network
from hwgen.plan.choose.budget import cost_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, plan_from_file
from hwgen.plan.planner import plan_design
from hwgen.prove.cpp.run import prove_cpp_folder
from hwgen.prove.run import prove
from hwgen.simulate import simulate
from tests.plan.test_plan_file import edited, written
from tests.tiny_graphs import GraphNet

FOLDED = BuildOptions(style="folded", effort="low", subpixel="always")


def in_a_chain():
    return GraphNet(1, (2, 3, 2)).same(2).act().larger(2).same(2).act().same(1).graph()


def at_the_end():
    return GraphNet(3, (2, 3, 2)).larger(3).same(1).act().graph()


def raw_sums():
    return GraphNet(2, (2, 3, 2)).larger(2).same(2).graph()


def decoder():
    """What was made larger is added to what it was made smaller of."""
    net = GraphNet(5, (1, 4, 4)).same(2).act()
    encoded = net.source
    net.conv(2, (2, 2), stride=(2, 2)).act().larger(2).same(2).act()
    return net.join(Add, net.source, encoded).act().graph()


def twice():
    net = GraphNet(1, (1, 1, 2)).larger(2).same(1).act("u1")
    return net.larger(2).same(1).act("u1").graph()


NETS = {
    "in a chain": in_a_chain,
    "at the end": at_the_end,
    "raw sums": raw_sums,
    "decoder": decoder,
    "twice": twice,
}


@pytest.mark.parametrize("net", NETS)
def test_the_design_is_proved_to_be_the_network(tmp_path, net):
    """Nothing tells the proof: it has the network, whose convolution reads the larger map."""
    folder = tmp_path / "design"
    plan = build(NETS[net](), FOLDED, folder)
    assert len(plan.subpixel) == 1 + (net == "twice")
    assert load_json(folder / "design.json")["subpixel"] == list(plan.subpixel)
    certificate = prove(folder)
    assert certificate.proved, certificate.problem


def test_an_enlarged_map_whose_columns_are_counted_by_a_product_is_proved(tmp_path):
    """Neighbours come together where the enlargement stays."""
    net = GraphNet(0, (2, 2, 2)).larger(2)
    enlarged = net.source
    left = net.same(1).act("u1").source
    graph = net.join(Concat, left, enlarged).same(1, 1).act("u1").graph()
    build(graph, replace(FOLDED, subpixel="never"), tmp_path / "design")
    certificate = prove(tmp_path / "design")
    assert certificate.proved, certificate.problem


@pytest.mark.slow
def test_verilog_and_cpp_give_the_networks_integers(tmp_path):
    folder = tmp_path / "design"
    assert build(at_the_end(), FOLDED, folder, hls=True).subpixel
    for simulator in ("icarus", "cpp"):
        assert simulate(folder, simulator=simulator).passed
    proof = prove_cpp_folder(folder)
    assert proof.proved, proof.problem


@pytest.mark.parametrize("tap", [(0, 0), (1, 1), (2, 1)])
def test_another_weight_is_not_proved(tmp_path, tap):
    """Each tap of the network's kernel has a part in the sums of taps."""
    folder, graph = tmp_path / "design", at_the_end()
    build(graph, FOLDED, folder)
    conv = next(node for node in graph.nodes if isinstance(node, Conv2d))
    weight = conv.weight.copy()
    weight[0, 0, *tap] -= 1 if weight[0, 0, *tap] > 0 else -1
    nodes = [replace(n, weight=weight) if n is conv else n for n in graph.nodes]
    other = Graph(name=graph.name, input=graph.input, nodes=tuple(nodes), output=graph.output)
    save_network(other, folder / "network.npz")
    assert not prove(folder).proved


def test_what_takes_less_is_chosen():
    """Sums of taps have fewer products: fewer cycles or fewer multipliers."""
    graph = GraphNet(3, (8, 6, 6)).larger(3).same(1).act().graph()

    def plan(subpixel):
        return plan_design(graph, replace(FOLDED, subpixel=subpixel))

    auto, never = plan("auto"), plan("never")
    assert auto.subpixel == ("conv1",)
    assert never.subpixel == ()
    assert auto.interval_cycles < never.interval_cycles
    assert plan_design(graph, replace(FOLDED, style="unrolled", subpixel="auto")).subpixel == ()


def test_an_unrolled_one_is_refused(tmp_path):
    graph = at_the_end()
    with pytest.raises(PlanError, match="conv1 must be folded to be computed in front of the"):
        plan_design(graph, replace(FOLDED, style="unrolled"))


def test_an_edited_plan_names_its_convolutions(tmp_path):
    graph = at_the_end()
    document = plan_document(plan_design(graph, FOLDED))
    path = written(tmp_path, document)
    assert plan_document(plan_from_file(graph, path)) == document
    for names in (["up0"], ["conv1", "conv1"]):
        path = written(tmp_path, edited(document, "subpixel", to=names))
        with pytest.raises(PlanError, match=r"plan.json.subpixel: must name convolutions"):
            plan_from_file(graph, path)


@pytest.mark.parametrize(("side", "channels", "chosen"), [(3, 1, ("conv1",)), (1, 8, ())])
def test_for_a_throughput_each_convolution_is_weighed_alone(side, channels, chosen):
    """A kernel of one tap has no sums of taps, only more channels and a shuffle behind."""
    graph = GraphNet(3, (8, 6, 6)).larger(3).same(channels, side).act().graph()
    goal = BuildOptions(style="folded", fps=500, clock_mhz=1.0)
    auto, other = (
        plan_design(graph, replace(goal, subpixel=subpixel))
        for subpixel in ("auto", "never" if chosen else "always")
    )
    assert auto.subpixel == chosen
    assert cost_of(auto).luts < cost_of(other).luts

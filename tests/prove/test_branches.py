"""Designs with branches are proved, and none whose wires, hints or network are others."""

import copy
import dataclasses
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from hwgen.flow import build
from hwgen.ir import Add, Concat, Graph, PixelShuffle
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import Narrower
from hwgen.prove.branches import path, runs_of
from hwgen.prove.certificate.statements import NOT_BRANCHES, NOT_QUEUES
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove, prove_netlist
from tests.tiny_graphs import (
    GraphNet,
    doubled_vector,
    inception,
    long_vectors,
    map_and_vector,
    raw_sums,
    residual,
    sums_beside_one_pixel,
    unet,
)


def enlarged(kind_is_shuffle):
    """Two maps of one size, both made larger, added."""
    net = GraphNet(1, (1, 3, 2)).same(4).act()
    start, kind = net.source, {"kind": PixelShuffle} if kind_is_shuffle else {}
    left = net.larger(2, **kind).same(2).act().source
    right = net.at(start).same(8 if kind_is_shuffle else 2).act().larger(2, **kind).source
    return net.join(Add, left, right).act().graph()


NETS = {
    "residual": residual,
    "strided": lambda: residual(shortcut=2),
    "raw-sums": raw_sums,
    "inception": inception,
    "unet": unet,
    "added-unet": lambda: unet(joint=Add),
    "repeated": lambda: enlarged(False),
    "shuffled": lambda: enlarged(True),
    "doubled-vector": doubled_vector,
    "map-and-vector": map_and_vector,
}


@cache
def sound(name, style="unrolled"):
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    build(NETS[name](), BuildOptions(style=style, effort="low"), folder)
    design = read_folder(folder)
    return design, read_netlist(folder, design)[0]


def problem(design, netlist):
    return prove_netlist(design, netlist, "", lambda _: None).problem


@pytest.mark.parametrize("name", NETS)
def test_designs_with_branches_are_proved(name):
    assert problem(*sound(name)) is None


@pytest.mark.parametrize("name", ["residual", pytest.param("strided", marks=pytest.mark.slow)])
def test_folded_designs_with_branches_are_proved(name):
    assert problem(*sound(name, "folded")) is None


@pytest.mark.parametrize("net", [sums_beside_one_pixel, long_vectors])
def test_maps_read_as_vectors_side_by_side_are_proved(tmp_path, net):
    """A map of one pixel is its vector; a vector is cut in more beats than a unit may be idle."""
    options = BuildOptions(style="folded", pe=1, simd=1, pixels=1, effort="low")
    plan = build(net(), options, tmp_path / "design")
    assert prove(tmp_path / "design").problem is None
    if net is long_vectors:
        assert max(s.parts for s in plan.stages if isinstance(s, Narrower)) == 96


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NETS if name not in ("residual", "strided")])
def test_all_folded_designs_with_branches_are_proved(name):
    assert problem(*sound(name, "folded")) is None


def wires(module, units):
    """Every place in the top where a net is read by a unit or a gate; those of tlast aside."""
    tready = module["ports"]["m_axis_tready"]["bits"]
    for name, cell in module["cells"].items():
        is_gate = cell["type"] in ("$and", "$logic_and") and tready not in (
            cell["connections"]["A"],
            cell["connections"]["B"],
        )
        if cell["type"] in units or is_gate:
            for port, direction in cell["port_directions"].items():
                if direction == "input" and port != "clk":
                    yield name, port


@pytest.mark.parametrize("name", ["residual", pytest.param("inception", marks=pytest.mark.slow)])
def test_no_wire_of_the_top_may_go_elsewhere(name):
    design, netlist = sound(name)
    count = 0
    for cell, port in wires(netlist[design.top], design.units):
        mutant = copy.deepcopy(netlist)
        nets = mutant[design.top]["cells"][cell]["connections"][port]
        if len(nets) > 1 and nets != nets[::-1]:
            nets.reverse()
        else:
            nets[0] = "1" if nets[0] != "1" else "0"
        assert problem(design, mutant) is not None, (cell, port)
        count += 1
    assert count > 40


def test_gates_of_several_bits_join_nothing():
    """Bit 0 of such a gate is high without what bit 1 needs, whatever both hang on."""
    design, netlist = sound("residual")
    top = copy.deepcopy(netlist[design.top])
    gate = next(
        cell
        for cell in top["cells"].values()
        if cell["type"] in ("$and", "$logic_and")
        and top["ports"]["m_axis_tready"]["bits"] not in cell["connections"].values()
    )
    nets = gate["connections"]
    nets["A"], nets["B"] = [*nets["A"], "1"], [*nets["B"], "1"]
    nets["Y"] = [*nets["Y"], 10**6]
    assert problem(design, netlist | {design.top: top}) is not None


def test_what_is_not_shown_of_branches_is_said():
    design, netlist = sound("strided")
    found = prove_netlist(design, netlist, "", lambda _: None)
    assert NOT_QUEUES in found.to_json()["does_not_prove"]
    assert "whenever beats come and go" in found.verdict()


def test_without_promises_depths_are_not_shown():
    """Designs of earlier versions say nothing of their rhythm."""
    design, netlist = sound("strided")
    silent = dataclasses.replace(design, promises=(), rhythm=None)
    found = prove_netlist(silent, netlist, "", lambda _: None)
    assert NOT_BRANCHES in found.to_json()["does_not_prove"]
    assert found.proved
    assert "queue" not in found.verdict()


def test_a_design_shown_over_frames_counts_its_rows():
    found = prove_netlist(*sound("shuffled"), "", lambda _: None)
    assert "on every input while no unit waits: 0 rows" not in found.verdict()
    assert "while no unit waits" in found.verdict()
    assert found.to_json()["latency_cycles"] is None


def test_a_unit_that_reads_others_than_it_says_is_not_proved():
    design, netlist = sound("residual")
    reads = list(design.reads)
    index = next(k for k, own in enumerate(reads) if len(own) > 1)
    reads[index] = reads[index][::-1]
    assert problem(dataclasses.replace(design, reads=tuple(reads)), netlist) is not None


def test_wrong_hints_fail():
    design, netlist = sound("strided")
    gives = tuple(reversed(design.gives))
    found = problem(dataclasses.replace(design, gives=gives), netlist)
    assert "must be made of" in str(found)


@pytest.mark.parametrize("name", ["unet", "inception"])
def test_another_order_of_what_is_joined_is_not_proved(name):
    design, netlist = sound(name)
    nodes = tuple(
        dataclasses.replace(node, inputs=node.inputs[::-1]) if isinstance(node, Concat) else node
        for node in design.graph.nodes
    )
    graph = Graph(
        name=design.graph.name, input=design.graph.input, nodes=nodes, output=design.graph.output
    )
    assert problem(dataclasses.replace(design, graph=graph), netlist) is not None


def test_runs_end_where_streams_divide_or_meet():
    reads = ((-1,), (0,), (1,), (0,), (2, 3), (4,))
    assert runs_of(reads) == [[0], [1, 2], [3], [4, 5]]
    assert runs_of(((-1,), (0,), (1,))) == [[0, 1, 2]]
    assert runs_of(((-1,), (-1,), (0, 1))) == [[0], [1], [2]]


def test_operations_are_found_between_values():
    graph = residual()
    add = next(node for node in graph.nodes if isinstance(node, Add))
    assert [node.name for node in path(graph, add.inputs, graph.output)] == [
        add.name,
        graph.output,
    ]
    with pytest.raises(NotProvedError) as caught:
        path(graph, ("input",), graph.output)
    assert str(caught.value) == f"graph: {add.name} must be made of input alone"

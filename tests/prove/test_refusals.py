"""Designs with one mistake each are refused: mutations of plan, Verilog and network."""

import dataclasses
import re
import shutil

import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.emit import verilog_of
from hwgen.ir import Graph
from hwgen.network_file import load_network, save_network
from hwgen.plan.stages.stage import ParallelThreshold, UnrolledDense
from hwgen.prove.run import prove
from sim.test_mutations import dropped_operand, moved_threshold, narrower_root, replaced
from tests.prove.designs import shared


def changed_adder(index=0, **changes):
    """Give a mutation of an adder."""

    def mutate(stage):
        adders = replaced(stage.graph.adders, index, **changes)
        return dataclasses.replace(stage, graph=dataclasses.replace(stage.graph, adders=adders))

    return mutate


def shifted_operand(stage):
    """The first adder's second operand one place higher."""
    b = stage.graph.adders[0].b
    return changed_adder(b=b._replace(shift=b.shift + 1))(stage)


def inverted_operand(stage):
    """The first adder's second operand with another sign."""
    b = stage.graph.adders[0].b
    return changed_adder(b=b._replace(inverted=not b.inverted))(stage)


def swapped_rows(stage):
    """Two rows in each other's lane."""
    first, second, *rest = stage.graph.outputs
    graph = dataclasses.replace(stage.graph, outputs=(second, first, *rest))
    first, second, *rest = stage.outputs.lanes
    lanes = dataclasses.replace(stage.outputs, lanes=(second, first, *rest))
    return dataclasses.replace(stage, graph=graph, outputs=lanes)


PLANS = {
    "narrower accumulator": (UnrolledDense, narrower_root),
    "dropped operand": (UnrolledDense, dropped_operand),
    "shifted operand": (UnrolledDense, shifted_operand),
    "inverted operand": (UnrolledDense, inverted_operand),
    "swapped rows": (UnrolledDense, swapped_rows),
    "moved threshold": (ParallelThreshold, moved_threshold),
}


@pytest.mark.parametrize(("kind", "mutate"), PLANS.values(), ids=PLANS)
def test_a_mutated_plan_is_refused(tmp_path, kind, mutate):
    folder, plan = shared()
    folder = shutil.copytree(folder, tmp_path / "design")
    index = next(k for k, stage in enumerate(plan.stages) if isinstance(stage, kind))
    stages = (*plan.stages[:index], mutate(plan.stages[index]), *plan.stages[index + 1 :])
    (folder / "tiny.v").write_text(verilog_of(dataclasses.replace(plan, stages=stages)))
    assert not prove(folder).proved


TEXTS = {
    "a register too few on a path": (
        r"(?s)(\n  wire \S+ (n\d+);(?:(?!endmodule).)*?= \2)_d\d( [+-] )",
        r"\1\3",
        "registers behind",
    ),
    "swapped staircases": (r"(payload\[3:0\] = \{ t0_\d+_d1, )t0_", r"\1t1_", "lane"),
    "a reset that sets valid": (
        r"(if \(rst\) begin\s+\S+\s+=\s)1'h0",
        r"\g<1>1'h1",
        "0 after a reset",
    ),
    "ready without valid": (
        r"assign i__ready = o__ready \|[^;]*;",
        "assign i__ready = o__ready;",
        "must be i__valid behind registers",
    ),
    "a comparison that takes the last among equals": (r" > (held|i__payload)", r" >= \1", ""),
    "a code's bits swapped": (
        r"(o__payload\[7:4\] = \{) (\w+), (\w+),",
        r"\1 \3, \2,",
        "tiny__act0, lane 1",
    ),
    "an adjusting constant": (r"8'hf2 \+", "8'hf3 +", "what lane 0 has on top"),
    "lost sign": (r"\{ (\S+ )\[(\d)\], \1\[\2\], ", r"{ 2'h0, ", "tiny__dense"),
    "tied payload": (r"(\.i__payload)\(payload1\)", r"\1({payload1[77:1], 1'b0})", "wired"),
}


@pytest.mark.parametrize(("old", "new", "place"), TEXTS.values(), ids=TEXTS)
def test_mutated_verilog_is_refused_with_its_place(tmp_path, old, new, place):
    folder = shutil.copytree(shared("ecp5", "2")[0], tmp_path / "design")
    text = (folder / "tiny.v").read_text()
    mutant, count = re.subn(old, new, text, count=1)
    if not count:
        pytest.fail(f"{old} is not in the Verilog")
    (folder / "tiny.v").write_text(mutant)
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert result.exit_code == 1, result.output
    assert place in result.output.replace("\n", " ")


FLOWS = {
    "a first unit that takes beats it is not ready for": (
        r"= i__valid & o__ready;",
        lambda found: found[0].replace("& o__ready", "& 1'h1"),
        "tiny__dense0",
    ),
    "a second unit that drops beats": (
        r"(module tiny__act0.*?) = i__valid;",
        r"\1 = i__valid & o__ready;",
        "tiny__act0: must move on in every cycle and take every beat",
    ),
    "a buffer that swaps two bits": (
        r"(module tiny__argmax__output.*?<= )i__payload;",
        r"\1{ i__payload[0], i__payload[2:1] };",
        "tiny__argmax__output",
    ),
    "a buffer that writes always": (
        r"(module tiny__argmax__output.*?)if \(i__valid\)",
        r"\1if (1'h1)",
        "tiny__argmax__output",
    ),
}


@pytest.mark.parametrize(("old", "new", "place"), FLOWS.values(), ids=FLOWS)
def test_a_mutated_handshake_is_refused_with_its_place(tmp_path, old, new, place):
    folder = shutil.copytree(shared("ecp5", "1")[0], tmp_path / "design")
    text = (folder / "tiny.v").read_text()
    mutant, count = re.subn(old, new, text, count=1, flags=re.DOTALL)
    if not count or mutant == text:
        pytest.fail(f"{old} is not in the Verilog")
    (folder / "tiny.v").write_text(mutant)
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert result.exit_code == 1, result.output
    assert place in result.output.replace("\n", " ")


def test_another_weight_in_the_network_is_refused(tmp_path):
    folder = shutil.copytree(shared()[0], tmp_path / "design")
    graph = load_network(folder / "network.npz")
    node = graph.nodes[0]
    weight = node.weight.copy()
    weight[2, 3] -= 1
    changed = dataclasses.replace(node, weight=weight, accumulators=node.accumulators)
    try:
        mutant = Graph(
            name=graph.name,
            input=graph.input,
            nodes=(changed, *graph.nodes[1:]),
            output=graph.output,
        )
    except ValueError:
        pytest.fail("the weight must be legal")
    save_network(mutant, folder / "network.npz")
    certificate = prove(folder)
    assert "tiny__dense0, lane 2: must be a multiple of the row" in certificate.problem

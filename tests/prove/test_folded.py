"""Folded designs are proved: styles, streams and tails; damaged ones are not."""

import json
import re
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.flow import build
from hwgen.network_file import load_network
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from sim.test_mixed import MIXES, NETS, mixed
from tests.prove.designs import folded, shared_folded
from tests.tiny_nets import network

CASES = {
    "4 PEs of 2": {"pe": 4, "simd": 2},
    "sets of PEs": {"pe": 6, "density": 0.3},
    "every weight": {"pe": 4, "simd": 2, "skip": False},
    "raw sums": {"pe": 2, "simd": 2, "argmax": False},
    "signed inputs and codes": {"pe": 4, "inputs": "s4", "codes": "s3"},
    "binary inputs": {"pe": 4, "inputs": "u1", "codes": "u1"},
    "empty rows, constant channels": {"pe": 4, "density": 0.15, "inputs": "u2"},
    "signed accumulators": {"pe": 4, "accumulator": "signed"},
    "wide accumulators": {"pe": 4, "density": 0.9, "accumulator": "20"},
    "heavy weights": {"pe": 2, "weight_bits": 8, "density": 0.9, "target": "ice40"},
    "one of everything": {"widths": (1, 1), "density": 1.0},
    "beats of several elements": {"pe": 6, "simd": 4},
    "long rows": {"widths": (16, 12, 10), "pe": 4, "simd": 2, "density": 0.1, "long_row": True},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_sound_folded_design_is_proved(tmp_path, case):
    folded(tmp_path / "design", 1, **{"widths": (9, 7, 5), **case})
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize("mix", ["folded, unrolled, folded", "unrolled, folded, unrolled"])
@pytest.mark.parametrize("name", ["s4 to s2 codes", "u1, one neuron"])
def test_unrolled_and_folded_layers_in_one_design_are_proved(tmp_path, mix, name):
    mixed(NETS[name], MIXES[mix], tmp_path / "design")
    assert prove(tmp_path / "design").problem is None


def test_the_certificate_tells_what_each_accumulator_holds():
    """Recomputed here: the ends are sums of a part of a row of this PE, and fit its bits."""
    folder, plan = shared_folded()
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert (result.exit_code, result.output[:7]) == (0, "PROVED:")
    proof = json.loads((folder / "proof.json").read_text())
    graph = load_network(folder / "network.npz")
    layer, weight = proof["layers"][0], graph.nodes[0].weight
    assert len(layer["accumulators"]) == len(plan.stages[0].elements)
    for accumulator in layer["accumulators"]:
        assert accumulator["hi"] - accumulator["lo"] < 2 ** accumulator["bits"]
    for row, ends in enumerate(layer["rows"]):
        highest = [hi if c in ends["raised"] else lo for c, (lo, hi) in enumerate(layer["inputs"])]
        assert int(weight[row] @ np.array(highest)) + graph.nodes[0].bias[row] == ends["hi"]


def test_another_weight_in_the_program_memory_is_refused(tmp_path):
    folder = shutil.copytree(shared_folded()[0], tmp_path / "design")
    path = folder / "tiny.v"
    text = path.read_text()
    found = re.search(r"(program \[0\] = \d+'h)([0-9a-f]+);", text)
    changed = format(int(found[2], 16) ^ 2, f"0{len(found[2])}x")
    path.write_text(text.replace(found[0], f"{found[1]}{changed};", 1))
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert result.exit_code == 1
    assert "tiny__dense0, " in result.output.replace("\n", " ")


TEXTS = {
    "a threshold moved": (r"(thresholds0_0\[0\] = \d+'h)([0-9a-f]+)", "must be bit"),
    "a row that ends a step later": (r"(program \[1\] = \d+'h)([0-9a-f]+)", "tiny__dense"),
}


@pytest.mark.parametrize(("word", "place"), TEXTS.values(), ids=TEXTS)
def test_a_changed_memory_is_refused(tmp_path, word, place):
    folder = shutil.copytree(shared_folded()[0], tmp_path / "design")
    text = (folder / "tiny.v").read_text()

    def changed(match):
        return match[1] + format(int(match[2], 16) ^ 1, "x")

    mutant, count = re.subn(word, changed, text, count=1)
    assert count
    (folder / "tiny.v").write_text(mutant)
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert result.exit_code == 1
    assert place in result.output.replace("\n", " ")


def test_a_narrower_accumulator_is_refused(tmp_path):
    folder = shutil.copytree(shared_folded()[0], tmp_path / "design")
    text = (folder / "tiny.v").read_text()
    bits = int(re.search(r"reg \[(\d+):0\] accumulator0 ", text)[1])
    cut = r"(accumulator0 <= )([^;]*);"
    mutant, count = re.subn(cut, rf"\1({{1'h0, {{{bits}{{1'b1}}}}}} & (\2));", text)
    if not count:
        pytest.fail("accumulator0 is not in the Verilog")
    (folder / "tiny.v").write_text(mutant)
    assert not prove(folder).proved


def test_a_memory_read_while_it_is_written_proves_nothing(tmp_path):
    """A buffer that takes the next vector too early still works in simulation."""
    folder = shutil.copytree(shared_folded()[0], tmp_path / "design")
    text = (folder / "tiny.v").read_text()
    mutant, count = re.subn(r"assign i__ready = ~[^;]*;", "assign i__ready = 1'b1;", text, count=1)
    if not count:
        pytest.fail("ready is not in the Verilog")
    (folder / "tiny.v").write_text(mutant)
    assert not prove(folder).proved


def test_two_writes_of_one_word_prove_nothing(tmp_path):
    """Which of them the word keeps is not for the order of Verilog's blocks to say."""
    folded(tmp_path / "design", 1, widths=(9, 7, 5), pe=6, simd=4, luts_per_bram=10)
    path = tmp_path / "design" / "tiny.v"
    text = path.read_text()
    first = re.search(
        r"  always @\(posedge clk\) begin\n\s+if \((\w+)\)\n"
        r"\s+memory0(\[\{ [^}]* \}\]) <= [^\n]*\n\s+end\n",
        text,
    )
    another = f"  always @(posedge clk) if ({first[1]}) memory0{first[2]} <= 0;\n"
    path.write_text(text[: first.end()] + another + text[first.end() :])
    assert not prove(tmp_path / "design").proved


def test_an_exact_matrix_of_the_network_is_asked_for(tmp_path):
    build(network(1, widths=(6, 4), argmax=False), BuildOptions(style="folded"), tmp_path / "a")
    build(network(2, widths=(6, 4), argmax=False), BuildOptions(style="folded"), tmp_path / "b")
    shutil.copyfile(tmp_path / "b" / "network.npz", tmp_path / "a" / "network.npz")
    assert "must leave in every vector" in prove(tmp_path / "a").problem

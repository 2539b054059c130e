"""The prover checked by Yosys' SAT solver: small units against one multiplication a weight.

What the prover accepts must be equal by SAT, damaged units as well.
"""

import json
import re
import shutil

import numpy as np
import pytest

from hwgen.network_file import load_network
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove, prove_netlist
from hwgen.synth.tools import find_yosys, try_tool, workspace
from tests.prove.designs import built, shared
from tests.prove.test_mutants import damaged

UNITS = {
    "6 inputs of 3 bits, 7 series": {"widths": (6, 4), "inputs": "u3", "target": "xc7"},
    "6 signed inputs of 3 bits": {"widths": (6, 3), "inputs": "s3", "target": "ecp5"},
    "8-bit weights": {"widths": (5, 4), "inputs": "u3", "weight_bits": 8, "target": "ice40"},
    "binary inputs": {"widths": (6, 5), "inputs": "u1", "density": 0.9, "target": "xc7"},
}
MUTANTS = 20


def naive(graph, bits):
    """Verilog of a matrix-vector product with a multiplier for every weight, lanes of `bits`."""
    dense, kind = graph.nodes[0], graph.input.type
    rows, columns = dense.weight.shape
    sign = "signed" if kind.signed else ""
    lines = [
        f"module naive (input [{columns * kind.bits - 1}:0] x, output [{rows * bits - 1}:0] y);"
    ]
    for column in range(columns):
        low = column * kind.bits
        lines += [
            f"  wire {sign} [{kind.bits - 1}:0] p{column} = x[{low + kind.bits - 1}:{low}];",
            f"  wire signed [31:0] x{column} = p{column};",
        ]
    for row in range(rows):
        terms = [f"({int(w)}) * x{column}" for column, w in enumerate(dense.weight[row])]
        total = " + ".join([f"({int(dense.bias[row])})", *terms])
        lines += [
            f"  wire signed [31:0] s{row} = {total};",
            f"  assign y[{row * bits + bits - 1}:{row * bits}] = s{row}[{bits - 1}:0];",
        ]
    return "\n".join([*lines, "endmodule"]) + "\n"


def equal_by_sat(design, netlists):
    """Whether no input tells a unit and the naive one apart, for each of some netlists."""
    (name,) = design.units
    units = {f"unit{k}": netlist[name] for k, netlist in enumerate(netlists)}
    lines = [
        *("read_json units.json", "read_verilog naive.v", "proc"),
        "setattr -mod -unset keep_hierarchy *",
    ]
    for k in range(len(netlists)):
        lines += [
            f"flatten wrap{k}",
            f"miter -equiv -flatten -make_assert naive wrap{k} miter{k}",
            f"sat -prove-asserts miter{k}",
        ]
    with workspace(None) as where:
        (where.folder / "units.json").write_text(json.dumps({"modules": units}))
        text = naive(design.graph, design.output.bits)
        text += "".join(wrapped(design, k) for k in range(len(netlists)))
        (where.folder / "naive.v").write_text(text)
        status, output = try_tool(find_yosys(), ["-p", "; ".join(lines)], where)
    assert status == 0, output[-500:]
    ends = re.findall(r"SAT proof finished - .*: (SUCCESS|FAIL)!", output)
    return [end == "SUCCESS" for end in ends]


def wrapped(design, number):
    """Verilog around a unit that takes the naive one's ports."""
    bits = len(design.graph.nodes[0].weight[0]) * design.graph.input.type.bits
    return (
        f"module wrap{number} (input [{bits - 1}:0] x, "
        f"output [{design.output_lanes * design.output.bits - 1}:0] y);\n"
        f"  unit{number} u (.i__payload(x), .o__payload(y), .i__valid(1'b1), .o__ready(1'b1));\n"
        "endmodule\n"
    )


@pytest.mark.parametrize("case", UNITS.values(), ids=UNITS)
def test_what_is_proved_is_equal_by_sat(tmp_path, case):
    folder = tmp_path / "design"
    built(folder, 4, argmax=False, pipeline="none", **case)
    design = read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    assert load_network(folder / "network.npz").nodes[0].weight.shape[1] <= 6
    assert prove_netlist(design, netlist, "", lambda _: None).proved
    rng = np.random.default_rng(11)
    mutants = [damaged(netlist, design.units, rng) for _ in range(MUTANTS)]
    equal = equal_by_sat(design, [netlist, *(mutant for mutant, _ in mutants)])
    assert len(equal) == 1 + MUTANTS
    assert equal[0]
    assert not all(equal)
    for (mutant, what), same in zip(mutants, equal[1:], strict=True):
        if not same:
            assert not prove_netlist(design, mutant, "", lambda _: None).proved, what


def test_damaged_primitives_are_refused(tmp_path):
    """The form that the proof reads is untouched."""
    folder = shutil.copytree(shared()[0], tmp_path / "design")
    text = (folder / "tiny.v").read_text()
    assert "8'hE8" in text
    (folder / "tiny.v").write_text(text.replace("8'hE8", "8'hE9"))
    assert "the primitives in hwgen_add3 must give the sums" in prove(folder).problem

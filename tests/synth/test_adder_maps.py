"""Adders of every kind go to carry chains, and keep their values: real Yosys."""

import pytest

from hwgen.synth.count import Counts
from hwgen.synth.targets import TARGETS
from hwgen.synth.tools import find_yosys, run_tool, workspace
from hwgen.synth.yosys import Design
from tests.synth.texts import ADDER

NO_BITS = """module \\top
  wire width 2 input 1 \\b
  wire width 3 output 2 \\y
  cell $sub $1
    parameter \\A_SIGNED 0
    parameter \\A_WIDTH 0
    parameter \\B_SIGNED 0
    parameter \\B_WIDTH 2
    parameter \\Y_WIDTH 3
    connect \\A { }
    connect \\B \\b
    connect \\Y \\y
  end
end
"""
FOUR = """\
module top(input [7:0] a, b, c, d, output [9:0] y); assign y = a + b + c + d; endmodule
"""


@pytest.mark.parametrize(
    ("target", "carries"),
    [("xc7", 2), ("ice40", 7), ("ecp5", 4), ("gowin", 8)],
    ids=["xc7", "ice40", "ecp5", "gowin"],
)
def test_an_adder_takes_a_lut_a_bit(synth, target, carries):
    assert synth(ADDER, target).total == Counts(luts=8, carries=carries)


def test_alu_map_keeps_adders_on_the_carry_chain(synth):
    mapped, plain = synth(FOUR, "ice40"), synth(FOUR, "ice40", alu_map=False)
    assert (mapped.luts, mapped.total.carries) == (27, 26)
    assert plain.luts > 35


@pytest.mark.parametrize("adder_map", ["adders_to_alu.v", "adders_to_ccu2c.v"])
def test_an_adder_map_leaves_an_operand_without_bits_alone(tmp_path, adder_map):
    """Yosys' optimization leaves such a cell where every bit of an operand is known to be zero."""
    (tmp_path / "top.il").write_text(NO_BITS)
    with workspace(None) as where:
        design = Design.stage([tmp_path / "top.il"], "top", TARGETS["xc7"], adder_map, where)
        steps = (
            f"read_rtlil {design.sources[0]}; techmap -map {adder_map}; select -assert-count 1 t:*"
        )
        run_tool(find_yosys(), ["-q", "-p", f"{steps}; synth -top top"], where)


@pytest.mark.parametrize(
    ("adder_map", "cells"),
    [
        ("adders_to_alu.v", "-lib +/lattice/common_sim.vh"),
        ("adders_to_ccu2c.v", "+/lattice/common_sim.vh +/lattice/ccu2c_sim.vh"),
    ],
)
def test_an_adder_map_changes_no_value(tmp_path, adder_map, cells):
    """Proved by SAT for all inputs, over signs and widths of both operands."""
    kinds = [(kind, bits) for kind in ("signed", "unsigned") for bits in (1, 2, 5)]
    names = [f"{kind[0]}{bits}" for kind, bits in kinds]
    ports = [f"input {kind} [{b - 1}:0] {n}" for (kind, b), n in zip(kinds, names, strict=True)]
    sums = [
        (f"{a} {sign} {b}", width)
        for a in names
        for b in names
        for sign in "+-"
        for width in (3, 6, 7)
    ]
    ports += [f"output [{width - 1}:0] y{k}" for k, (_, width) in enumerate(sums)]
    lines = [f"  assign y{k} = {text};" for k, (text, _) in enumerate(sums)]
    file = tmp_path / "sums.sv"
    file.write_text("\n".join([f"module top({', '.join(ports)});", *lines, "endmodule", ""]))
    yosys = find_yosys()
    with workspace(None) as where:
        design = Design.stage([file], "top", TARGETS["xc7"], adder_map, where)
        steps = [
            *(f"read_verilog -sv {design.sources[0]}", "hierarchy -top top", "proc"),
            *(f"techmap -map {adder_map}", "select -assert-none top/t:$add top/t:$sub"),
            *(f"read_verilog {cells}", "hierarchy -top top", "proc", "flatten", "rename top gate"),
            *(f"read_verilog -sv {design.sources[0]}", "proc", "rename top gold"),
            *("miter -equiv -flatten -make_assert gold gate both", "hierarchy -top both"),
            "sat -verify -prove-asserts both",
        ]
        run_tool(yosys, ["-q", "-p", "; ".join(steps)], where)


@pytest.mark.parametrize("bits", [2, 3, 4, 7])
def test_ecp5_takes_a_lut_site_a_bit_of_any_adder(synth, bits):
    text = f"""
module top(input [{bits - 2}:0] a, input [{bits - 2}:0] b, output [{bits - 1}:0] y);
  assign y = a + b;
endmodule
"""
    assert synth(text, "ecp5").luts == bits
    assert synth(text, "ecp5", adder_map="adders_to_alu.v").luts >= bits

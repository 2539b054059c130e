"""The file of rows: what is written stays, what is cut short goes, and one process writes."""

from pathlib import Path

import pytest

from hwgen.errors import HwgenError, ToolError
from training.recipes import RECIPES
from training.sweep.results_file import ResultsFile, read_rows, results_file
from training.sweep.rows import key_of, settings_of

ROWS = [{"recipe": "digits", "seed": seed} for seed in range(3)]


def test_rows_are_appended_and_a_cut_line_is_removed(tmp_path):
    path = tmp_path / "new" / "rows.jsonl"
    with results_file(path) as results:
        results.append(ROWS[0])
    with path.open("ab") as stream:
        stream.write(b'{"recipe": "dig')
    assert read_rows(path) == ROWS[:1]
    with results_file(path) as results:
        assert results.rows == ROWS[:1]
        results.append(ROWS[1])
        assert read_rows(path) == ROWS[:2]
    assert path.read_text().count("\n") == 2


def test_one_writer(tmp_path):
    path = tmp_path / "rows.jsonl"
    with results_file(path), pytest.raises(HwgenError) as caught, results_file(path):
        pass
    assert str(caught.value) == (
        f"{path}: must have one writer, and another sweep is running; wait for its end"
    )


def test_files_that_are_not_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    with pytest.raises(HwgenError, match="must be a readable file of rows"):
        read_rows(path)
    for line in ("[1]", "no", '{"seed": 1}'):
        path.write_text('{"recipe": "digits"}\n' + line + "\n")
        with pytest.raises(HwgenError, match="line 2 must be the row of a training, a JSON object"):
            read_rows(path)
    with pytest.raises(ToolError, match="cannot be written"), results_file(path / "rows.jsonl"):
        pass


def test_a_row_without_a_younger_setting_has_its_default():
    row = settings_of(RECIPES["mnist"])
    older = {name: value for name, value in row.items() if name != "augment"}
    assert key_of(older) == key_of(row)
    assert key_of({**older, "augment": True}) != key_of(row)


def test_a_full_disk_is_one_sentence():
    full = Path("/dev/full")
    with full.open("wb", buffering=0) as stream:
        results = ResultsFile(full, stream, [])
        with pytest.raises(ToolError) as caught:
            results.append(ROWS[0])
    assert str(caught.value) == (
        "/dev/full: cannot be written (No space left on device); free the disk, and the same "
        "command continues"
    )
    assert results.rows == []

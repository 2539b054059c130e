"""Every program of bench/ starts, and bench/README.md says where it is quoted."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
PROGRAMS = {
    path.relative_to(BENCH).as_posix(): path
    for path in sorted(BENCH.rglob("*.py"))
    if re.search(r"^if __name__ ==", path.read_text(), re.MULTILINE)
}
LINE = re.compile(r"^\| `(\S+)` \| .+ \| (.+) \|$", re.MULTILINE)
QUOTED = dict(LINE.findall((BENCH / "README.md").read_text()))
DEMOS = ("demos/digits.py", "demos/board.py")  # their documents quote `make demo`


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_starts(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(PROGRAMS[name]), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")


def test_a_program_starts_from_the_repository_root():
    command = [sys.executable, "bench/folded/schedules.py", "--help"]
    done = subprocess.run(command, cwd=BENCH.parent, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: schedules.py")


def test_the_list_has_every_program():
    assert set(QUOTED) == set(PROGRAMS)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in DEMOS])
def test_a_document_has_the_command_of_a_program(name):
    documents = re.findall(r"\]\(\.\./(\S+?)\)", QUOTED[name])
    assert documents
    for document in documents:
        assert f"bench/{name}" in (BENCH.parent / document).read_text(), document

"""What docs/import.md promises: its programs run as printed, and its links and options exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hwgen.cli import app

PAGE = (Path(__file__).parent.parent / "docs" / "import.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("number", "says"), [(0, "Accumulator(method='signed', bits="), (1, "True")]
)
def test_a_program_runs_as_printed(tmp_path, number, says):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAMS[number]],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert says in done.stdout


def test_every_program_is_run():
    assert len(PROGRAMS) == 2


def test_every_option_exists():
    help_texts = "".join(
        CliRunner().invoke(app, [verb, "--help"]).output for verb in ("build", "check", "inspect")
    )
    for option in set(re.findall(r"(?<!-)(--[a-z][a-z-]+)", PAGE)):
        assert option in help_texts, option

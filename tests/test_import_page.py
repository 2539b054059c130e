"""What docs/import.md promises: its programs run as printed, and its links and options exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hwgen.cli import app

STORED = Path(__file__).parent / "frontend" / "onnx" / "stored"
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


def commands(heading):
    """The commands of a section, as one types them."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [shlex.split(line)[1:] for line in section.splitlines() if line.startswith("    hwgen ")]


@pytest.mark.parametrize(
    ("heading", "says"),
    [
        ("From QKeras", ["100 % the same label; passed", "out: ", "passed in", "PROVED"]),
        (
            "From FINN",
            ["MultiThreshold_0", "100 % the same label; passed", "out: ", "passed in", "PROVED"],
        ),
    ],
)
def test_the_commands_of_a_section_run_as_printed(tmp_path, monkeypatch, heading, says):
    for file in STORED.glob("*.onnx"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    found = commands(heading)
    assert len(found) == len(says)
    for command, word in zip(found, says, strict=True):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        assert word in done.output


def test_every_option_exists():
    verbs = ("build", "check", "inspect", "sim")
    help_texts = "".join(CliRunner().invoke(app, [verb, "--help"]).output for verb in verbs)
    own = "\n".join(line for line in PAGE.splitlines() if not line.startswith("    python "))
    for option in set(re.findall(r"(?<!-)(--[a-z][a-z-]+)", own)):
        assert option in help_texts, option

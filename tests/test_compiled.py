"""What is kept of compiled loops on disk is used as long as all files of their folder are alike."""

import subprocess
import sys

RULE = "STEP = {step}\n"
LOOP = """
from hwgen.compiled import compiled
from loops.rule import STEP

@compiled()
def next_of(place):
    return place + STEP
"""


def given(folder):
    run = subprocess.run(
        [sys.executable, "-c", "from loops.loop import next_of; print(next_of(1))"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def test_a_loop_is_compiled_anew_when_a_file_beside_it_changes(tmp_path):
    loops = tmp_path / "loops"
    loops.mkdir()
    (loops / "loop.py").write_text(LOOP)
    (loops / "rule.py").write_text(RULE.format(step=1))
    assert given(tmp_path) == 2
    assert list(loops.glob("__pycache__/*.nbi"))
    (loops / "rule.py").write_text(RULE.format(step=20))
    assert given(tmp_path) == 21

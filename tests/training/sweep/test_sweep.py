"""A sweep as a program: every training has one row, whatever is killed on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.__main__ import app
from training.sweep.rows import key_of

ROOT = Path(__file__).parents[3]
TRAININGS = 6


def start(file, out, *options):
    """Start a sweep on two workers, which Ctrl-C ends also where it does not end the tests."""
    command = [sys.executable, "-m", "training", "sweep", str(file), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--workers", "2", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background jobs ignore SIGINT, and so would all that they start
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def rows_of(out):
    return [json.loads(line) for line in out.read_text().splitlines()]


def wait_for_rows(process, out, count):
    """Wait until so many rows are written."""
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if out.exists() and out.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.05)
    raise AssertionError(process.communicate())


def children(pid):
    """Give the spawned workers of a process; the resource tracker of Python is not one."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for c in found if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]


def alive(pid):
    """Whether a process runs; one that nobody has reaped does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def finish(file, out):
    """Run a sweep to its end and give its rows."""
    process = start(file, out)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    rows = rows_of(out)
    assert len(rows) == TRAININGS
    assert len({key_of(row) for row in rows}) == TRAININGS
    return rows, stdout, stderr


def test_a_sweep_makes_rows_a_table_and_a_plot(write_sweep, tmp_path):
    out = tmp_path / "rows.jsonl"
    rows, stdout, stderr = finish(write_sweep(), out)
    assert "### digits (%)" in stdout
    assert "| P | a2q_ip | zeros |" in stdout
    assert "Smallest P that keeps 99 % of qat: a2q_ip " in stdout
    assert stderr.count("6/6 digits") == 1
    assert (tmp_path / "rows-digits.svg").read_text().startswith("<svg xmlns=")
    assert len(list((tmp_path / "rows.floats").iterdir())) == 2  # one a seed
    free = next(row for row in rows if row["method"] == "qat")
    assert free["accumulator_bits"] is None
    assert free["widths"] == [4]
    assert free["data_type_bits"] == 15  # up to 64 * 16 * 8 = 2**13, which 14 bits miss by one
    bound = next(row for row in rows if row["accumulator_bits"] == 8)
    assert bound["certified_bits"] <= 8 < free["certified_bits"]
    again, stdout_again, _ = finish(write_sweep(), out)
    assert (again, stdout_again) == (rows, stdout)  # nothing was trained twice
    table = CliRunner().invoke(app, ["table", str(out)])
    assert table.stdout == stdout


def test_a_row_is_that_of_the_single_training(write_sweep, tmp_path):
    text = '[[grid]]\nrecipe = "digits"\nwidths = [4]\nepochs = 2\nfloat_epochs = 2\nseed = 3\n'
    out = tmp_path / "rows.jsonl"
    assert (
        CliRunner()
        .invoke(app, ["sweep", str(write_sweep(text=text)), "--out", str(out), "--workers", "1"])
        .exit_code
        == 0
    )
    options = ["--widths", "4", "--epochs", "2", "--float-epochs", "2", "--seed", "3", "--json"]
    single = CliRunner().invoke(app, ["digits", *options, "--out", str(tmp_path / "model.pt")])
    figures = json.loads(single.stdout)
    (row,) = rows_of(out)
    assert row["score_integer"] == round(figures["score_integer"], 4)
    assert row["zeros_percent"] == round(figures["zeros_percent"], 3)
    assert row["score_float"] == round(figures["score_float"], 4)


@pytest.mark.slow
def test_no_row_is_lost_whoever_is_killed(write_sweep, tmp_path):
    file, out = write_sweep(epochs=15), tmp_path / "rows.jsonl"
    process = start(file, out)
    wait_for_rows(process, out, 1)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    wait_for_rows(process, out, 3)
    workers = children(process.pid)
    assert len(workers) == 2  # another one took the place of the killed
    process.kill()
    process.communicate()
    kept = rows_of(out)
    assert 3 <= len(kept) < TRAININGS
    deadline = time.monotonic() + 20
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)
    with out.open("ab") as stream:
        stream.write(b'{"recipe": "digits", "seed"')  # a line cut short
    rows, _, _ = finish(file, out)
    assert rows[: len(kept)] == kept
    assert not any("error" in row for row in rows)


def test_ctrl_c_says_how_to_go_on(write_sweep, tmp_path):
    file, out = write_sweep(epochs=15), tmp_path / "rows.jsonl"
    process = start(file, out)
    wait_for_rows(process, out, 1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "of 6 rows are in" in stderr
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_a_training_that_fails_is_a_row(write_sweep, tmp_path):
    text = """
    [[grid]]
    recipe = "digits"
    widths = [4]
    epochs = 2
    float_epochs = 1
    learning_rate = [0.005, 1e30]
    """
    file, out = write_sweep(text=text), tmp_path / "rows.jsonl"
    process = start(file, out)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1
    good, bad = sorted(rows_of(out), key=lambda row: "error" in row)
    assert "score_integer" in good
    assert "loss" in bad["error"]
    assert "score_integer" not in bad
    says = "digits: epoch 1: the loss must stay finite, and is "
    assert f"hwgen: failed: a2q_ip, seed 0: {says}" in stderr
    assert "Traceback" not in stderr


def test_what_is_wrong_is_said_before_any_training(write_sweep, tmp_path):
    out = tmp_path / "rows.jsonl"
    text = '[[grid]]\nrecipe = "digits"\naccumulator_bits = 3\n'
    result = CliRunner().invoke(app, ["sweep", str(write_sweep(text=text)), "--out", str(out)])
    assert result.exit_code == 2
    assert result.stderr.endswith("the smallest useful P is 4\n")
    text = '[[grid]]\nrecipe = "mnist"\n'
    options = ["--out", str(out), "--data", str(tmp_path / "none")]
    result = CliRunner().invoke(app, ["sweep", str(write_sweep(text=text)), *options])
    assert result.exit_code == 2
    assert result.stderr.startswith("hwgen: data: must be a folder with the data sets, not")
    assert not out.exists()

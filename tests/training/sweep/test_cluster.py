"""A sweep on a Dask cluster of two worker processes, one of which is killed."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.__main__ import app
from training.sweep.rows import key_of

ROOT = Path(__file__).parents[3]
TRAININGS = 6


@contextmanager
def program(module, *options):
    """Run one of Dask's programs."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", *options, "--no-dashboard"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers, and give its address and them."""
    where = tmp_path / "scheduler.json"
    local = ("--scheduler-file", str(where))
    worker = (*local, "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
    with program("dask_scheduler", *local, "--host", "127.0.0.1", "--port", "0"):
        while not where.exists():
            time.sleep(0.05)
        with program("dask_worker", *worker) as one, program("dask_worker", *worker) as two:
            yield json.loads(where.read_text())["address"], (one, two)


def rows_of(out):
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


@pytest.mark.slow
def test_no_row_is_lost_or_doubled_when_a_worker_dies(cluster, write_sweep, tmp_path):
    address, workers = cluster
    out = tmp_path / "rows.jsonl"
    options = ["sweep", str(write_sweep(epochs=15)), "--out", str(out), "--scheduler", address]
    command = [sys.executable, "-m", "training", *options]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as sweep:
        while len(rows_of(out)) < 2 and sweep.poll() is None:
            time.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)
        assert len(rows_of(out)) < TRAININGS
        _, stderr = sweep.communicate(timeout=300)
    assert sweep.returncode == 0, stderr
    rows = rows_of(out)
    assert len({key_of(row) for row in rows}) == len(rows) == TRAININGS
    assert not any("error" in row for row in rows)
    again = CliRunner().invoke(app, options)  # continues, and finds nothing to do
    assert again.exit_code == 0, again.stderr
    assert rows_of(out) == rows


def refusal(*options):
    result = CliRunner().invoke(app, ["sweep", *options])
    assert result.exit_code == 2
    return result.stderr


def test_a_scheduler_that_is_not_there(write_sweep, tmp_path):
    file, out = str(write_sweep()), str(tmp_path / "rows.jsonl")
    said = refusal(file, "--out", out, "--scheduler", "tcp://127.0.0.1:9")
    assert said.startswith("hwgen: scheduler: tcp://127.0.0.1:9 must be a running Dask scheduler (")
    assert said.endswith("); start it with `dask scheduler`\n")
    assert "workers: must not be given with a scheduler" in refusal(
        file, "--out", out, "--scheduler", "tcp://127.0.0.1:9", "--workers", "2"
    )

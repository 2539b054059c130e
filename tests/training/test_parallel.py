"""Two processes make of a recipe what one process makes of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hwgen.nn import load_model
from tests.training.short_training import short_training

ROOT = Path(__file__).parents[2]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]


def torchrun(processes, *program):
    """Run a module on several processes of one thread each."""
    return subprocess.run(
        [*TORCHRUN, str(processes), "-m", *program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_two_processes_train_what_one_trains(tmp_path):
    """Noise of float64, 4e-10 at most, is what is left after eight steps.

    Batch norms, calibration or the unequal last shares left to each process move weights by 4e-2.
    """
    path = tmp_path / "state.pt"
    result = torchrun(2, "tests.training.short_training", str(path))
    assert result.returncode == 0, result.stderr
    state, losses = short_training()
    state_of_two, losses_of_two = torch.load(path)
    assert torch.allclose(losses, losses_of_two, rtol=0, atol=1e-6)
    assert list(state) == list(state_of_two)
    for name, tensor in state.items():
        assert torch.allclose(tensor, state_of_two[name], rtol=0, atol=1e-6), name


@pytest.mark.slow
def test_the_program_runs_under_torchrun_and_the_first_process_writes(tmp_path):
    path = tmp_path / "model.pt"
    options = ["digits", "--epochs", "1", "--float-epochs", "1", "--json", "--out", str(path)]
    result = torchrun(2, "training", *options)
    assert result.returncode == 0, result.stderr
    assert (
        json.loads(result.stdout)["score_integer"] == load_model(path).metadata["accuracy_integer"]
    )


@pytest.mark.slow
def test_a_mistake_is_said_once(tmp_path):
    result = torchrun(2, "training", "digits", "--epochs", "0", "--out", str(tmp_path / "no.pt"))
    assert result.returncode != 0
    assert (
        result.stderr.count("hwgen: digits: epochs must be at least 1, not 0; choose another\n")
        == 1
    )
    assert not (tmp_path / "no.pt").exists()

"""Commands that are timed: those that pass, fail with a sentence, or take too long."""

import numpy as np
import pytest

from bench.shared.timed_command import measured, timed


def test_a_command_that_passes_has_its_seconds(tmp_path):
    np.save(tmp_path / "w.npy", np.eye(2, dtype=np.int64))
    row = timed(60, "inspect", str(tmp_path / "w.npy"), "--input", "u2")
    assert row["status"] == "passed"
    assert row["cpu_s"] > 0
    assert row["mb"] > 10


def test_a_refusal_is_kept():
    row = timed(60, "build", "nowhere.onnx")
    assert row["status"] == "failed"
    assert row["says"].startswith("hwgen: nowhere.onnx: must be a file")


def test_a_command_ends_with_its_limit(tmp_path):
    assert timed(0.05, "--help") == {"status": "time limit", "limit_s": 0.05}


def test_a_benchmark_ends_where_its_command_does_not_pass():
    with pytest.raises(SystemExit, match=r"^hwgen build nowhere.onnx: hwgen: nowhere.onnx: must"):
        measured("build", "nowhere.onnx")

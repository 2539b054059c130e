"""A trained convolutional network, from the recipe to the gates and the report of its design."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hwgen.flow import build, load
from hwgen.plan.options import BuildOptions
from hwgen.report.page import make_report
from hwgen.simulate import simulate

ROOT = Path(__file__).parent.parent
SHORT = ["--width", "0.03125", "--epochs", "1", "--float-epochs", "1"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "digits_cnn.pt"
    command = [sys.executable, "-m", "training", "digits_cnn", *SHORT, "--out", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return load(path)


def test_images_follow_without_a_gap_and_have_the_references_class(tmp_path, model):
    folder = tmp_path / "d"
    plan = build(model, BuildOptions(style="unrolled", effort="low"), folder)
    assert plan.interval_cycles == 8 * 8  # a pixel a cycle, and no cycle beside
    result = simulate(folder, simulator="icarus", samples=40)
    assert result.passed, dict(result.tests)
    assert (result.vectors, result.interval_cycles) == (40, 64)
    report = json.loads(make_report(folder).with_suffix(".json").read_text())
    assert report["checks"]["simulation"]["state"] == "passed"
    shapes = [(layer["op"], layer["positions"]) for layer in report["layers"]]
    sizes = [[8, 8], [8, 8], [4, 4], [4, 4], [2, 2], [2, 2], [1, 1], [1, 1]]
    kinds = [*["conv2d"] * 6, "threshold", "dense"]
    assert shapes == list(zip(kinds, sizes, strict=True))
    assert report["layers"][0]["position_classes"] == 9  # corners, sides, and within

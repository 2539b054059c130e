"""The demo's net on all 500 real test images, in both styles: the gates name the class that the
reference names, image for image."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hwgen.flow import build, load
from hwgen.plan.options import BuildOptions
from hwgen.simulate import simulate

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "digits.pt"
    command = [sys.executable, "-m", "training", "digits", "--epochs", "12", "--float-epochs", "8"]
    subprocess.run([*command, "--out", str(path)], cwd=ROOT, check=True, capture_output=True)
    return load(path)


@pytest.mark.parametrize(
    ("style", "simulator"),
    [pytest.param("unrolled", "icarus", marks=pytest.mark.slow), ("folded", "verilator")],
)
def test_every_test_image_has_the_references_class(tmp_path, model, style, simulator):
    build(model, BuildOptions(style=style), tmp_path / "d")
    vectors = np.load(tmp_path / "d" / "vectors.npz")
    assert len(vectors["labels"]) == 500
    assert np.array_equal(vectors["x"][:500], model.samples.x)
    accuracy = (vectors["y"][:500, 0] == vectors["labels"]).mean() * 100
    assert accuracy == pytest.approx(model.metadata["accuracy_integer"])
    result = simulate(tmp_path / "d", simulator=simulator, samples=500)
    assert result.passed, dict(result.tests)
    assert result.vectors == 500

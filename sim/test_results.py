"""From torch to gates by the command line: nets that end in sums or signs, and bipolar ones.

What a driver reads in design.json makes the model's own numbers of what the gates give.
"""

import copy
import json

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.nn import WeightQuant, export_graph, save_model
from tests.nn.bipolar_networks import bipolar_net

SMALL = {"features": 6, "hidden": (5,), "rows": 2, "bias": True}
UNROLLED = ("--style", "unrolled", "--effort", "low")
FOLDED = ("--style", "folded", "--effort", "low", "--pe", "2", "--simd", "2")


def hwgen(*words):
    ran = CliRunner().invoke(app, [str(word) for word in words])
    assert ran.exit_code == 0, ran.output
    return ran.output


def numbers(port, integers):
    """What a driver makes of integers, shape (samples, channels)."""
    return np.array(port["scale"]) * integers + np.array(port["offset"])


def check_result(net, folder):
    """The outputs that the gates were just found to give, against the float64 model."""
    vectors = np.load(folder / "vectors.npz")
    ports = json.loads((folder / "design.json").read_text())["ports"]
    given = ports["m_axis"]
    exact = copy.deepcopy(net).double().eval()
    with torch.no_grad():
        wanted = exact(torch.from_numpy(numbers(ports["s_axis"], vectors["x"]))).numpy()
    if given["meaning"] == "sums":
        values = numbers(given, vectors["y"])
        assert np.allclose(values, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())
    else:
        assert (given["meaning"], given["type"], given["scale"]) == ("bits", "u1", None)
        assert np.array_equal(vectors["y"], wanted >= 0)


@pytest.mark.parametrize("style", [UNROLLED, FOLDED], ids=["unrolled", "folded"])
def test_sums_become_the_models_numbers(tmp_path, style):
    """Two outputs behind a batch norm, weights of several bits, signs between the layers."""
    net, folder = bipolar_net(**SMALL, bipolar_input=False, weights=WeightQuant(bits=3)), tmp_path
    net.add_module("norm", nn.BatchNorm1d(2).eval())
    net.norm.weight.data.normal_()
    net.norm.running_var.uniform_(0.2, 3)
    graph = export_graph(net, name="net", input_shape=(6,), result="sums")
    save_model(graph, folder / "model.pt")
    hwgen("build", folder / "model.pt", "-o", folder / "design", *style)
    assert "passed" in hwgen("sim", folder / "design", "--simulator", "icarus")
    check_result(net, folder / "design")


def test_signs_of_a_bipolar_net_on_the_whole_path(tmp_path):
    net, folder = bipolar_net(**SMALL), tmp_path / "design"
    graph = export_graph(net, name="net", input_shape=(6,), result="sign")
    save_model(graph, tmp_path / "model.pt")
    assert "result: bits" in hwgen("inspect", tmp_path / "model.pt")
    hwgen("build", tmp_path / "model.pt", "-o", folder, *UNROLLED)
    assert "passed" in hwgen("sim", folder)
    assert "PROVED" in hwgen("prove", folder)
    hwgen("synth", folder)
    hwgen("report", folder)
    assert "1 where the model's number is 0 or more, else 0" in (
        folder / "report.html"
    ).read_text().replace("&#x27;", "'")
    check_result(net, folder)

"""`python -m training float` and `quantize` from end to end, small."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hwgen import reference
from hwgen.nn import load_model
from training.__main__ import app
from training.build import float_net
from training.data.digits import digits
from training.float_checkpoint import load_float
from training.recipes import RECIPES, load

NET = ["--widths", "24,16"]
TINY = replace(RECIPES["digits"], widths=(24, 16))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("float") / "float.pt"
    options = ["float", "digits", *NET, "--float-epochs", "6", "-o", str(path)]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.stderr
    return path


def quantize(checkpoint, out, *options, recipe="digits"):
    command = ["quantize", str(checkpoint), "--recipe", recipe, *NET, "-o", str(out)]
    return CliRunner().invoke(app, [*command, *options])


@pytest.mark.parametrize(
    ("options", "metadata"),
    [
        ([], {"after_training": "fit", "calibration_samples": 1000, "equalized": False}),
        (["--calibrate", "60", "--equalize"], {"calibration_samples": 60, "equalized": True}),
        (["--data-free"], {"distilled_samples": 512}),
        (["--method", "projection"], {"after_training": "projection"}),
    ],
)
def test_writes_a_certified_model_that_is_still_right(options, metadata, checkpoint, tmp_path):
    path = tmp_path / "model.pt"
    result = quantize(checkpoint, path, "--acc-bits", "9", "--json", *options)
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    graph, dataset = load_model(path), digits()
    percent = 100 * np.mean(reference.outputs(graph, dataset.test_x)[:, 0] == dataset.test_y)
    assert figures["score_integer"] == pytest.approx(percent)
    assert percent > figures["score_float"] - 12
    widths = [a.bits for name in ("dense0", "dense1") for a in graph.node(name).accumulators]
    assert max(widths) <= 9
    assert metadata.items() <= graph.metadata.items()
    assert graph.metadata["epochs"] == 0


def test_fit_needs_fewer_bits_than_the_projection(checkpoint, tmp_path):
    found = {}
    for method in ("fit", "projection"):
        options = ("--acc-bits", "6", "--json", "--method", method)
        result = quantize(checkpoint, tmp_path / "model.pt", *options)
        found[method] = json.loads(result.stdout)["score_integer"]
    assert found["fit"] > found["projection"] + 10


def test_table_for_people(checkpoint, tmp_path):
    path = tmp_path / "model.pt"
    result = quantize(checkpoint, path)
    assert result.exit_code == 0
    assert "8 bits offset" in result.stdout
    assert f"wrote {path}" in result.stdout


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda state: state.pop("norm0.running_mean"),
            "which has norm0.running_mean, which the file has not",
        ),
        (
            lambda state: state.update({"dense1.weight": torch.zeros(16, 25)}),
            "which has dense1.weight of shape (16, 24), not (16, 25)",
        ),
        (
            lambda state: state.update({"dense7.weight": torch.zeros(1)}),
            "which has no dense7.weight, which the file has",
        ),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(change, text, checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)
    change(state)
    other, out = tmp_path / "other.pt", tmp_path / "model.pt"
    torch.save(state, other)
    result = quantize(other, out)
    assert result.exit_code == 2
    assert result.stderr == (
        f"hwgen: {other}: must be of the recipe's float network, {text}; give the recipe and the "
        "widths that it was trained with\n"
    )
    assert not out.exists()


def test_numbers_that_are_none_are_refused(checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)
    state["dense0.weight"][0, 0] = torch.nan
    other = tmp_path / "other.pt"
    torch.save(state, other)
    result = quantize(other, tmp_path / "model.pt")
    assert result.exit_code == 2
    assert result.stderr == (
        f"hwgen: {other}: dense0.weight must be finite everywhere; train the network again\n"
    )


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state},
        lambda state: {"epoch": 3, "model": state, "optimizer": {"state": {}, "param_groups": []}},
        lambda state: {"best": {"net": state, "accuracy": 0.9}},
        lambda state: {f"_orig_mod.{name}": tensor for name, tensor in state.items()},
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        lambda state: {"model": {f"module._orig_mod.{n}": t for n, t in state.items()}},
        lambda state: {n.replace("dense1.", "dense1._orig_mod."): t for n, t in state.items()},
    ],
)
def test_checkpoints_of_wrapped_networks_are_read(wrap, checkpoint, tmp_path):
    net = float_net(TINY, load(TINY, None))
    state = torch.load(checkpoint, weights_only=True)
    torch.save(wrap(state), tmp_path / "other.pt")
    load_float(tmp_path / "other.pt", net)
    assert all(torch.equal(state[name], tensor) for name, tensor in net.state_dict().items())


def test_a_checkpoint_of_two_networks_is_refused(checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)
    path = tmp_path / "other.pt"
    torch.save({"model": state, "ema": state, "epoch": 1}, path)
    result = quantize(path, tmp_path / "model.pt")
    assert result.stderr == (
        f"hwgen: {path}: must hold one state_dict, not 2, model, ema; save one of them alone with "
        "torch.save\n"
    )


class Anything:
    """Not plain data."""


@pytest.mark.parametrize("content", [b"nothing", None, {"a": 1}, [torch.zeros(1)], Anything()])
def test_files_that_are_no_state_dict_are_refused(content, tmp_path):
    path = tmp_path / "float.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    result = quantize(path, tmp_path / "model.pt")
    assert result.exit_code == 2
    expected = (
        f"{path}: must be a file; train one with `python -m training float RECIPE --out {path}`"
        if content is None
        else f"{path}: must be a whole state_dict written by torch.save, of tensors alone, and is "
        "not; save it with torch.save(net.state_dict(), path)"
    )
    assert result.stderr == f"hwgen: {expected}\n"
    assert not (tmp_path / "model.pt").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--data-free", "--calibrate", "5"],
            "calibrate: must not be given with --data-free; leave one of them out",
        ),
        (["--calibrate", "1"], "calibrate: must be at least 2 inputs, not 1; give 100 or more"),
        (
            ["--acc-bits", "3"],
            "digits: dense0: P = 3 leaves no room for a weight of 1 with 4-bit inputs; the "
            "smallest useful P is 4",
        ),
        (["--widths", "a"], "widths: must be whole numbers separated by commas, such as 64,32, "),
    ],
)
def test_refusals_exit_2_with_one_sentence(options, sentence, checkpoint, tmp_path):
    result = quantize(checkpoint, tmp_path / "model.pt", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"hwgen: {sentence}")
    assert not (tmp_path / "model.pt").exists()

"""`python -m training` from end to end, small."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen import reference
from hwgen.nn import load_model
from training.__main__ import app
from training.data.digits import digit_images, digits
from training.recipes import RECIPES

TINY = ["digits", "--widths", "12", "--epochs", "3", "--float-epochs", "3", "--threads", "1"]


def train(*options):
    return CliRunner().invoke(app, [*TINY, *options])


@pytest.mark.parametrize("method", ["qat", "a2q", "a2q_plus", "a2q_ip"])
def test_writes_a_certified_model(method, tmp_path):
    path = tmp_path / "model.pt"
    bits = [] if method == "qat" else ["--acc-bits", "9"]
    result = train("--method", method, *bits, "--out", str(path), "--json")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    graph = load_model(path)
    dataset = digits()
    guesses = reference.outputs(graph, dataset.test_x)[:, 0]
    percent = 100 * np.mean(guesses == dataset.test_y)
    assert figures["score_integer"] == pytest.approx(percent)
    assert percent > 40
    assert len(graph.samples.x) == 500
    assert np.array_equal(graph.samples.labels, dataset.test_y)
    assert graph.metadata["method"] == method
    assert graph.metadata["accuracy_integer"] == pytest.approx(percent)
    widths = [a.bits for layer in ("dense0", "dense1") for a in graph.node(layer).accumulators]
    assert max(widths) == max(layer["accumulator_bits"] for layer in figures["layers"])
    assert method == "qat" or max(widths) <= 9


def test_same_seed_same_file_and_another_seed_another(tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert train("--seed", seed, "--out", str(tmp_path / name)).exit_code == 0
    a, b, c = (load_model(tmp_path / name) for name in "abc")
    assert all(np.array_equal(a.node(n).weight, b.node(n).weight) for n in ("dense0", "dense1"))
    assert np.array_equal(a.node("act0").thresholds, b.node("act0").thresholds)
    assert not np.array_equal(a.node("dense0").weight, c.node("dense0").weight)


def test_table_names_widths_and_accuracy(tmp_path):
    result = train("--out", str(tmp_path / "model.pt"), "--no-float-start")
    assert result.exit_code == 0
    assert "integer network" in result.stdout
    assert "8 bits offset" in result.stdout
    assert "wrote" in result.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--method", "qat", "--acc-bits", "8"], "hwgen: digits: accumulator bits must not be"),
        (["--widths", "a"], "hwgen: widths: must be whole numbers separated by commas"),
        (["--layers", "conv=9"], "hwgen: digits: 'conv' must fit a layer, and fits none; the"),
        (["--acc-bits", "3"], "hwgen: digits: dense0: P = 3 leaves no room for a weight of 1 with"),
        (["--learning-rate", "1e30"], "hwgen: digits: epoch 1: the loss must stay finite, and is"),
        (
            ["--data", "d"],
            "hwgen: data: must not be given for digits, which needs no folder; leave",
        ),
        (["--backward", "soft", "--method", "a2q"], "hwgen: backward: must be given with a2q_ip, "),
        (["--epochs", "0"], "hwgen: digits: epochs must be at least 1, not 0; choose another"),
    ],
)
def test_refusals_exit_2_with_one_sentence(options, sentence, tmp_path):
    result = train(*options, "--out", str(tmp_path / "model.pt"))
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (tmp_path / "model.pt").exists()


@pytest.mark.parametrize(
    ("recipe", "options", "layers"),
    [
        ("digits", ["--units", "12,8,10,4"], "3, not 4"),
        ("digits", ["--units", "12,8,10", "--widths", "16"], "2, not 3"),
        ("mnist", ["--units", "1,2,3,4,5,6", "--widths", "9,9,9,9", "--data", "none"], "5, not 6"),
    ],
)
def test_units_of_more_layers_are_refused_before_anything_is_read(
    recipe, options, layers, tmp_path
):
    result = CliRunner().invoke(app, [recipe, *options, "--out", str(tmp_path / "model.pt")])
    assert result.exit_code == 2
    assert result.stderr == (
        f"hwgen: {recipe}: units must be at most one number a layer, {layers}; leave the last out\n"
    )


def test_as_many_units_as_layers_of_the_widths_given(tmp_path):
    options = ["--widths", "8,8,8", "--units", "9,8,7,6", "--out", str(tmp_path / "model.pt")]
    assert train(*options).exit_code == 0
    graph = load_model(tmp_path / "model.pt")
    units = [graph.node(f"dense{i}").accumulators[0].target_units for i in range(4)]
    assert units == [9, 8, 7, 6]


def test_what_no_layer_can_be_is_refused_before_a_bar_is_shown(tmp_path):
    result = train("--layers", "conv=9", "--out", str(tmp_path / "model.pt"))
    assert result.stderr.startswith("hwgen: digits: 'conv' must fit a layer")


def test_help_lists_recipes_and_commands_whole():
    text = CliRunner().invoke(app, ["--help"]).output
    assert "python -m training RECIPE [OPTIONS]" in text
    for recipe in RECIPES:
        assert re.search(rf"\b{recipe}\b", text)
    commands = text.partition("Commands:")[2]
    assert "Train a grid of settings, for a table and plots." in commands
    options = CliRunner().invoke(app, ["digits", "--help"]).output
    assert "dense1=u9,dense2=a2q:12" in options
    for shown in (commands, options):
        assert not re.search(r"\.\.\.|\N{HORIZONTAL ELLIPSIS}", shown)


def test_missing_data_is_one_sentence(tmp_path):
    command = [sys.executable, "-m", "training", "mnist", "--data", str(tmp_path / "none")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("hwgen: data: must be a folder with the data sets, not")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("method", ["qat", "a2q_ip"])
def test_a_convolutional_network(method, tmp_path):
    path = tmp_path / "model.pt"
    options = ["digits_cnn", "--method", method, "--width", "0.125", "--epochs", "3"]
    result = CliRunner().invoke(app, [*options, "--float-epochs", "3", "--out", str(path)])
    assert result.exit_code == 0, result.stderr
    assert "4 to 4 3x3" in result.stdout
    assert "…" not in result.stdout  # the names of the layers differ in their ends
    graph, dataset = load_model(path), digit_images()
    assert graph.input.shape == (1, 8, 8)
    guesses = reference.outputs(graph, dataset.test_x)[:, 0]
    percent = 100 * np.mean(guesses == dataset.test_y)
    assert graph.metadata["accuracy_integer"] == pytest.approx(percent)
    assert percent > 40
    hidden = [graph.node(f"units_unit{i}_conv") for i in range(1, 6)]
    widths = [a.bits for node in hidden for a in node.accumulators]
    assert method == "qat" or max(widths) <= 8

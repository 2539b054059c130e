"""A sweep's file: the grid that it stands for, and one sentence for each mistake."""

import pytest

from hwgen.errors import HwgenError
from training.sweep.settings import read_sweep


def refusal(path):
    with pytest.raises(HwgenError) as caught:
        read_sweep(path)
    return str(caught.value).replace(f"{path}: ", "")


def test_a_grid_is_the_product_of_its_lists(write_sweep):
    trials = read_sweep(write_sweep()).trials
    found = [(trial.seed, trial.method, trial.accumulator_bits) for trial in trials]
    one = [("qat", None), ("a2q_ip", 6), ("a2q_ip", 8)]  # P means nothing to qat: one training
    assert found == [(seed, *rest) for seed in (0, 1) for rest in one]
    assert {trial.widths for trial in trials} == {(4,)}


def test_several_grids_and_each_training_once(write_sweep):
    text = """
    out = "rows.jsonl"
    data = "sets"
    [[grid]]
    recipe = ["digits", "digits_cnn"]
    [[grid]]
    recipe = "digits"
    widths = [[32, 32], [8]]
    learning_rate = [1, 0.5]
    """
    found = read_sweep(write_sweep(text=text))
    names = [(trial.name, trial.widths, trial.learning_rate) for trial in found.trials]
    assert names[:2] == [("digits", (32, 32), 5e-3), ("digits_cnn", (), 5e-3)]
    assert sorted(names[2:]) == [
        ("digits", widths, rate) for widths in ((8,), (32, 32)) for rate in (0.5, 1)
    ]
    assert (str(found.out), str(found.data)) == ("rows.jsonl", "sets")
    again = text + '[[grid]]\nrecipe = "digits"\n'
    assert len(read_sweep(write_sweep(text=again)).trials) == len(found.trials)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must hold at least one table [[grid]]; add one with a recipe"),
        ("grids = 1", "grids must be one of out, data, grid; correct the name"),
        ("out = 1\n[[grid]]\nrecipe='digits'", "out must be a path in quotes, not 1"),
        ("[[grid]]\nseed = 1", "grid 1: must name its recipe; add recipe = 'digits'"),
        (
            "[[grid]]\nrecipe='digits'\n[[grid]]\nrecipe='digits'\nmethod='a3q'",
            "grid 2: method must be one of qat, a2q, a2q_plus, a2q_ip, not 'a3q'; "
            "correct the value",
        ),
        (
            "[[grid]]\nrecipe='digits'\nseed=[]",
            "grid 1: seed must have at least one value, not none; give one or leave it out",
        ),
        (
            "[[grid]]\nrecipe='digits'\nepochs='3'",
            "grid 1: epochs must be a whole number, not '3'; correct the value",
        ),
        (
            "[[grid]]\nrecipe='digits'\nfloat_start=1",
            "grid 1: float_start must be true or false, not 1; correct the value",
        ),
        (
            "[[grid]]\nrecipe='digits'\nwidths=[[8], 'a']",
            "grid 1: widths must be a list, each a whole number, not 'a'; correct the value",
        ),
        (
            "[[grid]]\nrecipe='digits'\nepochs=[1, 0]",
            "grid 1: digits: epochs must be at least 1, not 0",
        ),
    ],
)
def test_mistakes_are_one_sentence(text, sentence, write_sweep):
    assert refusal(write_sweep(text=text)).startswith(sentence)


def test_unknown_names_are_told_the_known_ones(write_sweep):
    said = refusal(write_sweep(text="[[grid]]\nrecipe='digit'"))
    assert said.startswith("grid 1: recipe must be one of digits, mnist, ")
    assert said.endswith(", not 'digit'; correct the value")
    said = refusal(write_sweep(text="[[grid]]\nrecipe='digits'\nepoch=1"))
    assert said.startswith("grid 1: epoch must be one of recipe, method, network, widths, ")
    assert said.endswith("seed; correct the name")


def test_files_that_are_not_there_or_not_toml(write_sweep, tmp_path):
    assert refusal(tmp_path / "no.toml").startswith("must be a readable TOML file (No such file")
    assert refusal(write_sweep(text="[[grid")).startswith("must be TOML (")

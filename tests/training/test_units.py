"""Units of whole recipes: which layers keep them, a training, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hwgen.errors import HwgenError
from hwgen.nn import QuantLinear
from training.build import quant_net
from training.data.digits import digit_images, digits
from training.recipes import RECIPES, with_method
from training.run import train_float, train_quantized
from training.sweep.rows import settings_of
from training.sweep.settings import read_sweep
from training.sweep.summary import markdown, networks
from training.sweep.tasks import float_recipe

DIGITS = replace(RECIPES["digits"], widths=(16, 16))
SHORT = replace(DIGITS, epochs=2, float_epochs=1)


def budgets(recipe):
    net = quant_net(recipe, digits(), 1)
    layers = [module for module in net.modules() if isinstance(module, QuantLinear)]
    return [(m.quant.method, m.quant.accumulator_bits, m.quant.units) for m in layers]


def test_one_number_a_layer_the_last_one_repeated():
    alone = with_method(DIGITS, "a2q_ip", None, (9, 8))
    assert budgets(alone) == [("a2q_ip", None, units) for units in (9, 8, 8)]
    both = with_method(DIGITS, "a2q_ip", 7, (9,))
    assert budgets(both) == [("a2q_ip", 7, 9)] * 3
    ends_free = replace(both, constrain="hidden")  # of P; units are for every layer
    assert budgets(ends_free) == [("a2q_ip", bits, 9) for bits in (None, 7, None)]


def test_layers_of_their_own():
    recipe = replace(DIGITS, units=(9,), accumulator_bits=None, layers="dense0=6,dense1=qat")
    assert budgets(recipe) == [("a2q_ip", 6, None), ("qat", None, None), ("a2q_ip", None, 9)]
    recipe = replace(DIGITS, layers="dense0=u12,dense1=7:u5,dense2=a2q_ip")
    assert budgets(recipe) == [("a2q_ip", None, 12), ("a2q_ip", 7, 5), ("a2q_ip", 8, None)]


def test_a_width_and_its_units_train_to_the_same_integers():
    nets = []
    for recipe in (
        with_method(SHORT, "a2q_ip", 7),
        with_method(SHORT, "a2q_ip", None, (127 // 15,)),
    ):
        torch.manual_seed(0)
        trained = train_float(recipe, digits(), lambda _: None)
        graph, figures = train_quantized(recipe, digits(), trained, lambda _: None)
        nets.append(graph)
    for node, other in zip(*(graph.nodes for graph in nets), strict=True):
        for name in ("weight", "bias", "thresholds"):
            if hasattr(node, name):
                np.testing.assert_array_equal(getattr(node, name), getattr(other, name))
    assert nets[1].metadata["units"] == [8]
    assert [(layer.units, layer.target_units) for layer in figures.layers] == [(8, 8)] * 3
    assert max(layer.accumulator_bits for layer in figures.layers) == 7


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"units": ()}, "units must be 1 to 1000000000, one number a layer, not (); choose others"),
        (
            {"units": (4, 0)},
            "units must be 1 to 1000000000, one number a layer, not (4, 0); choose others",
        ),
        (
            {"units": (4,), "method": "a2q"},
            "units must be given for a2q_ip only, not a2q, which has no budget of them; leave "
            "them out",
        ),
    ],
)
def test_what_is_no_budget(change, sentence):
    with pytest.raises(HwgenError) as caught:
        replace(DIGITS, **change)
    assert str(caught.value) == f"digits: {sentence}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layers": "dense1=a2q:9:u4"}, "dense1: a2q must have no units; leave them out"),
        ({"layers": "dense1=qat:u4"}, "dense1: qat must have no units; leave them out"),
        (
            {"units": (4,), "accumulator_bits": None, "layers": "dense1=a2q"},
            "dense1: accumulator bits must be given for a2q; add :BITS",
        ),
    ],
)
def test_what_no_layer_can_keep(change, sentence):
    with pytest.raises(HwgenError) as caught:
        quant_net(replace(DIGITS, **change), digits(), 1)
    assert str(caught.value) == f"digits: {sentence}"


def test_more_units_than_a_convolutional_network_has_layers():
    asked = replace(RECIPES["digits_cnn"], accumulator_bits=None, units=(4,) * 8)
    with pytest.raises(HwgenError) as caught:
        quant_net(asked, digit_images(), 1)
    assert str(caught.value).startswith(
        "digits_cnn: units must be at most one a layer, 7, not 8; the layers are units.unit0.conv, "
    )


def test_a_sweep_over_units(tmp_path):
    file = tmp_path / "units.toml"
    file.write_text(
        '[[grid]]\nrecipe = "digits"\nunits = [[9, 8, 10], [12]]\n'
        '[[grid]]\nrecipe = "digits"\nunits = [9, 8, 10]\naccumulator_bits = [6, 7]\n'
    )
    trials = read_sweep(file).trials
    asked = [(trial.accumulator_bits, trial.units) for trial in trials]
    assert asked == [(None, (9, 8, 10)), (None, (12,)), (6, (9, 8, 10)), (7, (9, 8, 10))]
    assert {float_recipe(trial) for trial in trials} == {float_recipe(RECIPES["digits"])}
    measured = {
        "metric": "accuracy",
        "score_float": 98.0,
        "score_integer": 97.0,
        "zeros_percent": 80.0,
        "certified_bits": 8,
        "data_type_bits": 14,
    }
    table = markdown(networks([{**settings_of(trial), **measured} for trial in trials]))
    first = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")]
    assert first[2:] == ["7, units 9-8-10", "6, units 9-8-10", "units 9-8-10", "units 12"]

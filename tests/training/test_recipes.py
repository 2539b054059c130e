"""Settings: what the methods need, and what the network of a recipe looks like."""

from dataclasses import replace

import pytest

from hwgen.errors import HwgenError
from hwgen.nn import QuantLinear
from training.data.digits import digits
from training.nets.float_twin import start_from
from training.nets.mlp import float_mlp, quant_mlp
from training.recipes import RECIPES, with_method

DIGITS = RECIPES["digits"]


def layers(recipe):
    net = quant_mlp(recipe, digits(), 10)
    return [module for module in net if isinstance(module, QuantLinear)]


def test_hidden_layers_alone_are_constrained_as_in_the_papers():
    recipe = replace(DIGITS, constrain="hidden", first_last_bits=8, method="a2q")
    found = layers(recipe)
    assert [layer.quant.method for layer in found] == ["qat", "a2q", "qat"]
    assert [layer.quant.bits for layer in found] == [8, 4, 8]
    assert [layer.quant.scale for layer in found] == ["channel", "channel", "tensor"]
    assert found[-1].bias is not None


@pytest.mark.parametrize(
    ("method", "bias"), [("a2q", False), ("a2q_plus", False), ("a2q_ip", True)]
)
def test_all_layers_constrained(method, bias):
    found = layers(replace(DIGITS, method=method))
    assert {layer.quant.accumulator_bits for layer in found} == {8}
    assert (found[-1].bias is not None) == bias


def test_start_from_takes_over_weights_and_norms():
    trained = float_mlp(DIGITS, digits())
    trained.norm0.running_mean.fill_(3.0)
    net = quant_mlp(DIGITS, digits(), 10)
    start_from(net, trained)
    assert (net.dense0.weight == trained.dense0.weight).all()
    assert (net.dense2.bias == trained.dense2.bias).all()
    assert (net.norm0.running_mean == 3.0).all()


def test_another_networks_weights_are_refused():
    net = quant_mlp(DIGITS, digits(), 10)
    before = net.dense0.weight.detach().clone()
    for changes, name, shape in (
        ({"widths": (32, 16)}, "dense1", "(32, 32), not (16, 32)"),
        ({"widths": (32,)}, "dense1", "(32, 32), not (10, 32)"),
        ({"widths": (32, 32, 32)}, "dense2", "(10, 32), not (32, 32)"),
    ):
        with pytest.raises(HwgenError) as caught:
            start_from(net, float_mlp(replace(DIGITS, **changes), digits()))
        assert str(caught.value) == (
            f"float start: {name}: the weight must have shape {shape}; take a float network of "
            "the same recipe and width"
        )
    assert (net.dense0.weight == before).all()


def test_qat_takes_no_accumulator_bits():
    assert with_method(DIGITS, "qat", None).accumulator_bits is None
    with pytest.raises(HwgenError, match="digits: accumulator bits must not be given for qat"):
        with_method(DIGITS, "qat", 8)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epochs": 0}, "epochs must be at least 1, not 0; choose another"),
        ({"float_epochs": 0}, "float_epochs must be at least 1, not 0; choose another"),
        ({"epochs": 10**7}, "epochs must be at most 1000000, not 10000000; choose another"),
        ({"batch": 1}, "batch must be at least 2, not 1; choose another"),
        ({"seed": -1}, "seed must be at least 0, not -1; choose another"),
        ({"seed": 10**20}, f"seed must be at most 4294967295, not {10**20}; choose another"),
        ({"learning_rate": -1.0}, "learning_rate must be above 0, not -1.0; choose another"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, not 0.0; choose another"),
        (
            {"learning_rate": float("nan")},
            "learning_rate must be above 0, not nan; choose another",
        ),
        (
            {"learning_rate": float("inf")},
            "learning_rate must be finite, not inf; choose another",
        ),
        ({"scale_rate": float("nan")}, "scale_rate must be at least 0, not nan; choose another"),
        ({"weight_bits": 1}, "weight_bits must be at least 2, not 1; choose another"),
        ({"first_last_bits": 64}, "first_last_bits must be at most 16, not 64; choose another"),
        ({"activation_bits": 0}, "activation_bits must be at least 1, not 0; choose another"),
        ({"accumulator_bits": 63}, "accumulator_bits must be at most 62, not 63; choose another"),
        ({"dropout": 1.0}, "dropout must be at most 0.99, not 1.0; choose another"),
        ({"widths": (4, 0)}, "widths must be 1 to 100000, not (4, 0); choose others"),
        (
            {"input_bits": 4},
            "input_bits must be given for nsl_kdd, dry_bean, mnist, fashion_mnist, spoken_digits "
            "only, whose data are rounded to them; leave it out",
        ),
        (
            {"fitted_start": True, "float_start": False},
            "fitted_start must not be given without float_start, from whose network it works; "
            "leave one of them out",
        ),
        (
            {"fitted_start": True, "bias_correction": True},
            "bias_correction must not be given with fitted_start, which corrects biases itself; "
            "leave it out",
        ),
    ],
)
def test_what_cannot_train_or_has_no_effect_is_refused(settings, sentence):
    with pytest.raises(HwgenError) as caught:
        replace(DIGITS, **settings)
    assert str(caught.value) == f"digits: {sentence}"


def test_a_convolutional_network_takes_a_width():
    cnn = RECIPES["digits_cnn"]
    for changes in ({"widths": (8,)}, {"constrain": "all"}, {"dropout": 0.1}):
        with pytest.raises(HwgenError) as caught:
            replace(cnn, **changes)
        assert str(caught.value) == (
            "digits_cnn: widths, dropout and constrain all must not be given for a convolutional "
            "network; give its width"
        )
    with pytest.raises(
        HwgenError, match="digits_cnn: width must be above 0, not 0; choose another"
    ):
        replace(cnn, width=0)
    with pytest.raises(HwgenError, match="digits: augment must be given for convolutional"):
        replace(DIGITS, augment=True)
    with pytest.raises(HwgenError) as caught:
        replace(DIGITS, width=0.5)
    assert str(caught.value) == (
        "digits: width must be given for convolutional networks only; give widths"
    )

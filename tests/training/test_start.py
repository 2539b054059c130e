"""The ways in which a training starts from a float network."""

import copy
from dataclasses import replace

import pytest
import torch

from hwgen.nn import QuantActivation, QuantLinear
from training.build import quant_net
from training.data.digits import digits
from training.nets.float_twin import start_from
from training.recipes import RECIPES
from training.run import train_float
from training.start import calibration_inputs, start

RECIPE = replace(RECIPES["digits"], widths=(16, 12), float_epochs=2)


@pytest.fixture(scope="module")
def trained():
    return train_float(RECIPE, digits(), lambda epoch: None)


def started(trained, **changes):
    recipe = replace(RECIPE, **changes)
    net = quant_net(recipe, digits(), 10)
    start(net, trained, recipe, digits())
    return net


def layers(net):
    return [module for module in net if isinstance(module, QuantLinear)]


def test_plain_start_is_the_projection_of_every_method(trained):
    net, expected = started(trained), quant_net(RECIPE, digits(), 10)
    start_from(expected, trained)
    assert all(
        torch.equal(a, b)
        for a, b in zip(net.state_dict().values(), expected.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("method", ["a2q_plus", "a2q_ip"])
def test_equalization_changes_the_start_and_not_the_float_network(method, trained):
    before = copy.deepcopy(trained.state_dict())
    net = started(trained, method=method, equalization=True)
    plain = started(trained, method=method)
    assert all(torch.equal(before[name], t) for name, t in trained.state_dict().items())
    assert not torch.equal(net.norm0.weight, plain.norm0.weight)
    assert not torch.equal(net.dense1.weight, plain.dense1.weight)
    assert torch.equal(net.dense0.weight, plain.dense0.weight)  # the batch norm takes the factor


@pytest.mark.parametrize("method", ["a2q", "a2q_plus", "a2q_ip"])
def test_bias_correction_moves_running_means_alone(method, trained):
    net, plain = (
        started(trained, method=method, bias_correction=True),
        started(trained, method=method),
    )
    assert not torch.equal(net.norm0.running_mean, plain.norm0.running_mean)
    for mine, other in zip(layers(net), layers(plain), strict=True):
        assert torch.equal(mine.weight, other.weight)
    assert all(m.steps == 0 for m in net.modules() if isinstance(m, QuantActivation))


def test_fitted_start_has_float_weights_and_fitted_scales(trained):
    net, plain = started(trained, fitted_start=True), started(trained)
    for mine, other in zip(layers(net), layers(plain), strict=True):
        assert torch.equal(mine.weight, other.weight)
        assert not torch.equal(mine.quantizer.log2_scale, other.quantizer.log2_scale)
    assert all(m.steps == 10 for m in net.modules() if isinstance(m, QuantActivation))


def test_fitted_start_leaves_layers_of_other_methods_at_their_projection(trained):
    net = started(trained, method="a2q_plus", fitted_start=True)
    plain = started(trained, method="a2q_plus")
    for mine, other in zip(layers(net), layers(plain), strict=True):
        assert torch.equal(mine.weight, other.weight)
        assert torch.equal(mine.quantizer.log2_norm, other.quantizer.log2_norm)


def test_calibration_inputs_are_training_inputs_in_an_order_of_the_seed():
    dataset = digits()
    x = calibration_inputs(dataset, 20, 3)
    assert x.shape == (20, 64)
    assert torch.equal(x, calibration_inputs(dataset, 20, 3))
    assert not torch.equal(x, calibration_inputs(dataset, 20, 4))
    known = {row.numpy().tobytes() for row in dataset.real(dataset.train_x)}
    assert all(row.numpy().tobytes() in known for row in x)
    assert len(calibration_inputs(dataset, 10**6, 0)) == len(dataset.train_x)

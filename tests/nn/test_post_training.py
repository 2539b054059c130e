"""Whole networks quantized without training: budgets, errors, means, made inputs."""

import copy

import pytest
import torch
from torch import nn

from hwgen.bounds import dot_range, offset_bits
from hwgen.errors import ModelError
from hwgen.nn import (
    QuantActivation,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    WeightQuant,
    export_graph,
)
from hwgen.nn.bias_correction import correct_biases
from hwgen.nn.post_training import distilled_inputs, project_layer, quantize_after_training
from hwgen.nn.post_training.activation_range import set_scale, set_scales
from training.nets.bits import NetBits
from training.nets.espcn import Espcn
from training.nets.float_twin import float_twin, start_from
from training.nets.mobilenet_v1 import MobileNetV1
from training.nets.resnet18 import ResNet18
from training.nets.small_cnn import SmallCnn
from training.nets.unet import UNet


def bits(accumulator_bits):
    return NetBits(accumulator_bits=accumulator_bits)


def lively(net):
    """Give the float form, with batch norms that learned something from random images."""
    torch.manual_seed(5)
    twin = float_twin(net)
    for module in twin.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(std=0.3)
            module.momentum = None
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            module.bias.data.fill_(0.5)  # the middle of what an image can be
    return twin


def images(net, count=24, size=8, channels=3):
    """Smooth random images, whose pixels tell of each other as those of real ones do."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(count, channels, size // 2, size // 2, generator=generator)
    x = nn.functional.interpolate(noise, scale_factor=2, mode="bilinear")
    with torch.no_grad():
        net.train()(x)  # fills the running statistics
    net.eval()
    return x


def small_cnn(accumulator_bits):
    return SmallCnn(bits(accumulator_bits), width=1 / 4, size=(8, 8))


def constrained(net):
    layers = (m for m in net.modules() if isinstance(m, QuantLinear | QuantConv2d))
    return [layer for layer in layers if layer.quant.accumulator_bits is not None]


def logits_error(net, trained, x):
    with torch.no_grad():
        return float(((net.eval()(x) - trained(x)) ** 2).mean())


@pytest.mark.parametrize("accumulator_bits", [4, 6, 9])
def test_every_channel_keeps_its_accumulator(accumulator_bits):
    net = small_cnn(accumulator_bits)
    trained = lively(net)
    quantize_after_training(net, trained, images(trained))
    found = constrained(net)
    assert len(found) == 5
    for layer in found:
        certified = layer.certified()
        assert certified.repairs == 0
        totals = [dot_range(row, layer.inputs.range) for row in certified.weight]
        assert max(map(offset_bits, totals)) == accumulator_bits  # kept, and used


@pytest.mark.parametrize(
    ("net", "size", "channels"),
    [
        (MobileNetV1(bits(8), width=1 / 16), 32, 3),
        (ResNet18(bits(8), width=1 / 16), 32, 3),
        (Espcn(bits(8), width=1 / 8), 8, 1),
        (UNet(bits(8), width=1 / 16), 16, 1),
    ],
)
def test_networks_with_branches_and_depthwise_layers(net, size, channels):
    trained = lively(net)
    x = images(trained, count=6, size=size, channels=channels)
    quantize_after_training(net, trained, x)
    graph = export_graph(net, name="net", input_shape=(channels, size, size))
    kept = [node for node in graph.nodes if getattr(node, "accumulators", None)]
    targets = [a for node in kept for a in node.accumulators if a.target_bits is not None]
    assert targets
    assert max(a.bits for a in targets) <= 8
    assert logits_error(net, trained, x) < float(trained(x).detach().var())


def test_calibration_is_no_worse_on_its_samples_than_weights_or_made_inputs():
    nets = {name: small_cnn(8) for name in ("fit", "projection", "made")}
    trained = lively(nets["fit"])
    x = images(trained, count=64)
    made = distilled_inputs(trained, nets["fit"].pixels, (3, 8, 8), samples=16)
    quantize_after_training(nets["fit"], trained, x)
    quantize_after_training(nets["projection"], trained, x, fit=project_layer)
    quantize_after_training(nets["made"], trained, made)
    errors = {name: logits_error(net, trained, x) for name, net in nets.items()}
    assert errors["fit"] < errors["projection"]
    assert errors["fit"] <= errors["made"]


def test_float_network_stays_and_equal_calls_give_equal_networks():
    nets = [small_cnn(8), small_cnn(8)]
    trained = lively(nets[0])
    x = images(trained)
    before = copy.deepcopy(trained.state_dict())
    for net in nets:
        quantize_after_training(net, trained, x)
    assert all(torch.equal(before[name], t) for name, t in trained.state_dict().items())
    codes = [[layer.certified().weight for layer in constrained(net)] for net in nets]
    assert all((a == b).all() for a, b in zip(*codes, strict=True))


def test_bias_correction_restores_the_means_behind_every_batch_norm():
    net = small_cnn(8)
    trained = lively(net)
    x = images(trained)
    start_from(net, trained)
    set_scales(net, trained, x)
    before = shifts(net, trained, x)
    correct_biases(net, trained, x)
    after = shifts(net, trained, x)
    assert before > 0.1
    assert after < 1e-4


def shifts(net, trained, x):
    """Largest difference of the means of a channel behind the batch norms of both networks."""
    means = []
    for model in (net.eval(), trained.eval()):
        found = []
        norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
        hooks = [
            m.register_forward_hook(
                lambda m, _, out, found=found: found.append(out.mean((0, 2, 3)))
            )
            for m in norms
        ]
        with torch.no_grad():
            model(x)
        for hook in hooks:
            hook.remove()
        means.append(torch.cat(found))
    return float((means[0] - means[1]).abs().max())


@pytest.mark.parametrize("signed", [False, True])
def test_scale_of_an_activation_errs_least_among_its_neighbours(signed):
    values = torch.randn(5000, generator=torch.Generator().manual_seed(1))
    activation = QuantActivation(4, signed).eval().requires_grad_(False)
    set_scale(activation, values)
    assert activation.steps == activation.calibration_steps
    wanted = values if signed else values.clamp_min(0)

    def error(factor):
        trial = copy.deepcopy(activation)
        trial.log2_scale.data += factor
        return float(((trial(values) - wanted) ** 2).mean())

    assert error(0.0) < min(error(-0.5), error(0.5))
    assert error(0.0) <= min(error(-1 / 8), error(1 / 8))


def test_scale_of_an_activation_that_is_always_zero():
    activation = QuantActivation(4).eval()
    set_scale(activation, -torch.rand(10))
    assert (activation(torch.zeros(3)) == 0).all()


def test_made_inputs_have_the_statistics_of_the_batch_norms_and_keep_the_range():
    net = small_cnn(8)
    trained = lively(net)
    images(trained)
    made = distilled_inputs(trained, net.pixels, (3, 8, 8), samples=16, seed=1)
    assert made.shape == (16, 3, 8, 8)
    assert made.min() >= 0
    assert made.max() <= 1
    start = torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert distance(trained, made) < 0.2 * distance(trained, start)
    assert torch.equal(made, distilled_inputs(trained, net.pixels, (3, 8, 8), samples=16, seed=1))


def distance(trained, x):
    """Mean squared difference of means, in deviations, over all batch norms."""
    found = []
    hooks = [
        m.register_forward_hook(
            lambda m, args, _: found.append(
                ((args[0].mean((0, 2, 3)) - m.running_mean) ** 2 / m.running_var).mean()
            )
        )
        for m in trained.modules()
        if isinstance(m, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        trained(x)
    for hook in hooks:
        hook.remove()
    return float(torch.stack(found).sum())


def test_without_batch_norms_there_is_nothing_to_make_inputs_from():
    with pytest.raises(ModelError) as caught:
        distilled_inputs(nn.Linear(4, 2), QuantInput(4), (4,), samples=3)
    assert str(caught.value) == (
        "float network: must have batch norms to be quantized without data, and has none; "
        "calibrate it with some inputs"
    )


def test_another_float_network_is_refused():
    quant, act = QuantInput(4), QuantActivation(4)
    net = nn.Sequential()
    net.add_module("quant", quant)
    net.add_module("dense0", QuantLinear(4, 3, quant=WeightQuant(), source=quant))
    net.add_module("act0", act)
    trained = nn.Sequential()
    trained.add_module("dense0", nn.Linear(4, 3, bias=False))
    with pytest.raises(ModelError) as caught:
        quantize_after_training(net, trained, torch.rand(5, 4))
    assert str(caught.value) == (
        "float network: must have a module act0, as the quantized one has, and has none; "
        "give the float form of the same network"
    )

"""Every network at a small width: gradients for all methods, and integers equal to torch."""

import functools
from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hwgen import reference
from hwgen.ir import Argmax, Conv2d, Dense, Threshold
from hwgen.nn import QuantActivation, QuantAdd, QuantConv2d, penalty
from tests.nn.image_networks import count_codes, export, random_pixels
from training.data import super_resolution
from training.data.cifar10 import cifar10
from training.data.spoken_digits import spoken_digit_images
from training.layer_choice import choose_layers
from training.nets.bits import NetBits
from training.nets.espcn import Espcn
from training.nets.float_twin import float_twin, start_from
from training.nets.mobilenet_v1 import MobileNetV1
from training.nets.resnet18 import ResNet18
from training.nets.small_cnn import SmallCnn
from training.nets.unet import UNet
from training.score import filled

DATA = Path(__file__).parents[3] / "shared" / "data"
CLASSIFIERS = [SmallCnn, ResNet18, MobileNetV1]
ENLARGERS = [Espcn, UNet]
METHODS = ["qat", "a2q", "a2q_plus", "a2q_ip"]
WIDTH = 1 / 8


@functools.cache
def pixels_for(kind, samples=8):
    """Images of the data sets where they are there, else random ones."""
    if kind in CLASSIFIERS:
        if (DATA / "cifar10").is_dir():
            return cifar10(DATA).test_x[:samples]
        return random_pixels(samples, (3, 32, 32))
    if (DATA / "sr").is_dir():
        images = super_resolution.images(DATA / "sr" / "t91_y.npz.xz").values()
        patches = [image[:24, :32] for image in list(images)[:samples]]
        return np.stack(patches)[:, np.newaxis].astype(np.int64)
    return random_pixels(samples, (1, 24, 32))


def net_of(kind, method, seed=0, accumulator_bits=14):
    torch.manual_seed(seed)
    bits = NetBits(method=method, accumulator_bits=accumulator_bits, calibration_steps=2)
    return kind(bits, width=WIDTH)


def take_steps(net, x, steps=4):
    """A few training steps on `x`: calibration, then learned scales; then the norms' statistics."""
    real = torch.from_numpy(x).float() / 255
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(steps):
        result = net.train()(real)
        loss = (result - result.detach().flip(0)).square().mean() + 1e-3 * penalty(net)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for norm in net.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = 1.0
    net(real)
    return net.eval()


@pytest.mark.parametrize("kind", [*CLASSIFIERS, *ENLARGERS])
@pytest.mark.parametrize("method", METHODS)
def test_a_net_trains_and_its_integers_equal_torch_in_every_code(kind, method):
    x = pixels_for(kind)
    net = take_steps(net_of(kind, method), x)
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    graph = export(net, x.shape[1:])
    equal, different = count_codes(net, graph, x)
    assert (equal, different) == (len(x) * codes_of(graph), 0)
    hidden = [n for n in graph.nodes if isinstance(n, Conv2d) and n.weight_bits == 4]
    targets = {a.target_bits for node in hidden for a in node.accumulators}
    assert targets == ({None} if method == "qat" else {14})
    last = graph.node(graph.output).inputs[0]
    values = reference.run(graph, x)[last]
    assert len({tuple(row) for row in values.reshape(len(x), -1)}) == len(x)  # not a dead network


@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not there")
@pytest.mark.parametrize("kind", ENLARGERS)
def test_a_whole_test_image_has_equal_codes(kind):
    image = filled(min(super_resolution.super_resolution(DATA).tests, key=lambda p: p.small.size))
    net = take_steps(net_of(kind, "a2q_ip"), pixels_for(kind))
    graph = export(net, image.shape[1:])
    assert count_codes(net, graph, image) == (codes_of(graph), 0)


def test_spoken_digits_of_mixed_methods_have_equal_codes():
    x = spoken_digit_images(DATA).test_x[:8] if DATA.is_dir() else random_pixels(8, (1, 40, 20))
    bits = NetBits(method="a2q_plus", accumulator_bits=10, calibration_steps=2)
    net = SmallCnn(bits, width=WIDTH, channels=1, size=(40, 20))
    choose_layers(
        net, "units.unit2.conv=a2q:12,units.unit3.conv=a2q_ip:8,classifier=18", 10, None, "net"
    )
    net = take_steps(net, x)
    graph = export(net, x.shape[1:])
    assert count_codes(net, graph, x) == (len(x) * codes_of(graph), 0)
    layers = [node for node in graph.nodes if isinstance(node, Conv2d | Dense)]
    found = [node.accumulators[0].target_bits for node in layers]
    assert found == [None, 10, 12, 8, 10, 10, 18]
    assert [node.accumulators[0].method for node in layers].count("offset") == 2


def codes_of(graph):
    """Elements of all threshold outputs of one sample, and the class."""
    counted = [node.name for node in graph.nodes if isinstance(node, Threshold | Argmax)]
    return sum(prod(graph.tensors[name].shape) for name in counted)


def test_images_that_leave_are_three_times_as_large():
    x = random_pixels(2, (1, 16, 8))
    for kind in ENLARGERS:
        net = net_of(kind, "a2q_ip")
        net.train()(torch.from_numpy(x).float() / 255)
        graph = export(net.eval(), x.shape[1:])
        assert graph.tensors[graph.output].shape == (1, 48, 24)
        assert str(graph.tensors[graph.output].range.type) == "u8"


def test_widths_at_full_size_are_the_papers():
    net = ResNet18(NetBits())
    convs = [m for m in net.modules() if isinstance(m, QuantConv2d)]
    assert len(convs) == 1 + 16 + 3
    assert max(conv.weight[0].numel() for conv in convs) == 4608
    assert sum(isinstance(m, QuantAdd) for m in net.modules()) == 8
    net = MobileNetV1(NetBits())
    convs = [m for m in net.modules() if isinstance(m, QuantConv2d)]
    assert len(convs) == 1 + 26
    assert max(conv.weight[0].numel() for conv in convs[1:]) == 1024
    for kind in ENLARGERS:
        convs = [m for m in kind(NetBits()).modules() if isinstance(m, QuantConv2d)]
        assert {conv.weight[0].numel() for conv in convs[1:-1]} == {576}


def test_depthwise_layers_of_a2q_plus_are_a2q():
    net = net_of(MobileNetV1, "a2q_plus")
    methods = {m.groups > 1: m.quant.method for m in net.blocks.modules() if hasattr(m, "groups")}
    assert methods == {True: "a2q", False: "a2q_plus"}
    ours = NetBits(depthwise_method="qat")
    assert (ours.depthwise().method, ours.hidden().method) == ("qat", "a2q_ip")
    assert NetBits().depthwise().method == "a2q_ip"
    choose_layers(net, "blocks.depthwise*=a2q_ip:8,blocks.pointwise3.conv=7", 14, None, "net")
    layers = {name: m.quant for name, m in net.blocks.named_modules() if hasattr(m, "quant")}
    assert layers["depthwise0.conv"].method == "a2q_ip"
    assert layers["pointwise3.conv"].accumulator_bits == 7
    assert layers["pointwise4.conv"].accumulator_bits == 14


def test_ends_have_eight_bits_and_no_bound():
    for kind in (*CLASSIFIERS, *ENLARGERS):
        layers = [m for m in net_of(kind, "a2q").modules() if hasattr(m, "quant")]
        ends = [layers[0].quant, layers[-1].quant]
        assert {(q.method, q.bits) for q in ends} == {("qat", 8)}
        assert {layer.quant.bits for layer in layers[1:-1]} == {4}
        last = layers[-1].source
        assert isinstance(last, QuantActivation)
        assert last.int_type.bits == 8


@pytest.mark.parametrize("kind", [*CLASSIFIERS, *ENLARGERS])
def test_the_float_twin_computes_without_quantizers(kind):
    net = net_of(kind, "a2q_ip")
    twin = float_twin(net)
    assert not [m for m in twin.modules() if type(m).__module__.startswith("hwgen")]
    x = torch.from_numpy(pixels_for(kind)).float() / 255
    assert twin(x).shape == net(x).shape
    start_from(net, twin)
    for name, module in twin.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            assert torch.equal(net.get_submodule(name).weight, module.weight), name
        if isinstance(module, nn.BatchNorm2d):
            mine = net.get_submodule(name).running_mean
            assert torch.equal(mine, module.running_mean), name

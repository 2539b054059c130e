"""A float network with parts that the quantized one lacks, or the other way, is refused by name."""

import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.nn import (
    Concat,
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    WeightQuant,
    export_graph,
)
from hwgen.nn.bias_correction import correct_biases
from hwgen.nn.post_training import (
    distilled_inputs,
    quantize_after_training,
    start_fitted,
)
from training.nets.float_twin import Addition

X = torch.rand(60, 8, generator=torch.Generator().manual_seed(1))


def quantized(bias=True, norm=True, signed=False):
    torch.manual_seed(0)
    pixels, codes = QuantInput(4, scale=1 / 15), QuantActivation(8, signed)
    parts = OrderedDict(q=pixels)
    parts["fc1"] = QuantLinear(8, 6, quant=WeightQuant(bits=8), source=pixels, bias=bias)
    if norm:
        parts["bn"] = nn.BatchNorm1d(6)
    parts["act"] = codes
    last = WeightQuant(bits=8, scale="tensor")
    parts["fc2"] = QuantLinear(6, 3, quant=last, source=codes, bias=bias)
    return nn.Sequential(parts)


def trained(act=None, **changes):
    torch.manual_seed(1)
    parts = OrderedDict(
        fc1=nn.Linear(8, 6), bn=nn.BatchNorm1d(6), act=act or nn.ReLU(), fc2=nn.Linear(6, 3)
    )
    net = nn.Sequential(parts | changes)
    with torch.no_grad():
        for _ in range(20):
            net(X)
    return net.eval()


def refusal(net, real, x=X):
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(ModelError) as caught:
        quantize_after_training(net, real, x)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    return str(caught.value).splitlines()


def test_the_float_form_is_taken():
    net, real = quantized(), trained()
    quantize_after_training(net, real, X)
    codes = np.random.default_rng(0).integers(0, 16, (500, 8))
    classes = reference.outputs(export_graph(net, name="net", input_shape=(8,)), codes)[:, 0]
    with torch.no_grad():
        wanted = real(torch.from_numpy(codes).float() / 15).argmax(1).numpy()
    assert (classes == wanted).mean() > 0.9


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile])
def test_a_wrapped_float_network_is_taken(wrap):
    nets, real = (quantized(), quantized()), trained()
    quantize_after_training(nets[0], real, X)
    quantize_after_training(wrap(nets[1]), wrap(real), X)
    states = [net.state_dict() for net in nets]
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())


def test_biases():
    lacking = "must have no bias, as the quantized layer, and has one"
    assert refusal(quantized(bias=False), trained()) == [
        f"float network: fc1: {lacking}; make the QuantLinear with bias=True",
        f"float network: fc2: {lacking}; make the QuantLinear with bias=True",
    ]
    assert refusal(quantized(), trained(fc1=nn.Linear(8, 6, bias=False))) == [
        "float network: fc1: must have a bias, as the quantized layer, and has none; "
        "make the QuantLinear with bias=False"
    ]


def test_a_training_may_start_without_a_bias():
    correct_biases(quantized(bias=False), trained(), X)
    start_fitted(quantized(bias=False), trained(), X)


def test_norms():
    assert refusal(quantized(norm=False), trained()) == [
        "float network: bn: must have a place in the quantized network, which has no bn; "
        "quantize the whole network"
    ]
    assert refusal(quantized(), trained(bn=nn.Identity())) == [
        "float network: bn: must be a BatchNorm1d, not Identity; give the float form"
    ]
    assert refusal(quantized(), trained(bn=nn.BatchNorm1d(6, eps=1e-3, affine=False))) == [
        "float network: bn: eps must be 1e-05, as in the quantized network, not 0.001",
        "float network: bn: affine must be True, as in the quantized network, not False",
    ]
    assert refusal(quantized(), trained(bn=nn.BatchNorm1d(6, track_running_stats=False))) == [
        "float network: bn: must have running statistics, or it computes with those of each batch; "
        "use track_running_stats=True"
    ]


def test_layers():
    real = trained()
    del real.fc2
    assert refusal(quantized(), real) == [
        "float network: must have a module fc2, as the quantized one has, and has none; "
        "give the float form of the same network"
    ]
    assert refusal(quantized(), trained(fc3=nn.Linear(3, 3))) == [
        "float network: fc3: must have a place in the quantized network, which has no fc3; "
        "quantize the whole network"
    ]
    real = trained()
    real.fc1 = nn.Linear(9, 6)
    assert refusal(quantized(), real) == [
        "float network: fc1: weight must have shape (6, 8), not (6, 9)"
    ]
    real.fc1 = nn.ReLU()
    assert refusal(quantized(), real) == [
        "float network: fc1: must be a Linear, not ReLU; give the float form"
    ]


@pytest.mark.parametrize("act", [nn.Tanh(), nn.GELU(), nn.LeakyReLU(), nn.Identity()])
def test_activations(act):
    assert refusal(quantized(), trained(act)) == [
        "float network: act: must compute a ReLU, as it stands for the QuantActivation of the "
        "quantized network; train the network so"
    ]
    if not isinstance(act, nn.Identity):
        assert refusal(quantized(signed=True), trained(act)) == [
            "float network: act: must compute the identity, as it stands for the QuantActivation "
            "of the quantized network; train the network so"
        ]


def test_another_order_and_functions_between():
    order = (
        "float network: must compute what its modules compute in the order of the quantized "
        "network, and does not; give the float form of the same network"
    )
    real = trained()
    assert refusal(quantized(), nn.Sequential(OrderedDict(
        fc1=real.fc1, act=real.act, bn=real.bn, fc2=real.fc2
    ))) == [order]  # fmt: skip

    class Softer(nn.Sequential):
        def forward(self, x):
            return torch.softmax(super().forward(x), 1)

    assert refusal(quantized(), Softer(OrderedDict(real.named_children()))) == [order]


def test_hooks_and_numbers_that_are_none():
    real = trained()
    handle = real.act.register_forward_hook(lambda *_: None)
    assert refusal(quantized(), real) == [
        "float network: act: must have no forward hook, and has <lambda>; remove it by its handle, "
        "or make it a module"
    ]
    handle.remove()
    real.fc1.weight.data[0, 0] = torch.nan
    assert refusal(quantized(), real) == [
        "float network: fc1: weight must be finite everywhere; train the network again"
    ]


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (X.numpy(), "must be a tensor of real numbers, not ndarray; pass x.float()"),
        ((X * 15).long(), "must be a tensor of real numbers, not torch.int64; pass x.float()"),
        (
            X[:0],
            "must have shape (samples, ...), with a sample at least, not (0, 8)",
        ),
        (X / 0, "must be finite everywhere; leave out samples that are not"),
    ],
)
def test_inputs(x, sentence):
    assert refusal(quantized(), trained(), x) == [f"inputs: {sentence}"]


def image_nets():
    torch.manual_seed(0)
    pixels, shared, after = QuantInput(4, scale=1 / 15), QuantActivation(6), QuantActivation(6)
    quant = WeightQuant(bits=8)

    class Net(nn.Module):
        def __init__(self, layers):
            super().__init__()
            for name, layer in layers.items():
                self.add_module(name, layer)

        def forward(self, x):
            x = self.shared(self.first(self.pixels(x)))
            x = self.after(self.add(self.shared(self.second(x)), x))
            return self.third(self.pool(self.join(x, x)))

    layers = {
        "pixels": pixels,
        "first": QuantConv2d(2, 3, 3, quant=quant, source=pixels, padding=1, bias=True),
        "shared": shared,
        "second": QuantConv2d(3, 3, 3, quant=quant, source=shared, padding=1, bias=True),
        "add": QuantAdd(source=shared),
        "after": after,
        "join": Concat(),
        "pool": QuantAvgPool2d(2, source=after),
        "third": QuantActivation(8),
    }
    real = {
        "pixels": nn.Identity(),
        "first": nn.Conv2d(2, 3, 3, padding=1),
        "shared": nn.ReLU(),
        "second": nn.Conv2d(3, 3, 3, padding=1),
        "add": Addition(),
        "after": nn.ReLU(),
        "join": Concat(),
        "pool": nn.AvgPool2d(2),
        "third": nn.ReLU(),
    }
    return Net(layers), Net(real)


class Product(nn.Module):
    def forward(self, left, right):
        return left * right


@pytest.mark.parametrize(
    ("name", "module", "sentence"),
    [
        (
            "add",
            Product(),
            "must compute the sum, as it stands for the QuantAdd of the quantized network; "
            "train the network so",
        ),
        (
            "pool",
            nn.MaxPool2d(2),
            "must compute the same averages, as it stands for the QuantAvgPool2d of the quantized "
            "network; train the network so",
        ),
        ("second", nn.Conv2d(3, 3, 3, padding=2, stride=2), "stride must be (1, 1), not (2, 2)"),
        (
            "second",
            nn.Conv2d(3, 3, 3, padding=1, padding_mode="circular"),
            "must have no dilation, and zeros as its padding",
        ),
    ],
)
def test_parts_of_image_networks(name, module, sentence):
    net, real = image_nets()
    x = torch.rand(4, 2, 6, 6)
    quantize_after_training(copy.deepcopy(net), real, x)
    setattr(real, name, module)
    with pytest.raises(ModelError) as caught:
        quantize_after_training(net, real, x)
    assert str(caught.value).splitlines()[0] == f"float network: {name}: {sentence}"


def test_made_inputs_need_norms_that_remember():
    real = trained(bn=nn.BatchNorm1d(6, track_running_stats=False))
    with pytest.raises(ModelError) as caught:
        distilled_inputs(real, QuantInput(4), (8,), samples=3)
    assert str(caught.value) == (
        "float network: bn: must have running statistics, or it computes with those of each batch; "
        "use track_running_stats=True"
    )

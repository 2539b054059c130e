"""Equalization moves factors between layers and leaves what the network computes as it was."""

import copy

import pytest
import torch
from torch import nn

from hwgen.errors import ModelError
from hwgen.nn.equalize import equalize, pairs
from hwgen.nn.homogeneous import Pair
from tests.nn.networks import small_net
from training.nets.bits import NetBits
from training.nets.float_twin import float_twin
from training.nets.mobilenet_v1 import MobileNetV1
from training.nets.resnet18 import ResNet18
from training.nets.small_cnn import SmallCnn

BITS = NetBits(accumulator_bits=12)


def uneven(net):
    """The float form, with channels of very different ranges and running statistics that count."""
    twin = float_twin(net).double().eval()
    generator = torch.Generator().manual_seed(4)
    for module in twin.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            size = module.weight.shape
            module.weight.data.copy_(torch.randn(size, generator=generator).exp())
            module.bias.data.copy_(torch.randn(size, generator=generator))
            module.running_mean.copy_(0.1 * torch.randn(size, generator=generator))
            module.running_var.copy_(torch.rand(size, generator=generator) + 0.1)
    return twin


def ranges(twin, pair):
    """Ranges of every channel on both sides of a pair, of unfolded kernels of one group."""
    first, norm, second = (
        twin.get_submodule(path) for path in (pair.first, pair.norm, pair.second)
    )
    folded = norm.weight.abs() / (norm.running_var + norm.eps).sqrt()
    before = first.weight.flatten(1).abs().amax(1) * folded
    depthwise = getattr(second, "groups", 1) > 1
    after = second.weight.abs() if depthwise else second.weight.abs().transpose(0, 1)
    return before, after.flatten(1).amax(1)


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (MobileNetV1(BITS, width=1 / 8), (2, 3, 32, 32)),
        (ResNet18(BITS, width=1 / 8), (2, 3, 32, 32)),
        (SmallCnn(BITS, width=1 / 4), (2, 3, 32, 32)),
    ],
)
def test_the_float_function_stays_and_the_ranges_meet(net, shape):
    twin = uneven(net)
    x = torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = twin(x)
        weights = copy.deepcopy(twin.state_dict())
        found = pairs(net)
        equalize(twin, found)
        torch.testing.assert_close(twin(x), expected, rtol=1e-9, atol=1e-9)
        assert any(not torch.equal(weights[name], t) for name, t in twin.state_dict().items())
        for pair in found:
            before, after = ranges(twin, pair)
            torch.testing.assert_close(before, after, rtol=0.02, atol=0)


def test_pairs_of_a_depthwise_network_form_one_chain():
    found = pairs(MobileNetV1(BITS, width=1 / 8))
    assert len(found) == 27  # stem, 13 depthwise, 13 pointwise, classifier
    assert [pair.second for pair in found[:-1]] == [pair.first for pair in found[1:]]
    assert found[1] == Pair(
        first="blocks.depthwise0.conv",
        norm="blocks.depthwise0.norm",
        second="blocks.pointwise0.conv",
    )


def test_a_residual_branch_is_left_where_others_read_it():
    found = pairs(ResNet18(BITS, width=1 / 8))
    assert all(pair.first.endswith("first.conv") for pair in found)
    assert len(found) == 8


def test_without_batch_norms_weights_and_biases_take_the_factors():
    net = small_net()
    twin = nn.Sequential()
    for name, module in (
        ("dense0", nn.Linear(12, 9)),
        ("act0", nn.ReLU()),
        ("dense1", nn.Linear(9, 7)),
    ):
        twin.add_module(name, module.double())
    twin.dense0.weight.data[3] = 0.0  # a channel without weights keeps its factor
    x = torch.rand(50, 12, dtype=torch.float64)
    with torch.no_grad():
        expected = twin(x)
        equalize(twin, [Pair(first="dense0", norm=None, second="dense1")])
        torch.testing.assert_close(twin(x), expected)
        live = torch.arange(9) != 3
        torch.testing.assert_close(
            twin.dense0.weight.abs().amax(1)[live], twin.dense1.weight.abs().amax(0)[live]
        )
    assert [(p.first, p.second) for p in pairs(net)] == [("dense0", "dense1"), ("dense1", "dense2")]


def chain(*between, first=None, second=None):
    """A float network of two layers with something between them, and its pair."""
    torch.manual_seed(0)
    net = nn.Sequential()
    net.add_module("fc1", first or nn.Linear(8, 6))
    for name, module in between:
        net.add_module(name, module)
    net.add_module("fc2", second or nn.Linear(6, 3))
    return net


PAIR = Pair(first="fc1", norm=None, second="fc2")
THROUGH = "must let positive factors through to be equalized, as a ReLU does, and"


def refused(net, pair=PAIR):
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(ModelError) as caught:
        equalize(net, [pair])
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    return str(caught.value)


@pytest.mark.parametrize("act", [nn.Tanh(), nn.GELU(), nn.ReLU6(), nn.Sigmoid(), nn.Hardtanh()])
def test_what_is_not_homogeneous_is_refused(act):
    assert refused(chain(("act", act))) == (
        f"float network: act: {THROUGH} {type(act).__name__} does not; leave the equalization out"
    )


@pytest.mark.parametrize("act", [nn.ReLU(), nn.LeakyReLU(0.1), nn.PReLU(6), nn.Identity()])
def test_what_is_homogeneous_keeps_its_function(act):
    net = chain(("act", act)).double()
    net.fc1.weight.data *= torch.logspace(-1, 1, 6)[:, None]
    x = torch.rand(50, 8, dtype=torch.float64)
    with torch.no_grad():
        expected = net(x)
        equalize(torch.compile(net), [PAIR])
        torch.testing.assert_close(net(x), expected)


class Functions(nn.Sequential):
    """The same layers with functions between them."""

    def __init__(self, function):
        super().__init__(*chain())
        self.function = function

    def forward(self, x):
        return self[1](self.function(self[0](x)))


def test_functions_between_the_layers():
    pair = Pair(first="0", norm=None, second="1")
    assert refused(Functions(torch.tanh), pair) == (
        f"float network: tanh: {THROUGH} tanh does not; leave the equalization out"
    )
    assert refused(Functions(lambda x: torch.relu(x) + x.abs()), pair) == (
        "float network: 0: must be read once to be equalized, not 2 times"
    )
    net = Functions(torch.relu)
    x = torch.rand(5, 8)
    with torch.no_grad():
        expected = net(x)
        equalize(net, [pair])
        torch.testing.assert_close(net(x), expected)


def test_parts_that_cannot_carry_factors():
    pair = Pair(first="fc1", norm="bn", second="fc2")
    assert refused(chain(("bn", nn.BatchNorm1d(6, affine=False))), pair) == (
        "float network: bn: must be affine, since its gain takes the factors; use affine=True"
    )
    assert refused(chain(("bn", nn.BatchNorm1d(6, track_running_stats=False))), pair) == (
        "float network: bn: must have running statistics, or it computes with those of each batch; "
        "use track_running_stats=True"
    )
    assert refused(chain(("bn", nn.ReLU())), pair) == (
        "float network: bn: must be a batch norm, as the quantized network has there"
    )
    assert refused(chain(("bn", nn.BatchNorm1d(6))), PAIR) == (
        f"float network: bn: {THROUGH} BatchNorm1d does not; leave the equalization out"
    )
    assert refused(chain(("act", nn.ReLU()), ("bn", nn.BatchNorm1d(6)), ("tail", nn.Tanh())), pair)
    assert refused(chain(), Pair(first="fc1", norm=None, second="fc3")) == (
        "float network: fc3: must be a Linear or a Conv2d, as the quantized network has there"
    )
    net = chain(("act", nn.ReLU()))
    net.fc1.weight.data[0, 0] = torch.inf
    assert refused(net) == (
        "float network: fc1: weight must be finite everywhere; train the network again"
    )


def test_layers_that_others_share():
    shared = nn.Linear(6, 6)
    net = chain(("act", nn.ReLU()), first=shared, second=nn.Linear(6, 6))
    net.fc2.weight = shared.weight
    assert refused(net) == (
        "float network: fc1: must not share its weights with another module to be equalized"
    )
    twice = nn.Sequential(shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(6, 2))
    assert refused(twice, Pair(first="0", norm=None, second="4")) == (
        "float network: 0: must not share its weights with another module to be equalized"
    )

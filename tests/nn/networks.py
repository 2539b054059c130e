"""Small trained-looking networks for the tests of the export."""

import pytest
import torch
from torch import nn

from hwgen.errors import ModelError
from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant, export_graph


def refusal(net, shape=(12,)):
    """Give the sentence that the export refuses a network with."""
    with pytest.raises(ModelError) as caught:
        export_graph(net, name="net", input_shape=shape)
    return str(caught.value)


def small_net(
    *,
    method="a2q_ip",
    accumulator_bits=8,
    signed_activation=False,
    activation_bits=3,
    output_scale="tensor",
    output_bias=True,
    seed=0,
):
    """12 u4 inputs, 9 and 7 hidden neurons, 5 outputs; batch norms with gains of both signs."""
    torch.manual_seed(seed)
    bits = None if method == "qat" else accumulator_bits
    hidden = WeightQuant(method=method, bits=4, accumulator_bits=bits)
    quant = QuantInput(4, scale=1 / 15)
    act0 = QuantActivation(activation_bits, signed_activation, calibration_steps=2)
    act1 = QuantActivation(activation_bits, signed_activation, calibration_steps=2)
    output = WeightQuant(bits=8, scale=output_scale)
    net = nn.Sequential()
    net.add_module("quant", quant)
    net.add_module("dense0", QuantLinear(12, 9, quant=hidden, source=quant))
    net.add_module("norm0", nn.BatchNorm1d(9))
    net.add_module("act0", act0)
    net.add_module("dense1", QuantLinear(9, 7, quant=hidden, source=act0, bias=True))
    net.add_module("norm1", nn.BatchNorm1d(7))
    net.add_module("act1", act1)
    net.add_module("dense2", QuantLinear(7, 5, quant=output, source=act1, bias=output_bias))
    for norm in (net.norm0, net.norm1):
        norm.momentum = None  # the plain mean of the batches
        norm.weight.data.normal_()
        norm.weight.data[0] = 0.0  # a constant channel
        norm.bias.data.normal_()
    for _ in range(3):  # calibrates the activations, moves the running statistics
        net(torch.rand(64, 12))
    return net.eval()


def codes(samples=2000, features=12, seed=1):
    """Random u4 inputs, the all-zero and the all-largest one among them."""
    x = torch.randint(0, 16, (samples, features), generator=torch.Generator().manual_seed(seed))
    x[0], x[1] = 0, 15
    return x.numpy()

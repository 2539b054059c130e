"""Small nets of weights and activations in {-1, +1}, with batch norms of gains of both signs."""

import torch
from torch import nn

from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant


def bipolar_net(
    *,
    features=10,
    hidden=(9, 7),
    rows=4,
    bipolar_input=True,
    weights=None,
    last=None,
    bias=False,
    seed=0,
):
    """Linear layers with batch norms and signs between them; `weights` are one bit by default."""
    torch.manual_seed(seed)
    source = QuantInput(1, bipolar=True) if bipolar_input else QuantInput(4, scale=1 / 15)
    hidden_quant = weights or WeightQuant(bits=1)
    net = nn.Sequential()
    net.add_module("quant", source)
    sizes = (features, *hidden)
    for index in range(len(hidden)):
        layer = QuantLinear(
            sizes[index], sizes[index + 1], quant=hidden_quant, source=source, bias=bias
        )
        source = QuantActivation(1, bipolar=True, calibration_steps=2)
        norm = nn.BatchNorm1d(sizes[index + 1])
        norm.momentum = None  # the plain mean of the batches
        norm.weight.data.normal_()
        norm.bias.data.normal_(std=0.3)
        net.add_module(f"dense{index}", layer)
        net.add_module(f"norm{index}", norm)
        net.add_module(f"act{index}", source)
    quant = last or WeightQuant(bits=1, scale="tensor")
    final = QuantLinear(sizes[-1], rows, quant=quant, source=source, bias=bias)
    net.add_module("last", final)
    if bias:
        final.bias.data.normal_()
    for _ in range(3):  # calibrates the activations, moves the running statistics
        net(torch.randn(64, features))
    return net.eval()


def bipolar_codes(count=600, features=10, bits=1, seed=1):
    """Random codes of the input."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 1 << bits, (count, features), generator=generator).numpy()

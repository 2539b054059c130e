"""Cross-layer equalization: channels of a float network brought to one range before quantization.

Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction"
(arXiv 1906.04721), section 4.1. A rectifier is positively homogeneous, `relu(s x) = s relu(x)`, so
a factor may move from a channel of one layer to the weights of the next that read it. The factors
that make both ranges equal maximize the precision of both layers together.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.activation import QuantActivation
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.exact_copy import unwrapped
from hwgen.nn.homogeneous import NORMS, Pair, check_pairs
from hwgen.nn.linear import QuantLinear
from hwgen.nn.pooling import QuantAvgPool2d
from hwgen.nn.trace import Call, trace

MOST_ROUNDS = 50
SETTLED = 1e-3  # of the factors, as logarithms: a round that changes less is the last

HOMOGENEOUS = (  # modules that let a positive factor of a channel through, and its place
    *(QuantActivation, QuantAvgPool2d, nn.MaxPool2d),
    *(nn.Upsample, nn.Flatten, nn.Dropout, nn.Identity),
)


def pairs(net: nn.Module) -> list[Pair]:
    """Find the neighbouring layers of a quantized network that a factor can move between.

    Between them lie at most a batch norm, and then modules that are positively homogeneous in each
    channel; no other module reads anything on the way.

    Raises
    ------
    ModelError
        Where `net` cannot be traced.
    """
    calls = trace(net, "network")
    readers: dict[str | None, list[Call]] = {}
    for call in calls:
        for source in call.sources:
            readers.setdefault(source, []).append(call)
    counts = {call.path: sum(call.path == other.path for other in calls) for call in calls}
    starts = (c for c in calls if _weighted(c) and counts[c.path] == 1)
    found = (_pair(call, readers) for call in starts)
    return [pair for pair in found if pair is not None and counts[pair.second] == 1]


def equalize(trained: nn.Module, neighbours: list[Pair]) -> None:
    """Equalize the ranges of neighbouring layers in place; the function computed stays the same.

    Parameters
    ----------
    trained
        Float network, in evaluation mode from here on, with dense and convolutional layers (and
        batch norms) at the paths of `neighbours`. Channels that are zero on either side stay.
    neighbours
        `pairs` of the quantized network of the same module names.

    Raises
    ------
    ModelError
        Where a factor would change the function: something between two layers is not positively
        homogeneous, as Tanh and GELU are not, or is read elsewhere, or a batch norm has no gain to
        take the factor. `trained` is then as it was.
    """
    trained = unwrapped(trained, "float network")
    check_pairs(trained, neighbours)
    trained.eval()
    with torch.no_grad():
        for _ in range(MOST_ROUNDS):
            moved = [_equalize(trained, pair) for pair in neighbours]
            if max(moved, default=0.0) < SETTLED:
                break


def _pair(start: Call, readers: dict[str | None, list[Call]]) -> Pair | None:
    norm: str | None = None
    last = start
    while len(readers.get(last.key, [])) == 1:
        reader = readers[last.key][0]
        if _weighted(reader):
            return Pair(first=start.path, norm=norm, second=reader.path)
        if isinstance(reader.module, NORMS) and last is start:
            norm = reader.path
        elif not isinstance(reader.module, HOMOGENEOUS):
            return None
        last = reader
    return None


def _weighted(call: Call) -> bool:
    return isinstance(call.module, (QuantLinear, QuantConv2d))


def _equalize(trained: nn.Module, pair: Pair) -> float:
    """Move the factors of one pair and give the largest change, as a logarithm."""
    first, second = _layer(trained, pair.first), _layer(trained, pair.second)
    before = first.weight.flatten(1).abs().amax(1)
    scaled: nn.Module = first
    if pair.norm is not None:
        scaled = trained.get_submodule(pair.norm)
        assert isinstance(scaled, NORMS)
        assert scaled.running_var is not None
        before = before * scaled.weight.abs() / (scaled.running_var + scaled.eps).sqrt()
    after = _by_channel(second, len(before))
    ranges = after.abs().amax(dim=(1, 3)).flatten()
    factor = torch.where((before > 0) & (ranges > 0), (before / ranges).sqrt(), 1.0)
    for values in (scaled.weight, scaled.bias):
        if isinstance(values, Tensor):
            values /= factor.reshape(-1, *(1,) * (values.dim() - 1))
    after *= factor.reshape(len(after), 1, -1, 1)
    return float(factor.log().abs().max())


def _layer(trained: nn.Module, path: str) -> nn.Linear | nn.Conv2d:
    layer = trained.get_submodule(path)
    assert isinstance(layer, (nn.Linear, nn.Conv2d))
    return layer


def _by_channel(layer: nn.Linear | nn.Conv2d, channels: int) -> Tensor:
    """View weights by the channel they read, shape (groups, outputs, channels of a group, -1).

    Behind a flattened image each channel has several neighbouring weights.
    """
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    return layer.weight.view(groups, layer.weight.shape[0] // groups, channels // groups, -1)

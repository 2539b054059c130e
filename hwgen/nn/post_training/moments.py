"""What a layer's integer weights are fitted to: moments of its inputs and of its wanted sums."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from hwgen.nn.conv import QuantConv2d
from hwgen.nn.linear import QuantLinear
from hwgen.nn.post_training.wanted import Wanted

VALUES = 1 << 23  # of the inputs of accumulators that are held in float64 at once
LEAST_SHRINKAGE = 0.05


def moments(
    layer: QuantLinear | QuantConv2d, codes: Tensor, sums: Tensor, weight: Tensor
) -> Wanted:
    """Ask a layer for the float sums of some samples, given the integers that reach it.

    The covariances are shrunk towards independent inputs, the more the fewer samples there are:
    `H' = (1 - r) H + r diag(H)`, and `c' = (1 - r) c + r diag(H) w`.

    Parameters
    ----------
    codes
        Integer inputs, shape (samples, ..., in_features) or (samples, in_channels, H, W).
    sums
        Wanted real sums, shape (samples, channels, ...).
    weight
        Float weights that gave the sums, in the layer's shape.
    """
    rows = weight.detach().double().flatten(1) * float(layer.source.scale.detach())
    groups = layer.groups if isinstance(layer, QuantConv2d) else 1
    channels, size = rows.shape
    count = 0
    x_sum = torch.zeros(groups, 1, size, dtype=torch.float64)
    y_sum = torch.zeros(groups, 1, channels // groups, dtype=torch.float64)
    gram = torch.zeros(groups, size, size, dtype=torch.float64)
    cross = torch.zeros(groups, channels // groups, size, dtype=torch.float64)
    for x, y in _rows(layer, codes, sums):
        count += x.shape[1]
        x_sum += x.sum(1, keepdim=True)
        y_sum += y.sum(1, keepdim=True)
        gram += x.mT @ x
        cross += y.mT @ x
    gram = gram / count - (x_sum.mT / count) @ (x_sum / count)
    cross = (cross / count - (y_sum.mT / count) @ (x_sum / count)).reshape(channels, size)
    return _shrunk(gram, cross, rows, count)


def _shrunk(gram: Tensor, cross: Tensor, rows: Tensor, count: int) -> Wanted:
    size = rows.shape[1]
    share = max(LEAST_SHRINKAGE, size / (size + 4 * count))
    variance = gram.diagonal(dim1=1, dim2=2)
    floor = 1e-6 * variance.mean(1, keepdim=True) + 1e-12  # of inputs that never change
    variance = variance.clamp_min(0) + floor
    each = variance.repeat_interleave(len(rows) // len(gram), 0)
    return Wanted(
        gram=(1 - share) * gram + share * torch.diag_embed(variance),
        cross=(1 - share) * cross + share * each * rows,
        weight=rows,
    )


def _rows(
    layer: QuantLinear | QuantConv2d, codes: Tensor, sums: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give products in parts: inputs (groups, rows, K) and sums (groups, rows, channels)."""
    if isinstance(layer, QuantLinear):
        codes, sums = (values.flatten(0, -2) for values in (codes, sums))
        rows = max(1, VALUES // codes.shape[1])
        for x, y in zip(torch.split(codes, rows), torch.split(sums, rows), strict=True):
            yield x[None].double(), y[None].double()
        return
    size = layer.groups * layer.weight[0].numel() * sums[0, 0].numel()  # of one image
    samples = max(1, VALUES // size)
    for x, y in zip(torch.split(codes, samples), torch.split(sums, samples), strict=True):
        patches = nn.functional.unfold(
            x, layer.kernel_size, stride=layer.stride, padding=_padding(layer)
        )  # (samples, groups * K, places)
        inputs, wanted = patches.transpose(0, 1).flatten(1), y.transpose(0, 1).flatten(1)
        groups = layer.groups
        yield (
            inputs.reshape(groups, -1, inputs.shape[1]).mT.double(),
            wanted.reshape(groups, -1, wanted.shape[1]).mT.double(),
        )


def _padding(layer: QuantConv2d) -> tuple[int, ...]:
    assert not isinstance(layer.padding, str)  # the layer's constructor takes numbers alone
    return layer.padding

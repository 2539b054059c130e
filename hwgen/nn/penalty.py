"""Figures of a whole model: the penalty of its norms, and the codes that had to be lowered."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.conv import QuantConv2d
from hwgen.nn.linear import QuantLinear


def weighted_layers(model: nn.Module) -> list[QuantLinear | QuantConv2d]:
    """List every quantized layer with weights."""
    return [m for m in model.modules() if isinstance(m, (QuantLinear, QuantConv2d))]


def penalty(model: nn.Module) -> Tensor:
    """Sum of the norm penalties of all layers, to be added to the loss (A2Q+ takes 1e-3 of it)."""
    return torch.stack([layer.quantizer.penalty() for layer in weighted_layers(model)]).sum()


def repairs(model: nn.Module) -> int:
    """Codes that the exact check had to lower in the whole model."""
    return sum(layer.certified().repairs for layer in weighted_layers(model))

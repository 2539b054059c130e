"""What every weight quantizer hands out, and how every one starts its scale."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant


class Codes(NamedTuple):
    """Quantized weights in units of their scale, shape (channels, K)."""

    values: Tensor  # whole numbers with the gradient of training
    reals: Tensor  # what was rounded, without gradient: tells which code is cheapest to lower


def initial_log2_scale(weight: Tensor, config: WeightQuant) -> Tensor:
    """`log2(max|w| / L)` for each channel or for the tensor (A2Q+ eq. 43)."""
    largest = weight.detach().abs().amax(dim=1, keepdim=True)
    if config.scale == "tensor":
        largest = largest.amax(dim=0, keepdim=True)
    return torch.log2((largest / config.limit).clamp_min(MIN_SCALE))

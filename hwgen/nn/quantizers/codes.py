"""What every weight quantizer hands out, and the scale that every one learns."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant

LN2 = math.log(2)


class Codes(NamedTuple):
    """Quantized weights in units of their scale, shape (channels, K), without gradient."""

    values: Tensor  # whole numbers
    reals: Tensor  # what was rounded: tells which code is cheapest to lower


def initial_log2_scale(weight: Tensor, config: WeightQuant) -> Tensor:
    """`log2(max|w| / L)` for each channel or for the tensor (A2Q+ eq. 43)."""
    largest = weight.detach().abs().amax(dim=1, keepdim=True)
    if config.scale == "tensor":
        largest = largest.amax(dim=0, keepdim=True)
    return torch.log2((largest / config.limit).clamp_min(MIN_SCALE))


def power(log2: Tensor) -> Tensor:
    """Give the scale or norm that is learned as its logarithm."""
    return torch.exp2(log2).clamp_min(MIN_SCALE)


def log2_gradient(per_row: Tensor, log2: Tensor) -> Tensor:
    """Turn `s * dLoss/ds` of every row, shape (channels, 1), into the gradient of `log2(s)`.

    The floor of a scale lets gradients pass, so that it can rise again.
    """
    if log2.shape[0] != per_row.shape[0]:
        per_row = per_row.sum(dim=0, keepdim=True)
    return per_row * LN2

"""Weights of one bit: the sign, times a learned scale; no weight is zero."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.quantizers.codes import Codes, power
from hwgen.nn.rounding import straight_through
from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant


class Bipolar(nn.Module):
    """`W = s * sign(v)`, with `sign(0) = 1` and `s = 2**d` learned, from the mean of `|v|` on.

    The real weights matter by their signs alone. Every one of them gets the gradient of its code,
    however large it is, so that none is stuck.
    """

    def __init__(self, config: WeightQuant, weight: Tensor) -> None:
        super().__init__()
        self.config = config
        self.log2_scale = nn.Parameter(mean_log2_scale(weight, config))

    @property
    def scale(self) -> Tensor:
        """Value of the code 1, shape (channels, 1) or (1, 1)."""
        return power(self.log2_scale)

    def forward(self, weight: Tensor) -> Tensor:
        """Quantize `weight`, shape (channels, K), to plus and minus the scale."""
        scale = self.scale
        return straight_through(_signs(weight), weight / scale.detach()) * scale

    def codes(self, weight: Tensor) -> Codes:
        """Give the integers of `weight`, shape (channels, K)."""
        weight = weight.detach()
        return Codes(_signs(weight), weight / self.scale.detach())

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Start from trained float weights, with the scale whose codes are nearest to them."""
        self.log2_scale.data.copy_(mean_log2_scale(weight, self.config))
        return weight

    def penalty(self) -> Tensor:
        """Zero: nothing is constrained."""
        return self.log2_scale.new_zeros(())


def mean_log2_scale(weight: Tensor, config: WeightQuant) -> Tensor:
    """Log of the mean of `|v|`, for each channel or for the tensor (XNOR-Net, eq. 6)."""
    mean = weight.detach().abs().mean(dim=1, keepdim=True)
    if config.scale == "tensor":
        mean = mean.mean(dim=0, keepdim=True)
    return torch.log2(mean.clamp_min(MIN_SCALE))


def _signs(weight: Tensor) -> Tensor:
    return torch.where(weight.detach() < 0, -1.0, 1.0).to(weight)

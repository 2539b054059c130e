"""Plain quantization-aware training: the nearest code, a learned scale, no promise on sums."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.quantizers.codes import Codes, initial_log2_scale
from hwgen.nn.rounding import round_half_up
from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant


class Qat(nn.Module):
    """`q = clip(round_half_up(v / s), -L, L)` with `s = 2**d` learned."""

    def __init__(self, config: WeightQuant, weight: Tensor) -> None:
        super().__init__()
        self.config = config
        self.log2_scale = nn.Parameter(initial_log2_scale(weight, config))

    @property
    def scale(self) -> Tensor:
        """Step between codes, shape (channels, 1) or (1, 1)."""
        return torch.exp2(self.log2_scale).clamp_min(MIN_SCALE)

    def forward(self, weight: Tensor) -> Codes:
        """Quantize `weight`, shape (channels, K)."""
        x = weight / self.scale
        return Codes(round_half_up(x).clamp(-self.config.limit, self.config.limit), x.detach())

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Start from trained float weights as they are."""
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        return weight

    def penalty(self) -> Tensor:
        """Zero: nothing is constrained."""
        return self.log2_scale.new_zeros(())

"""A2Q+: A2Q on zero-mean weights, whose two signs share the bound, which doubles the budget.

Source: Colbert et al., "A2Q+: Improving Accumulator-Aware Weight Quantization" (arXiv 2401.10432),
equations 7 and 16 to 19.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.bounds import a2q_plus_cap
from hwgen.nn.projection import project_l1
from hwgen.nn.quantizers.a2q import capped_codes, log2_norm
from hwgen.nn.quantizers.codes import Codes, initial_log2_scale
from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant
from hwgen.numeric import IntType


class A2QPlus(nn.Module):
    """A2Q of `u = v - mean(v)` with the cap `T+ = (2**P - 2) / (2**N - 1)`.

    Each sign of the real vector keeps `T+ / 2`, and rounding towards zero keeps that; the sum of
    the codes need not be zero. A row with one element, or of equal elements, is always zero.
    """

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__()
        self.config = config
        self.cap = float(a2q_plus_cap(config.accumulator_bits or 0, inputs))
        self.log2_scale = nn.Parameter(initial_log2_scale(weight, config))
        self.log2_norm = nn.Parameter(log2_norm(weight))

    @property
    def scale(self) -> Tensor:
        """Step between codes, shape (channels, 1) or (1, 1)."""
        return torch.exp2(self.log2_scale).clamp_min(MIN_SCALE)

    @property
    def norm(self) -> Tensor:
        """Wanted l1 norm `g` of the weights, shape (channels, 1)."""
        return torch.exp2(self.log2_norm).clamp_min(MIN_SCALE)

    def forward(self, weight: Tensor) -> Codes:
        """Quantize `weight`, shape (channels, K)."""
        allowed = (self.norm / self.scale).clamp(max=self.cap)
        return capped_codes(weight - weight.mean(dim=1, keepdim=True), allowed, self.config.limit)

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Project trained float weights onto the ball of radius `s * T+` without centring.

        The paper takes A2Q's smaller radius here; this is the released code's choice.
        """
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        projected = project_l1(weight, (self.scale * self.cap).detach().expand(len(weight), 1))
        self.log2_norm.data.copy_(log2_norm(projected))
        return projected

    def penalty(self) -> Tensor:
        """By how much the wanted norms exceed the cap, `sum(max(g - s * T+, 0))` (eq. 42)."""
        return (self.norm - self.scale * self.cap).clamp_min(0).sum()

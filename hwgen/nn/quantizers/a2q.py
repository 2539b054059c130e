"""A2Q: l1 weight normalization with a capped norm, rounded towards zero.

Source: Colbert, Pappalardo, Petri-Koenig, "A2Q: Accumulator-Aware Quantization with Guaranteed
Overflow Avoidance" (arXiv 2308.13504), as restated in arXiv 2401.10432, equations 2 to 5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.bounds import a2q_cap
from hwgen.nn.projection import project_l1
from hwgen.nn.quantizers.codes import Codes, initial_log2_scale
from hwgen.nn.rounding import truncate
from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant
from hwgen.numeric import IntType


class A2Q(nn.Module):
    """`q = clip(trunc(v / ||v||_1 * min(g / s, T0)), -L, L)` with `g = 2**t`, `s = 2**d` learned.

    Rounding towards zero never grows a magnitude, so `||q||_1 <= T0` in every step of training.
    Gradients pass the truncation unchanged; `min` and `clip` stop them as usual, which is why `g`
    needs the penalty to stay near its cap.
    """

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__()
        self.config = config
        self.cap = float(a2q_cap(config.accumulator_bits or 0, inputs))
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
        return capped_codes(weight, allowed, self.config.limit)

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Project trained float weights onto the ball that the cap leaves (A2Q+ eq. 10)."""
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        projected = project_l1(weight, (self.scale * self.cap).detach().expand(len(weight), 1))
        self.log2_norm.data.copy_(log2_norm(projected))
        return projected

    def penalty(self) -> Tensor:
        """By how much the wanted norms exceed the cap, `sum(max(g - s * T0, 0))` (eq. 42)."""
        return (self.norm - self.scale * self.cap).clamp_min(0).sum()


def log2_norm(weight: Tensor) -> Tensor:
    """Log of each row's l1 norm, floored so that a zero row can recover, shape (channels, 1)."""
    return torch.log2(weight.detach().abs().sum(dim=1, keepdim=True).clamp_min(MIN_SCALE))


def capped_codes(direction: Tensor, allowed: Tensor, limit: int) -> Codes:
    """Codes of l1 norm `allowed` at most along each row of `direction`."""
    length = direction.abs().sum(dim=1, keepdim=True).clamp_min(MIN_SCALE)
    x = direction * (allowed / length)
    return Codes(truncate(x).clamp(-limit, limit), x.detach())

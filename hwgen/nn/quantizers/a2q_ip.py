"""A2Q by integer projection: the nearest codes that an offset accumulator of P bits can sum.

An accumulator that starts at its own offset fits P bits exactly where the l1 norm of the integer
weights is at most `(2**P - 1) // (d - c)` for inputs in [c, d]. Instead of shrinking a channel
and rounding towards zero, the nearest integer vector of that norm is taken (docs/training.md).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.bounds import offset_cap
from hwgen.nn.projection import project_integer
from hwgen.nn.quantizers.codes import Codes, initial_log2_scale
from hwgen.nn.rounding import straight_through
from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant
from hwgen.numeric import IntType


class A2QIntegerProjection(nn.Module):
    """`q` = the nearest to `v / s` of all integer vectors with `||q||_1 <= B` and `|q_i| <= L`.

    The budget `B` is a Python integer, so the promise needs no margin for floating point.

    Backward, outside the ball the sum of the magnitudes is fixed at `B`, so a larger scale makes
    larger weights: `dW/ds` is `q` and more, not the rounding error `q - v / s` of a free channel.
    `soft` differentiates the projection onto the real ball; `identity` passes the gradient of
    `q` to every weight and takes `dW/ds = q`.
    """

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__()
        self.config = config
        self.budget = offset_cap(config.accumulator_bits or 0, inputs.range)
        self.log2_scale = nn.Parameter(initial_log2_scale(weight, config))

    @property
    def scale(self) -> Tensor:
        """Step between codes, shape (channels, 1) or (1, 1)."""
        return torch.exp2(self.log2_scale).clamp_min(MIN_SCALE)

    def forward(self, weight: Tensor) -> Codes:
        """Quantize `weight`, shape (channels, K)."""
        x = weight / self.scale
        limit = self.config.limit
        codes, threshold = project_integer(x, self.budget, limit)
        if self.config.backward == "soft":
            path = _soft(x, threshold)
        else:
            path = torch.where(threshold > 0, weight / self.scale.detach(), x)
        return Codes(straight_through(codes, path.clamp(-limit - 0.5, limit + 0.5)), x.detach())

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Start from trained float weights as they are: the projection does the rest."""
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        return weight

    def penalty(self) -> Tensor:
        """Zero: the projection keeps the budget by itself."""
        return self.log2_scale.new_zeros(())


def _soft(x: Tensor, threshold: Tensor) -> Tensor:
    """Shrink each row by its threshold, with the gradient of the real projection onto its ball.

    The threshold of a row outside the ball moves with the mean magnitude of the weights above it,
    so that growing all of them, or shrinking the scale, does not grow the sum of the codes.
    """
    active = (x.detach().abs() > threshold).to(x)
    outside = (threshold > 0).to(x)
    count = active.sum(dim=1, keepdim=True).clamp_min(1)
    mean = (x.abs() * active).sum(dim=1, keepdim=True) / count
    moving = straight_through(threshold, outside * mean)
    return x.sign() * (x.abs() - moving) * active

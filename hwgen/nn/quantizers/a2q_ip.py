"""A2Q by integer projection: the nearest codes that an offset accumulator of P bits can sum.

An accumulator that starts at its own offset fits P bits exactly where the l1 norm of the integer
weights is at most `(2**P - 1) // (d - c)` for inputs in [c, d]; where units are asked for, they are
this budget or less. Instead of shrinking a channel
and rounding towards zero, the nearest integer vector of that norm is taken (docs/training.md).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from hwgen.nn.loops import arrays, fit
from hwgen.nn.projection import project_integer
from hwgen.nn.projection_loops import identity_rows_backward, soft_rows_backward
from hwgen.nn.quantizers.codes import Codes, initial_log2_scale, log2_gradient, power
from hwgen.nn.search import project_rows
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntType


class A2QIntegerProjection(nn.Module):
    """`q` = the nearest to `v / s` of all integer vectors with `||q||_1 <= B` and `|q_i| <= L`.

    The budget `B` is a Python integer, so the promise needs no margin for floating point.

    Backward, outside the ball the sum of the magnitudes is fixed at `B`, so a larger scale makes
    larger weights: `dW/ds` is `q` and more, not the rounding error `q - v / s` of a free channel.
    `soft` differentiates the projection onto the real ball; `identity` passes the gradient of
    `q` to every weight and takes `dW/ds = q`.
    """

    threshold: Tensor

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__()
        self.config = config
        budget = config.budget(inputs.range)
        assert budget is not None  # its method has one
        self.budget = budget
        self.log2_scale = nn.Parameter(initial_log2_scale(weight, config))
        start = weight.new_zeros(len(weight), 1)  # of the search: the threshold of the last step
        self.register_buffer("threshold", start, persistent=False)

    @property
    def scale(self) -> Tensor:
        """Step between codes, shape (channels, 1) or (1, 1)."""
        return power(self.log2_scale)

    def forward(self, weight: Tensor) -> Tensor:
        """Quantize `weight`, shape (channels, K), to multiples of the scale."""
        values, threshold = _Projected.apply(
            weight, self.log2_scale, self.threshold, self.budget, self.config
        )
        self.threshold.copy_(threshold)
        quantized: Tensor = values
        return quantized

    def codes(self, weight: Tensor) -> Codes:
        """Give the integers of `weight`, shape (channels, K)."""
        x = weight.detach() / self.scale.detach()
        return Codes(project_integer(x, self.budget, self.config.limit, self.threshold)[0], x)

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Start from trained float weights as they are, with the scale that loses least of them."""
        self.log2_scale.data.copy_(nearest_log2_scale(weight, self.config, self.budget))
        return weight

    def penalty(self) -> Tensor:
        """Zero: the projection keeps the budget by itself."""
        return self.log2_scale.new_zeros(())


def nearest_log2_scale(weight: Tensor, config: WeightQuant, budget: int) -> Tensor:
    """Scale whose projected codes are nearest to `weight`, for each channel or for the tensor.

    Tried are quarters of an octave from `max|w| / L`, where the largest weight is the largest code,
    to twice `max|w|`, where it is the only code: a small budget is better spent on many ones than
    on a few large codes.
    """
    start = initial_log2_scale(weight, config)
    best, least = start, torch.full_like(start, torch.inf)
    for quarter in range(4 * config.limit.bit_length() + 5):
        log2_scale = start + quarter / 4
        scale = power(log2_scale)
        codes, _ = project_integer(weight / scale, budget, config.limit)
        error = (weight - codes * scale).square().sum(dim=1, keepdim=True)
        if config.scale == "tensor":
            error = error.sum(dim=0, keepdim=True)
        best = torch.where(error < least, log2_scale, best)
        least = torch.minimum(error, least)
    return best


class _Projected(torch.autograd.Function):
    """Codes times scale, and the thresholds of the rows."""

    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        log2_scale: Tensor,
        start: Tensor,
        budget: int,
        config: WeightQuant,
    ) -> tuple[Tensor, Tensor]:
        scale = power(log2_scale)
        values, threshold = project_rows(weight, scale, start, budget, config.limit)
        ctx.save_for_backward(weight, values, threshold, scale)
        ctx.mark_non_differentiable(threshold)
        ctx.config = config
        return values, threshold

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        weight, values, threshold, scale = ctx.saved_tensors
        grad = grad.contiguous()
        backward = _by_loops if fit(grad, weight, values, threshold, scale) else _by_formula
        of_weight, of_scale = backward(grad, weight, values, threshold, scale, ctx.config)
        return of_weight, log2_gradient(of_scale, scale), None, None, None


def _by_loops(
    grad: Tensor,
    weight: Tensor,
    values: Tensor,
    threshold: Tensor,
    scale: Tensor,
    config: WeightQuant,
) -> tuple[Tensor, Tensor]:
    """Give the gradient of the weight, and `s * dLoss/ds` of every row, shape (channels, 1)."""
    of_weight, of_scale = torch.empty_like(weight), torch.empty_like(threshold)
    soft = config.backward == "soft"
    loop = soft_rows_backward if soft else identity_rows_backward
    given = arrays(grad, weight, values, threshold, scale)
    loop(*given, config.limit, *arrays(of_weight, of_scale))
    return of_weight, of_scale


def _by_formula(
    grad: Tensor,
    weight: Tensor,
    values: Tensor,
    threshold: Tensor,
    scale: Tensor,
    config: WeightQuant,
) -> tuple[Tensor, Tensor]:
    """Do the same on any device."""
    size = (weight / scale).abs_()
    if config.backward == "soft":
        of_weight = _through_soft(grad, weight, size.sub_(threshold), threshold, config)
        moved = of_weight
    else:
        of_weight = _clipped(grad, size, config)
        moved = of_weight * (threshold == 0)
    work = torch.mul(grad, values, out=size).addcmul_(moved, weight, value=-1)
    return of_weight, work.sum(dim=1, keepdim=True)


def _clipped(grad: Tensor, size: Tensor, config: WeightQuant) -> Tensor:
    """Keep `grad` where a magnitude is not clipped."""
    edge = config.limit + 0.5
    kept: Tensor = torch.ops.aten.hardtanh_backward(grad, size, -edge, edge)
    return kept


def _through_soft(
    grad: Tensor, weight: Tensor, above: Tensor, threshold: Tensor, config: WeightQuant
) -> Tensor:
    """Take `grad` through `sign(x) * max(|x| - threshold, 0)`; `above` is used up.

    The threshold of a row outside the ball moves with the mean magnitude of the weights above it,
    so that growing all of them, or shrinking the scale, does not grow the sum of the codes.
    """
    kept: Tensor = torch.ops.aten.hardtanh_backward(grad, above, 0.0, config.limit + 0.5)
    active = above.sign_().clamp_(min=0)
    count = active.sum(dim=1, keepdim=True).clamp_(min=1)
    signs = active.copysign_(weight)
    along = (kept * signs).sum(dim=1, keepdim=True).div_(count)
    return kept.addcmul_(signs, along.mul_(threshold > 0), value=-1)

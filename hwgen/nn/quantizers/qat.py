"""Plain quantization-aware training: the nearest code, a learned scale, no promise on sums."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from hwgen.nn.loops import arrays, fit, round_rows_backward
from hwgen.nn.quantizers.codes import Codes, initial_log2_scale, log2_gradient, power
from hwgen.nn.rounding import inside, multiples, rounded_
from hwgen.nn.weight_quant import WeightQuant


class Qat(nn.Module):
    """`W = s * clip(round_half_up(v / s), -L, L)` with `s = 2**d` learned.

    Gradients pass the rounding unchanged and stop where it clips.
    """

    def __init__(self, config: WeightQuant, weight: Tensor) -> None:
        super().__init__()
        self.config = config
        self.log2_scale = nn.Parameter(initial_log2_scale(weight, config))

    @property
    def scale(self) -> Tensor:
        """Step between codes, shape (channels, 1) or (1, 1)."""
        return power(self.log2_scale)

    def forward(self, weight: Tensor) -> Tensor:
        """Quantize `weight`, shape (channels, K), to multiples of the scale."""
        values: Tensor = _Nearest.apply(weight, self.log2_scale, self.config.limit)
        return values

    def codes(self, weight: Tensor) -> Codes:
        """Give the integers of `weight`, shape (channels, K)."""
        x = weight.detach() / self.scale.detach()
        return Codes(rounded_(x.clone(), -self.config.limit, self.config.limit), x)

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Start from trained float weights as they are."""
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        return weight

    def penalty(self) -> Tensor:
        """Zero: nothing is constrained."""
        return self.log2_scale.new_zeros(())


class _Nearest(torch.autograd.Function):
    """The nearest multiples, with `dW/dv = 1` where not clipped and `dW/ds = q - dW/dv * v / s`."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, log2_scale: Tensor, limit: int) -> Tensor:
        scale = power(log2_scale)
        values = multiples(weight, scale, -limit, limit)
        ctx.save_for_backward(weight, values, scale)
        ctx.limit = limit
        return values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        weight, values, scale = ctx.saved_tensors
        grad = grad.contiguous()
        if fit(grad, weight, values, scale):
            passed, of_scale = torch.empty_like(grad), grad.new_empty(len(grad), 1)
            loop_in = arrays(grad, weight, values, scale)
            round_rows_backward(*loop_in, -ctx.limit, ctx.limit, *arrays(passed, of_scale))
        else:
            work = weight / scale
            passed = inside(grad, work, -ctx.limit, ctx.limit)
            torch.mul(grad, values, out=work).addcmul_(passed, weight, value=-1)
            of_scale = work.sum(dim=1, keepdim=True)
        return passed, log2_gradient(of_scale, scale), None

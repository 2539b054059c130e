"""A2Q and A2Q+: l1 weight normalization with a capped norm, rounded towards zero.

Sources: Colbert, Pappalardo, Petri-Koenig, "A2Q: Accumulator-Aware Quantization with Guaranteed
Overflow Avoidance" (arXiv 2308.13504); Colbert et al., "A2Q+: Improving Accumulator-Aware Weight
Quantization" (arXiv 2401.10432), equations 2 to 7 and 16 to 19.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from hwgen.nn.projection import project_l1
from hwgen.nn.quantizers.codes import Codes, initial_log2_scale, log2_gradient, power
from hwgen.nn.rounding import truncated
from hwgen.nn.weight_quant import MIN_SCALE, WeightQuant


class CappedNorm(nn.Module):
    """`q = clip(trunc(u / ||u||_1 * min(g / s, T)), -L, L)` with `g = 2**t`, `s = 2**d` learned.

    A2Q takes `u = v`. A2Q+ takes `u = v - mean(v)`: its two signs share the bound, which doubles
    the cap T. Each sign of the real vector keeps `T / 2` and rounding towards zero keeps that; the
    sum of the codes need not be zero. A row of one element, or of equal elements, is always zero.

    Rounding towards zero never grows a magnitude, so `||q||_1 <= T` in every step of training.
    Gradients pass the truncation unchanged; `min` and `clip` stop them as usual, which is why `g`
    needs the penalty to stay near its cap.

    Parameters
    ----------
    cap
        T, the largest l1 norm of a row of codes.
    centred
        A2Q+.
    """

    def __init__(self, config: WeightQuant, weight: Tensor, *, cap: float, centred: bool) -> None:
        super().__init__()
        self.config, self.cap, self.centred = config, cap, centred
        self.log2_scale = nn.Parameter(initial_log2_scale(weight, config))
        self.log2_norm = nn.Parameter(log2_norm(weight))

    @property
    def scale(self) -> Tensor:
        """Step between codes, shape (channels, 1) or (1, 1)."""
        return power(self.log2_scale)

    @property
    def norm(self) -> Tensor:
        """Wanted l1 norm `g` of the weights, shape (channels, 1)."""
        return power(self.log2_norm)

    def forward(self, weight: Tensor) -> Tensor:
        """Quantize `weight`, shape (channels, K), to multiples of the scale."""
        direction = weight - weight.mean(dim=1, keepdim=True) if self.centred else weight
        values: Tensor = _Capped.apply(
            direction, self.log2_scale, self.log2_norm, self.cap, self.config.limit
        )
        return values

    def codes(self, weight: Tensor) -> Codes:
        """Give the integers of `weight`, shape (channels, K)."""
        u = weight.detach()
        u = u - u.mean(dim=1, keepdim=True) if self.centred else u
        scale, norm = self.scale.detach(), self.norm.detach()
        x = u * _factor(scale, norm, row_length(u), self.cap)
        return Codes(truncated(x, self.config.limit), x)

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Project trained float weights onto the ball that the cap leaves (A2Q+ eq. 10).

        A2Q+ has the radius `s * T` without centring, as in the released code; the paper takes the
        smaller radius of A2Q here.
        """
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        projected = project_l1(weight, (self.scale * self.cap).detach().expand(len(weight), 1))
        self.log2_norm.data.copy_(log2_norm(projected))
        return projected

    def penalty(self) -> Tensor:
        """By how much the wanted norms exceed the cap, `sum(max(g - s * T, 0))` (eq. 42)."""
        excess: Tensor = _Excess.apply(self.log2_scale, self.log2_norm, self.cap)
        return excess


def row_length(u: Tensor) -> Tensor:
    """Each row's l1 norm, floored so that it can divide, shape (channels, 1)."""
    return u.abs().sum(dim=1, keepdim=True).clamp_min_(MIN_SCALE)


def log2_norm(weight: Tensor) -> Tensor:
    """Log of each row's l1 norm, floored so that a zero row can recover, shape (channels, 1)."""
    return torch.log2(row_length(weight.detach()))


def _factor(scale: Tensor, norm: Tensor, length: Tensor, cap: float) -> Tensor:
    """By what a row is multiplied to become codes, shape (channels, 1)."""
    return (norm / scale).clamp_(max=cap).div_(length)


class _Capped(torch.autograd.Function):
    """Codes times scale, from the directions u.

    With `x = u * min(g / s, T) / ||u||_1` and G the gradient of what is not clipped:
    `du = s * x/u * (G - sign(u) * sum(G * u) / ||u||_1)`, and where `g / s <= T` the norm gets
    `sum(G * u) / ||u||_1` and the scale loses `g / s` times as much.
    """

    @staticmethod
    def forward(
        ctx: Any, u: Tensor, log2_scale: Tensor, log2_norm: Tensor, cap: float, limit: int
    ) -> Tensor:
        scale, norm, length = power(log2_scale), power(log2_norm), row_length(u)
        values = truncated(u * _factor(scale, norm, length, cap), limit).mul_(scale)
        ctx.save_for_backward(u, values, length, log2_scale, log2_norm)
        ctx.cap, ctx.limit = cap, limit
        return values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        u, values, length, log2_scale, log2_norm = ctx.saved_tensors
        scale, norm = power(log2_scale), power(log2_norm)
        factor = _factor(scale, norm, length, ctx.cap)
        edge = ctx.limit + 1.0
        if ctx.cap >= edge:
            passed = torch.ops.aten.hardtanh_backward(grad, u * factor, -edge, edge)
        else:
            passed = grad
        along = (passed * u).sum(dim=1, keepdim=True).div_(length)
        turn = along * (length > MIN_SCALE)  # the floor of a length does not turn with its row
        of_u = torch.addcmul(passed, u.sign(), turn, value=-1).mul_(factor * scale)
        of_norm = along * norm * (norm <= ctx.cap * scale)
        of_scale = (grad * values).sum(dim=1, keepdim=True) - of_norm
        return (
            of_u,
            log2_gradient(of_scale, log2_scale),
            log2_gradient(of_norm, log2_norm),
            None,
            None,
        )


class _Excess(torch.autograd.Function):
    """`sum(max(g - s * T, 0))`."""

    @staticmethod
    def forward(ctx: Any, log2_scale: Tensor, log2_norm: Tensor, cap: float) -> Tensor:
        excess = torch.sub(power(log2_norm), power(log2_scale), alpha=cap)
        ctx.save_for_backward(log2_scale, log2_norm, excess > 0)
        ctx.cap = cap
        return excess.clamp_min_(0).sum()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        log2_scale, log2_norm, over = ctx.saved_tensors
        each = over * grad
        of_scale = -ctx.cap * each * power(log2_scale)
        of_norm = each * power(log2_norm)
        return log2_gradient(of_scale, log2_scale), log2_gradient(of_norm, log2_norm), None

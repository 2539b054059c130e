"""A2Q and A2Q+: l1 weight normalization with a capped norm, rounded towards zero.

Sources: Colbert, Pappalardo, Petri-Koenig, "A2Q: Accumulator-Aware Quantization with Guaranteed
Overflow Avoidance" (arXiv 2308.13504); Colbert et al., "A2Q+: Improving Accumulator-Aware Weight
Quantization" (arXiv 2401.10432), equations 2 to 7 and 16 to 19.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from hwgen.nn.loops import (
    arrays,
    centre_rows,
    excess_rows,
    fit,
    truncate_rows,
    truncate_rows_backward,
)
from hwgen.nn.projection import project_l1
from hwgen.nn.quantizers.codes import LN2, Codes, initial_log2_scale, log2_gradient, power
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
        given = self.log2_scale, self.log2_norm, self.cap, self.config.limit, self.centred
        values: Tensor = _Capped.apply(weight, *given)
        return values

    def codes(self, weight: Tensor) -> Codes:
        """Give the integers of `weight`, shape (channels, K)."""
        weight = weight.detach()
        mean = middle(weight, self.centred)
        scale, norm = self.scale.detach(), self.norm.detach()
        factor = (norm / scale).clamp_(max=self.cap) / row_length(weight, mean)
        x = (weight - mean) * factor
        return Codes(x.abs().floor_().clamp_(max=self.config.limit).copysign_(x), x)

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


def middle(weight: Tensor, centred: bool) -> Tensor:
    """Give what is taken from each row, its mean or zero, shape (channels, 1)."""
    return weight.mean(dim=1, keepdim=True) if centred else weight.new_zeros(len(weight), 1)


def row_length(weight: Tensor, mean: Tensor) -> Tensor:
    """Each row's l1 norm around its mean, floored so that it can divide, shape (channels, 1)."""
    return (weight - mean).abs_().sum(dim=1, keepdim=True).clamp_min_(MIN_SCALE)


def log2_norm(weight: Tensor) -> Tensor:
    """Log of each row's l1 norm, floored so that a zero row can recover, shape (channels, 1)."""
    weight = weight.detach()
    return torch.log2(row_length(weight, middle(weight, centred=False)))


class _Capped(torch.autograd.Function):
    """Codes times scale, from the directions u.

    With `x = u * min(g / s, T) / ||u||_1` and G the gradient of what is not clipped:
    `du = s * x/u * (G - sign(u) * sum(G * u) / ||u||_1)`, and where `g / s <= T` the norm gets
    `sum(G * u) / ||u||_1` and the scale loses `g / s` times as much.
    """

    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        log2_scale: Tensor,
        log2_norm: Tensor,
        cap: float,
        limit: int,
        centred: bool,
    ) -> Tensor:
        mean, scale = middle(weight, centred), power(log2_scale)
        length = row_length(weight, mean)
        wanted = power(log2_norm).div_(scale)
        factor = wanted.clamp(max=cap).div_(length)
        if fit(weight, mean, factor, scale):
            values = torch.empty_like(weight)
            truncate_rows(*arrays(weight, mean, factor, scale), limit, *arrays(values))
        else:
            work = (weight - mean).mul_(factor)
            values = work.abs().floor_().clamp_(max=limit).copysign_(work).mul_(scale)
        ctx.save_for_backward(weight, mean, values, factor, scale, length, wanted)
        ctx.cap, ctx.limit, ctx.centred = cap, limit, centred
        return values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        weight, mean, values, factor, scale, length, wanted = saved
        given = grad.contiguous(), weight, mean, values, factor, scale, length, wanted
        gradients = _by_loop if fit(*given) else _by_formula
        of_weight, of_scale, of_norm = gradients(*given, ctx.cap, ctx.limit, ctx.centred)
        if len(scale) < len(of_scale):
            of_scale = of_scale.sum(dim=0, keepdim=True)
        return of_weight, of_scale, of_norm, None, None, None


Gradients = tuple[Tensor, Tensor, Tensor]  # of the weight, of log2(s) of every row, of log2(g)


def _by_loop(
    grad: Tensor,
    weight: Tensor,
    mean: Tensor,
    values: Tensor,
    factor: Tensor,
    scale: Tensor,
    length: Tensor,
    wanted: Tensor,
    cap: float,
    limit: int,
    centred: bool,
) -> Gradients:
    of_weight = torch.empty_like(weight)
    of_norm, of_scale = torch.empty_like(length), torch.empty_like(length)
    given = arrays(grad, weight, mean, values, factor, scale, length, wanted)
    truncate_rows_backward(*given, cap, limit, *arrays(of_weight, of_norm, of_scale))
    if centred:
        centre_rows(*arrays(of_weight))
    return of_weight, of_scale, of_norm


def _by_formula(
    grad: Tensor,
    weight: Tensor,
    mean: Tensor,
    values: Tensor,
    factor: Tensor,
    scale: Tensor,
    length: Tensor,
    wanted: Tensor,
    cap: float,
    limit: int,
    centred: bool,
) -> Gradients:
    u = weight - mean
    work = u * factor
    passed = torch.ops.aten.hardtanh_backward(grad, work, -limit - 1.0, limit + 1.0)
    along = torch.mul(passed, u, out=work).sum(dim=1, keepdim=True).div_(length)
    of_u = passed.addcmul_(torch.sign(u, out=work), along, value=-1).mul_(factor * scale)
    of_norm = along.mul_(wanted * scale).mul_(wanted <= cap)
    of_scale = torch.mul(grad, values, out=work).sum(dim=1, keepdim=True).sub_(of_norm)
    return of_u.sub_(middle(of_u, centred)), of_scale.mul_(LN2), of_norm.mul_(LN2)


class _Excess(torch.autograd.Function):
    """`sum(max(g - s * T, 0))`; its gradient is known in the forward pass."""

    @staticmethod
    def forward(ctx: Any, log2_scale: Tensor, log2_norm: Tensor, cap: float) -> Tensor:
        if fit(log2_scale, log2_norm):
            of_scale, of_norm = torch.empty_like(log2_scale), torch.empty_like(log2_norm)
            given = arrays(log2_scale, log2_norm)
            total = excess_rows(*given, cap, *arrays(of_scale, of_norm))
            ctx.save_for_backward(of_scale, of_norm)
            return log2_norm.new_tensor(total)
        scale, norm = power(log2_scale), power(log2_norm)
        excess = torch.sub(norm, scale, alpha=cap)
        over = excess > 0
        of_scale = log2_gradient(over * scale * -cap, scale)
        ctx.save_for_backward(of_scale, log2_gradient(norm * over, norm))
        return excess.clamp_min_(0).sum()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        of_scale, of_norm = ctx.saved_tensors
        return of_scale * grad, of_norm * grad, None

"""Rounding of activations to a grid: few passes over the numbers, and the gradient by hand."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from hwgen.nn.loops import arrays, fit, round_activations, round_activations_backward
from hwgen.nn.rounding import inside, multiples, rounded_
from hwgen.nn.weight_quant import MIN_SCALE
from hwgen.numeric import IntType


def on_grid(x: Tensor, log2_scale: Tensor, kind: IntType) -> Tensor:
    """Give `s * clip(round_half_up(x / s), lo, hi)` with `s = 2**log2_scale`, a scalar.

    The rounding has derivative 1, the clip stops gradients; the scale's is `q - dq/dx * x / s`,
    which its floor lets pass.
    """
    values: Tensor = _LearnedGrid.apply(x, log2_scale, kind.lo, kind.hi)
    return values


def on_fixed_grid(x: Tensor, scale: float, kind: IntType) -> Tensor:
    """Give the same with a scale that is not learned."""
    values: Tensor = _FixedGrid.apply(x, scale, kind.lo, kind.hi)
    return values


class _LearnedGrid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, log2_scale: Tensor, lo: int, hi: int) -> Tensor:
        scale = torch.exp2(log2_scale).clamp_min_(MIN_SCALE)
        ctx.by_loop, ctx.range = x.dtype == torch.float32 and fit(x, scale), (lo, hi)
        if ctx.by_loop:
            values, kept = torch.empty_like(x), torch.empty_like(x, dtype=torch.int16)
            round_activations(*_flat(x, scale), lo, hi, *_flat(values, kept))
        else:
            values, kept = rounded_(x / scale, lo, hi).mul_(scale), x
        ctx.save_for_backward(kept, values, scale)
        return values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        kept, values, scale = ctx.saved_tensors
        if ctx.by_loop:
            grad = grad.contiguous()
            passed = torch.empty_like(grad)
            total = round_activations_backward(*_flat(grad, values, kept, scale, passed))
            of_scale = torch.tensor(total, dtype=grad.dtype)
        else:
            work = kept / scale
            passed = inside(grad, work, *ctx.range)
            if ctx.needs_input_grad[1]:
                of_scale = torch.mul(grad, values, out=work).addcmul_(passed, kept, value=-1).sum()
        return passed, of_scale * math.log(2) if ctx.needs_input_grad[1] else None, None, None


def _flat(*tensors: Tensor) -> list[Any]:
    return [array.reshape(-1) for array in arrays(*tensors)]


class _FixedGrid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: float, lo: int, hi: int) -> Tensor:
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(x)
        ctx.scale, ctx.range = scale, (lo, hi)
        if fit(x):
            return multiples(x.view(1, -1), x.new_full((1, 1), scale), lo, hi).view_as(x)
        return rounded_(x / scale, lo, hi).mul_(scale)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (x,) = ctx.saved_tensors
        return inside(grad, x / ctx.scale, *ctx.range), None, None, None

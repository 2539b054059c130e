"""Rounding with straight-through gradients: the one place that decides what backward sees.

Rounding to the nearest is `floor(x + 0.5)`, halves upwards, as everywhere in hwgen; `torch.round`
rounds halves to even and is not used.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hwgen.nn.loops import arrays, fit, round_rows


def straight_through(value: Tensor, path: Tensor) -> Tensor:
    """Exactly `value` in the forward pass, the gradient of `path` in the backward pass."""
    return value.detach() + (path - path.detach())


def round_half_up(x: Tensor) -> Tensor:
    """Round to the nearest integer, halves upwards; derivative 1."""
    return straight_through(torch.floor(x + 0.5), x)


def rounded_(x: Tensor, lo: int, hi: int) -> Tensor:
    """Round `x` in place to the nearest integers in [lo, hi], halves upwards."""
    return x.add_(0.5).floor_().clamp_(lo, hi)


def inside(grad: Tensor, x: Tensor, lo: int, hi: int) -> Tensor:
    """Keep `grad` where `x` rounds to an integer in [lo, hi], zero elsewhere; `x` is used up."""
    x.add_(0.5).floor_()
    kept: Tensor = torch.ops.aten.hardtanh_backward(grad, x, lo - 0.5, hi + 0.5)
    return kept


def multiples(x: Tensor, scale: Tensor, lo: int, hi: int) -> Tensor:
    """Round rows, shape (rows, K), to `lo` to `hi` times their scale, shape (rows, 1) or (1, 1)."""
    if not fit(x, scale):
        return rounded_(x / scale, lo, hi).mul_(scale)
    values = torch.empty_like(x)
    round_rows(*arrays(x, scale), lo, hi, *arrays(values))
    return values

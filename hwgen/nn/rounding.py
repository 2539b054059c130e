"""Rounding with straight-through gradients: the one place that decides what backward sees.

Rounding to the nearest is `floor(x + 0.5)`, halves upwards, as everywhere in hwgen; `torch.round`
rounds halves to even and is not used.
"""

from __future__ import annotations

import torch
from torch import Tensor


def straight_through(value: Tensor, path: Tensor) -> Tensor:
    """Exactly `value` in the forward pass, the gradient of `path` in the backward pass."""
    return value.detach() + (path - path.detach())


def round_half_up(x: Tensor) -> Tensor:
    """Round to the nearest integer, halves upwards; derivative 1."""
    return straight_through(torch.floor(x + 0.5), x)


def truncate(x: Tensor) -> Tensor:
    """Round towards zero, which never grows a magnitude; derivative 1."""
    return straight_through(torch.trunc(x), x)

"""The search of the integer projection: which gains a row can pay from its budget.

`S(lambda) = sum clip(floor(m_i - lambda + 0.5), 0, limit)` falls in steps of one as lambda grows.
On a CPU, where a sort costs as much as five training steps, loops look for the right lambda with a
few sums, starting from the lambda of the step before (`projection_loops.py`). On other devices,
where a sort is cheap and a look at a result stops the queue, the rows are sorted. Both ways give
the same integers.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hwgen.nn import projection_loops
from hwgen.nn.loops import arrays, fit

EXACT = {torch.float32: 2**24, torch.float64: 2**53}  # sums of codes up to these are exact


def project_rows(
    x: Tensor, scale: Tensor, start: Tensor, budget: int, limit: int
) -> tuple[Tensor, Tensor]:
    """Project `x / scale`, rows of shape (channels, K), and give the values and the lambdas.

    `scale` has shape (channels, 1) or (1, 1). The values are the integers times the scale, with
    the signs of `x`. Lambda, shape (channels, 1), is looked for from `start` on.
    """
    find = _as_one_operation if torch.compiler.is_compiling() else _project_rows
    values, threshold = find(x, scale, start, budget, limit)
    return values, threshold


def _project_rows(
    x: Tensor, scale: Tensor, start: Tensor, budget: int, limit: int
) -> tuple[Tensor, Tensor]:
    if fit(x, scale, start) and x.shape[1] * limit <= EXACT[x.dtype]:
        values, threshold = torch.empty_like(x), torch.empty_like(start)
        rows, steps, guess, *out = arrays(x, scale, start, values, threshold)
        bits = np.empty(x.shape[1], np.int32 if rows.itemsize == 4 else np.int64)
        most = min(budget, x.shape[1] * limit)
        projection_loops.project_rows(rows, steps, guess, most, limit, bits, *out)
        return values, threshold
    codes, threshold = by_sort((x / scale).abs_(), budget, limit)
    return codes.copysign_(x).mul_(scale), threshold


# torch.compile cannot look into a search that ends when it is done
_as_one_operation = torch.library.custom_op("hwgen::project_rows", _project_rows, mutates_args=())


@_as_one_operation.register_fake
def _shapes(
    x: Tensor, scale: Tensor, start: Tensor, budget: int, limit: int
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x), torch.empty_like(start)


def by_sort(magnitude: Tensor, budget: int, limit: int) -> tuple[Tensor, Tensor]:
    """Project rows of magnitudes without a look at them: bisect whole lambdas, sort the rest."""
    codes = torch.floor(magnitude + 0.5)
    shift = _whole_shift(magnitude, codes, budget, limit)
    codes = (codes - shift).clamp_(0, limit)
    rest = budget - codes.sum(dim=1, keepdim=True)
    room = torch.where(codes < limit, magnitude - codes, 0.0)
    best, index = room.sort(dim=1, descending=True, stable=True)
    rank = torch.arange(room.shape[1], dtype=room.dtype, device=room.device)
    codes.scatter_add_(1, index, ((rank < rest) & (best >= 0.5)).to(codes.dtype))
    after = best.gather(1, rest.long().clamp_(0, room.shape[1] - 1))
    return codes, (after - 0.5).clamp_min_(0)


def _whole_shift(magnitude: Tensor, nearest: Tensor, budget: int, limit: int) -> Tensor:
    """Give the smallest whole lambda >= 0 that keeps the budget, shape (channels, 1).

    Of the `count` largest magnitudes not all can have the code `limit`, and fewer always may: that
    bounds lambda to an interval of `limit + 1` about the smallest of them.
    """
    count = budget // limit + 1
    if count > magnitude.shape[1]:
        return torch.zeros_like(magnitude[:, :1])
    pivot = magnitude.kthvalue(magnitude.shape[1] - count + 1, dim=1, keepdim=True).values
    inside = nearest.clamp(max=limit).sum(dim=1, keepdim=True) <= budget
    low = torch.floor(pivot - (limit + 0.5)).clamp_min_(0).masked_fill_(inside, 0)
    high = torch.ceil(pivot + 0.5).masked_fill_(inside, 0)
    for _ in range((limit + 2).bit_length()):
        middle = torch.floor((low + high) / 2)
        fits = (nearest - middle).clamp_(0, limit).sum(dim=1, keepdim=True) <= budget
        high = torch.where(fits, middle, high)
        low = torch.where(fits, low, middle)
    return high

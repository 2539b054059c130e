"""Projections onto the l1 ball: of real vectors to start a training, of integer vectors in it.

The real projection is Duchi et al., "Efficient projections onto the l1-ball" (ICML 2008), which
A2Q+ uses for its initial weights (eq. 10 to 15). The integer projection is this project's
(docs/training.md): the nearest integer vector whose l1 norm keeps an integer budget.
"""

from __future__ import annotations

import torch
from torch import Tensor


def project_l1(weight: Tensor, radius: Tensor) -> Tensor:
    """Nearest point of the l1 ball, for every row.

    Parameters
    ----------
    weight
        Real rows, shape (channels, K).
    radius
        Radius of the ball of each row, positive, shape (channels, 1).
    """
    descending = weight.abs().sort(dim=1, descending=True).values
    excess = descending.cumsum(dim=1) - radius
    count = torch.arange(1, weight.shape[1] + 1, dtype=weight.dtype, device=weight.device)
    active = (descending > excess / count).sum(dim=1, keepdim=True).clamp_min(1)
    threshold = (excess.gather(1, active - 1) / active).clamp_min(0)
    return weight.sign() * (weight.abs() - threshold).clamp_min(0)


def project_integer(x: Tensor, budget: int, limit: int) -> tuple[Tensor, Tensor]:
    """Nearest integer row within an l1 budget, for every row.

    Minimizes `sum (|x_i| - n_i)**2` over integers `n_i` in [0, limit] with `sum n_i <= budget`.
    The step from n to n + 1 gains `2 * (|x_i| - n) - 1`, and the gains of one element fall, so the
    optimum takes the `budget` largest gains that are not negative, and of equal ones those of the
    lowest index. As a formula, `n_i = clip(round_half_up(|x_i| - lambda), 0, limit)` for the
    smallest `lambda >= 0` that keeps the budget. A row inside the ball is rounded to the nearest;
    a row outside uses its budget to the last unit.

    Parameters
    ----------
    x
        Weights in units of their scale, shape (channels, K).
    budget
        Largest l1 norm of an integer row, at least 0.
    limit
        Largest magnitude of one integer.

    Returns
    -------
    The integers with their signs, in the type of `x`, and lambda, shape (channels, 1).
    """
    magnitude = x.detach().abs()
    nearest = torch.floor(magnitude + 0.5)
    shift = _whole_shift(nearest, budget, limit)
    codes = (nearest - shift).clamp(0, limit)
    soft = torch.zeros_like(shift)
    outside = (shift > 0).flatten()
    if bool(outside.any()):
        codes[outside], soft[outside] = _spend_rest(
            magnitude[outside], codes[outside], budget, limit
        )
    return x.detach().sign() * codes, soft


def _whole_shift(nearest: Tensor, budget: int, limit: int) -> Tensor:
    """Smallest whole lambda >= 0 that keeps the budget, by bisection, shape (channels, 1)."""
    low = torch.zeros_like(nearest[:, :1])  # breaks the budget, or already keeps it
    inside = nearest.clamp(0, limit).sum(dim=1, keepdim=True) <= budget
    high = torch.where(inside, low, nearest.amax(dim=1, keepdim=True))  # keeps it
    while bool((high - low > 1).any()):
        middle = torch.floor((low + high) / 2)
        fits = (nearest - middle).clamp(0, limit).sum(dim=1, keepdim=True) <= budget
        high = torch.where(fits, middle, high)
        low = torch.where(fits, low, middle)
    return high


def _spend_rest(magnitude: Tensor, codes: Tensor, budget: int, limit: int) -> tuple[Tensor, Tensor]:
    """Give what is left of the budget to the largest next gains, one unit each.

    One unit each is enough: one whole lambda less would already break the budget. `magnitude -
    codes` is exact in floating point, so equal gains are seen as equal.
    """
    rest = budget - codes.sum(dim=1, keepdim=True)
    room = torch.where(codes < limit, magnitude - codes, -torch.inf)
    order = room.sort(dim=1, descending=True, stable=True)
    rank = torch.arange(room.shape[1], dtype=room.dtype, device=room.device).expand_as(room)
    chosen = torch.zeros_like(room).scatter(1, order.indices, (rank < rest).to(room.dtype))
    index = rest.long().clamp(max=room.shape[1] - 1)  # the first gain that is not taken
    soft = order.values.gather(1, index) - 0.5
    return codes + chosen, soft.clamp_min(0)

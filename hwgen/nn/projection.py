"""Projections onto the l1 ball: of real vectors to start a training, of integer vectors in it.

The real projection is Duchi et al., "Efficient projections onto the l1-ball" (ICML 2008), which
A2Q+ uses for its initial weights (eq. 10 to 15). The integer projection is this project's
(docs/training.md): the nearest integer vector whose l1 norm keeps an integer budget.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hwgen.nn.search import project_rows


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


def project_integer(
    x: Tensor, budget: int, limit: int, start: Tensor | None = None
) -> tuple[Tensor, Tensor]:
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
    start
        A guess of lambda, which shortens the search and does not change its result, shape
        (channels, 1); zero if it is not given.

    Returns
    -------
    The integers with their signs, in the type of `x`, and lambda, shape (channels, 1).
    """
    x = x.detach()
    if start is None:
        start = x.new_zeros(len(x), 1)
    return project_rows(x.contiguous(), x.new_ones(1, 1), start, budget, limit)

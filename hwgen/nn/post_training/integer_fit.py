"""Integer weights whose sums are nearest to wanted ones, within an exact l1 budget.

One channel has inputs `x` (K integers), a wanted sum `y` (a real number) and may use any real
scale and offset, since the thresholds behind it take both in. So its error is, per sample,

    min over S, b:  E (y - S q.x - b)**2  =  var(y) - (q.c)**2 / (q' H q),

with `H` the covariance of the inputs and `c` their covariance with `y`. The scale has gone: what is
left is which direction an integer vector with `||q||_1 <= B` and `|q_i| <= L` can point in. From
the best of several integer projections of the float weights the cost descends by moves of one
unit, and by moves of one unit from one weight to another once the budget is spent, to a vector
that none of these moves improves. Every step keeps the budget in integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hwgen.nn.projection import project_integer

SCALES_PER_OCTAVE = 4
OCTAVES = 5  # of trial scales, from twice max|w| / limit downwards
TOLERANCE = 1e-9  # of the cost; a move must gain more than rounding noise


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """What the integers of one layer are fitted to, in units of the input codes.

    Parameters
    ----------
    gram
        Covariance of the inputs, shape (groups, K, K), or its diagonal, shape (groups, K).
    cross
        Covariance of each channel's inputs with its wanted sum, shape (channels, K).
    weight
        Float weights that give the wanted sums of unquantized inputs, shape (channels, K).
    """

    gram: Tensor
    cross: Tensor
    weight: Tensor

    def times_gram(self, codes: Tensor) -> Tensor:
        """Give `H q` of every channel, shape (channels, K)."""
        grouped = codes.reshape(len(self.gram), -1, codes.shape[1])
        if self.gram.dim() == 2:
            return (grouped * self.gram[:, None]).reshape(codes.shape)
        return (grouped @ self.gram).reshape(codes.shape)

    def column(self, channels: Tensor, index: Tensor) -> Tensor:
        """Give column `index` of `H` for each of `channels`, shape (channels, K)."""
        group = channels // (len(self.cross) // len(self.gram))
        if self.gram.dim() == 2:
            value = self.gram[group, index]
            return torch.zeros_like(self.cross[: len(index)]).scatter(
                1, index[:, None], value[:, None]
            )
        return self.gram[group, index]

    def diagonal(self) -> Tensor:
        """Give the variance of each channel's inputs, shape (channels, K)."""
        diagonal = self.gram if self.gram.dim() == 2 else self.gram.diagonal(dim1=1, dim2=2)
        return diagonal.repeat_interleave(len(self.cross) // len(self.gram), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on integer rows: `||q||_1 <= budget` and `|q_i| <= limit`."""

    budget: int
    limit: int


def cost(aligned: Tensor, energy: Tensor, scale: float | None) -> Tensor:
    """Error less the variance of `y`; `aligned` is `q.c`, `energy` is `q' H q`, of one shape.

    With a `scale` it is `scale**2 * energy - 2 * scale * aligned`, else that of the best scale,
    which must be positive.
    """
    if scale is not None:
        return scale * (scale * energy - 2 * aligned)
    positive = aligned.clamp_min(0)
    return torch.where(energy > 0, -positive * positive / energy.clamp_min(1e-30), 0.0)


class Descent:
    """Codes of the channels that still improve, with what the cost of a move needs."""

    def __init__(self, wanted: Wanted, codes: Tensor, limits: Limits, scale: float | None) -> None:
        self.wanted, self.limits, self.scale = wanted, limits, scale
        self.channels = torch.arange(len(codes))
        self.codes = codes.clone()
        self.product = wanted.times_gram(codes)
        self.cross = wanted.cross
        self.diagonal = wanted.diagonal()

    def keep(self, rows: Tensor) -> None:
        """Go on with some of the channels only."""
        for name in ("channels", "codes", "product", "cross", "diagonal"):
            setattr(self, name, getattr(self, name)[rows])

    def costs(self) -> Tensor:
        """Cost of every channel, shape (channels,)."""
        aligned = (self.codes * self.cross).sum(1)
        return cost(aligned, (self.codes * self.product).sum(1), self.scale)

    def best(self, kind: str) -> tuple[Tensor, Tensor, Tensor]:
        aligned = (self.codes * self.cross).sum(1, keepdim=True)
        energy = (self.codes * self.product).sum(1, keepdim=True)
        norm = self.codes.abs().sum(1, keepdim=True)
        found = []
        for step in (1.0, -1.0):
            moved = self.codes + step
            value = cost(
                aligned + step * self.cross,
                energy + 2 * step * self.product + self.diagonal,
                self.scale,
            )
            smaller = self.codes * step < 0
            if kind == "free":
                legal = smaller | ((norm < self.limits.budget) & (moved.abs() <= self.limits.limit))
            elif kind == "grow":
                legal = ~smaller & (moved.abs() <= self.limits.limit)
            else:
                legal = smaller
            found.append(torch.where(legal, value, torch.inf).min(1))
        down = found[1].values < found[0].values
        return (
            torch.where(down, found[1].values, found[0].values),
            torch.where(down, found[1].indices, found[0].indices),
            torch.where(down, -1.0, 1.0).to(self.codes),
        )

    def move(self, index: Tensor, step: Tensor) -> None:
        rows = torch.arange(len(index))
        self.codes[rows, index] += step
        self.product += step[:, None] * self.wanted.column(self.channels, index)


def descend(wanted: Wanted, codes: Tensor, limits: Limits, scale: float | None) -> Tensor:
    state = Descent(wanted, codes, limits, scale)
    result = codes.clone()
    steps = 0
    while len(state.channels):
        before = state.costs()
        after, index, step = state.best("free")
        better = after < before - TOLERANCE * before.abs()
        state.move(index, torch.where(better, step, 0.0))
        done = ~better
        for order in (("grow", "shrink"), ("shrink", "grow")):
            if not bool(done.any()):
                break
            done = done & ~_exchange(state, done, before, order)
        result[state.channels[done]] = state.codes[done]
        if bool(done.any()):
            state.keep(~done)
        steps += 1
    return result


def _exchange(state: Descent, tried: Tensor, before: Tensor, order: tuple[str, str]) -> Tensor:
    _, first, step = state.best(order[0])
    step = torch.where(tried, step, 0.0)
    state.move(first, step)
    after, second, other = state.best(order[1])
    legal = state.codes.abs().sum(1)
    better = tried & (after < before - TOLERANCE * before.abs())
    state.move(second, torch.where(better, other, 0.0))
    state.move(first, torch.where(better, 0.0, -step))
    return better


def best_projection(wanted: Wanted, limits: Limits, scales: Tensor) -> Tensor:
    """Take for every channel the projection of its weights, over `scales` (trials, channels, 1),
    whose sums err least."""
    best = torch.zeros_like(wanted.weight)
    least = torch.zeros(len(best), dtype=best.dtype)
    for trial in scales:
        codes, _ = project_integer(wanted.weight / trial, limits.budget, limits.limit)
        aligned = (codes * wanted.cross).sum(1)
        found = cost(aligned, (codes * wanted.times_gram(codes)).sum(1), None)
        better = found < least
        best[better], least[better] = codes[better], found[better]
    return best


def trial_scales(weight: Tensor, limit: int) -> Tensor:
    largest = weight.abs().amax(1, keepdim=True).clamp_min(1e-30) * 2 / min(limit, 2)
    steps = torch.arange(SCALES_PER_OCTAVE * OCTAVES, dtype=weight.dtype)
    return largest * torch.exp2(-steps / SCALES_PER_OCTAVE)[:, None, None]

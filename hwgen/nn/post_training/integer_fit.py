"""Integer weights whose sums are nearest to wanted ones, within an exact l1 budget.

One channel has inputs `x` (K integers) and a wanted sum `y` (a real number), and may use any real
scale and offset, since the thresholds behind it take in both. So its error is

    min over S, b:  E (y - S q.x - b)**2  =  var(y) - (q.c)**2 / (q' H q)

with `H` the covariance of the inputs and `c` their covariance with `y`. The scale has gone: what
is left is which directions the integer vectors with `||q||_1 <= B` and `|q_i| <= L` can point in.
From some such vector the cost descends by moves of one unit, and where none of them helps by
moving one unit from one weight to another, until neither does. Budget and limit are kept in
integers at every step.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from hwgen.nn.post_training.wanted import Limits, Wanted, cost

TOLERANCE = 1e-9  # of the cost: what a move must gain, so that rounding noise is no gain

Kind = Literal["any", "larger", "smaller"]  # what a move does to a magnitude


class Move(NamedTuple):
    """The best move of every channel, each shape (channels,): cost after it, weight, +1 or -1."""

    cost: Tensor
    weight: Tensor
    step: Tensor


def descend(wanted: Wanted, codes: Tensor, limits: Limits, scale: float | None = None) -> Tensor:
    """Improve integer weights until no move does.

    Parameters
    ----------
    codes
        Integers to start from, within `limits`, shape (channels, K).
    scale
        Value of one unit of the sums where it is not free, as in an output layer, whose
        channels share it.
    """
    result = codes.clone()
    state = _Descent(wanted, codes.clone(), limits, scale)
    while len(state.channels):
        before = state.cost()
        move = state.best("any")
        better = _improves(move.cost, before)
        state.apply(move, better)
        better = better | state.exchange(~better, before, ("larger", "smaller"))
        better = better | state.exchange(~better, before, ("smaller", "larger"))
        result[state.channels[~better]] = state.codes[~better]
        state.keep(better)
    return result


class _Descent:
    """The channels that still improve, and what the cost of a move needs."""

    def __init__(self, wanted: Wanted, codes: Tensor, limits: Limits, scale: float | None) -> None:
        self.gram, self.limits, self.scale = wanted.gram, limits, scale
        self.channels = torch.arange(len(codes))
        self.group = wanted.group
        self.codes = codes
        self.cross = wanted.cross
        self.product = wanted.times_gram(codes)
        self.variance = wanted.gram.diagonal(dim1=1, dim2=2)[self.group]

    def keep(self, rows: Tensor) -> None:
        """Drop the channels that are done."""
        if bool(rows.all()):
            return
        self.channels, self.group = self.channels[rows], self.group[rows]
        self.codes, self.product = self.codes[rows], self.product[rows]
        self.cross, self.variance = self.cross[rows], self.variance[rows]

    def cost(self) -> Tensor:
        """Cost of every channel, shape (channels,)."""
        aligned = (self.codes * self.cross).sum(1)
        return cost(aligned, (self.codes * self.product).sum(1), self.scale)

    def best(self, kind: Kind) -> Move:
        """Find the best move of one unit of every channel; its cost is infinite where none is."""
        up, down = self._best(kind, 1.0), self._best(kind, -1.0)
        lower = down.cost < up.cost
        pairs = zip(down, up, strict=True)
        return Move(*(torch.where(lower, mine, other) for mine, other in pairs))

    def _best(self, kind: Kind, step: float) -> Move:
        aligned = (self.codes * self.cross).sum(1, keepdim=True) + step * self.cross
        energy = (self.codes * self.product).sum(1, keepdim=True)
        after = cost(aligned, energy + 2 * step * self.product + self.variance, self.scale)
        smaller = self.codes * step < 0
        larger = ~smaller & ((self.codes + step).abs() <= self.limits.limit)
        if kind == "any":
            room = self.codes.abs().sum(1, keepdim=True) < self.limits.budget
            legal = smaller | (larger & room)
        else:
            legal = smaller if kind == "smaller" else larger
        least = torch.where(legal, after, torch.inf).min(1)
        return Move(least.values, least.indices, torch.full_like(least.values, step))

    def apply(self, move: Move, where: Tensor) -> None:
        """Make the moves of the channels that are true in `where`, and none of the others."""
        step = torch.where(where, move.step, 0.0)
        self.codes[torch.arange(len(step)), move.weight] += step
        self.product += step[:, None] * self.gram[self.group, move.weight]

    def exchange(self, tried: Tensor, before: Tensor, order: tuple[Kind, Kind]) -> Tensor:
        """Make two moves where they help together; the first is the best one by itself."""
        if not bool(tried.any()):
            return tried
        first = self.best(order[0])
        tried = tried & first.cost.isfinite()
        self.apply(first, tried)
        second = self.best(order[1])
        better = tried & _improves(second.cost, before)
        self.apply(second, better)
        self.apply(first._replace(step=-first.step), tried & ~better)
        return better


def _improves(after: Tensor, before: Tensor) -> Tensor:
    return after < before - TOLERANCE * before.abs()

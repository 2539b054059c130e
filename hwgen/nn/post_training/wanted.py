"""What one layer's integer weights are fitted to, and the bounds that they must keep."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on the integers of a channel: `||q||_1 <= budget` and `|q_i| <= limit`."""

    budget: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """Moments of the inputs and of the wanted sums, in units of the input codes, in float64.

    Parameters
    ----------
    gram
        Covariance `H` of the inputs of each group of channels, shape (groups, K, K).
    cross
        Covariance `c` of each channel's inputs with its wanted sum, shape (channels, K).
    weight
        Float weights that give the wanted sums of unquantized inputs, shape (channels, K).
    """

    gram: Tensor
    cross: Tensor
    weight: Tensor

    @property
    def group(self) -> Tensor:
        """Group of every channel, shape (channels,)."""
        each = len(self.cross) // len(self.gram)
        return torch.arange(len(self.gram)).repeat_interleave(each)

    def times_gram(self, codes: Tensor) -> Tensor:
        """Give `H q` of every channel, shape (channels, K)."""
        grouped = codes.reshape(len(self.gram), -1, codes.shape[1])
        return (grouped @ self.gram).reshape(codes.shape)

    def aligned(self, codes: Tensor) -> Tensor:
        """Give `q.c` of every channel, shape (channels, 1)."""
        return (codes * self.cross).sum(1, keepdim=True)

    def energy(self, codes: Tensor) -> Tensor:
        """Give `q' H q` of every channel, shape (channels, 1)."""
        return (codes * self.times_gram(codes)).sum(1, keepdim=True)


def cost(aligned: Tensor, energy: Tensor, scale: float | None) -> Tensor:
    """Mean squared error of sums less the variance that was wanted.

    With a `scale` S it is `S**2 q'Hq - 2 S q.c`; with None that of the best positive one,
    `-(q.c)**2 / q'Hq`.
    """
    if scale is not None:
        return scale * (scale * energy - 2 * aligned)
    positive = aligned.clamp_min(0)
    return -positive * positive / energy.clamp_min(torch.finfo(energy.dtype).tiny)

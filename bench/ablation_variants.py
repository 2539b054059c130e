"""Parts of `a2q_ip` left out or replaced, as weight quantizers that are trained in its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from hwgen.bounds import offset_cap
from hwgen.nn.projection import project_integer, project_l1
from hwgen.nn.quantizers import A2Q, A2QIntegerProjection, A2QPlus, Codes
from hwgen.nn.quantizers.codes import initial_log2_scale
from hwgen.nn.rounding import straight_through
from hwgen.nn.weight_quant import Method, WeightQuant
from hwgen.numeric import IntType


class OffsetCap(A2Q):
    """The offset accumulator's cap, with A2Q's weight normalization and rounding towards zero."""

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__(replace(config, method="a2q"), weight, inputs)
        self.config = config
        self.cap = float(offset_cap(config.accumulator_bits or 0, inputs.range))


class SignedProjection(A2QIntegerProjection):
    """Integer projection within what a two's complement register holds.

    For unsigned inputs up to d the exact condition is a rectangle: the positive codes may sum to
    `floor((2**(P-1) - 1) / d)`, the negative ones to as much, limits taken symmetric.
    """

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__(replace(config, method="a2q_ip"), weight, inputs)
        self.config = config
        self.budget = ((1 << ((config.accumulator_bits or 0) - 1)) - 1) // inputs.hi

    def forward(self, weight: Tensor) -> Codes:
        """Project the positive and the negative weights of each channel apart."""
        positive, negative = (
            super().forward(weight.clamp_min(0)),
            super().forward(weight.clamp_max(0)),
        )
        return Codes(positive.values + negative.values, positive.reals + negative.reals)


class Rescaled(A2QIntegerProjection):
    """The channel is shrunk onto the real ball before rounding, as weight normalization does."""

    def forward(self, weight: Tensor) -> Codes:
        """Quantize `weight`, shape (channels, K)."""
        x = weight / self.scale
        x = x * (self.budget / x.abs().sum(dim=1, keepdim=True).clamp_min(1e-10)).clamp(max=1)
        limit = self.config.limit
        codes, _ = project_integer(x, self.budget, limit)
        return Codes(straight_through(codes, x.clamp(-limit - 0.5, limit + 0.5)), x.detach())


class ConstantThreshold(A2QIntegerProjection):
    """Backward through the soft threshold as if it were a constant."""

    def forward(self, weight: Tensor) -> Codes:
        """Quantize `weight`, shape (channels, K)."""
        x = weight / self.scale
        limit = self.config.limit
        codes, threshold = project_integer(x, self.budget, limit)
        path = x.sign() * (x.abs() - threshold).clamp_min(0)
        return Codes(straight_through(codes, path.clamp(-limit - 0.5, limit + 0.5)), x.detach())


class ErrorScale(A2QIntegerProjection):
    """Starts at the scale whose projected codes are nearest to the float weights."""

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Try scales from the full range up to 32 times that, in steps of 2**0.25."""
        start = initial_log2_scale(weight, self.config)
        best, least = start.clone(), torch.full_like(start, math.inf)
        for quarter in range(21):
            log2_scale = start + quarter / 4
            codes, _ = project_integer(weight / log2_scale.exp2(), self.budget, self.config.limit)
            error = (weight - codes * log2_scale.exp2()).square().sum(dim=1, keepdim=True)
            if self.config.scale == "tensor":
                error = error.sum(dim=0, keepdim=True)
            best = torch.where(error < least, log2_scale, best)
            least = torch.minimum(error, least)
        self.log2_scale.data.copy_(best)
        return weight


class ProjectedStart(A2QIntegerProjection):
    """Starts at the float weights projected onto the real ball, as A2Q and A2Q+ do."""

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Project trained float weights onto the ball of the budget."""
        super().initial_weight(weight)
        radius = (self.scale * self.budget).detach().expand(len(weight), 1)
        return project_l1(weight, radius)


class Annealed(A2QIntegerProjection):
    """The budget shrinks to its end over the first half of the training, from 16 times as much."""

    steps = 1  # of the whole training

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__(config, weight, inputs)
        self.end, self.step = self.budget, 0

    def forward(self, weight: Tensor) -> Codes:
        """Quantize `weight`, shape (channels, K)."""
        self.step += self.training
        left = max(0.0, 1 - 2 * self.step / self.steps) if self.training else 0.0
        self.budget = int(self.end * 16**left)
        return super().forward(weight)


class AnnealedErrorScale(Annealed, ErrorScale):
    """Both: the nearest scale at the start, for the budget of the end, and a shrinking budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is trained in place of `a2q_ip`.

    Parameters
    ----------
    method
        The method of the recipe: decides the register that the codes are certified for.
    build
        The quantizer of each constrained layer.
    """

    method: Method
    build: Callable[[WeightQuant, Tensor, IntType], nn.Module]
    float_start: bool = True
    backward: str = "soft"


VARIANTS = {
    "a2q": Variant(method="a2q", build=A2Q),
    "a2q_plus": Variant(method="a2q_plus", build=A2QPlus),
    "offset cap, toward zero": Variant(method="a2q_ip", build=OffsetCap),
    "signed cap, projection": Variant(method="a2q", build=SignedProjection),
    "a2q_ip": Variant(method="a2q_ip", build=A2QIntegerProjection),
    "identity backward": Variant(method="a2q_ip", build=A2QIntegerProjection, backward="identity"),
    "constant threshold backward": Variant(method="a2q_ip", build=ConstantThreshold),
    "rescaled to the ball": Variant(method="a2q_ip", build=Rescaled),
    "nearest scale at start": Variant(method="a2q_ip", build=ErrorScale),
    "projected start": Variant(method="a2q_ip", build=ProjectedStart),
    "from scratch": Variant(method="a2q_ip", build=A2QIntegerProjection, float_start=False),
    "a2q_plus from scratch": Variant(method="a2q_plus", build=A2QPlus, float_start=False),
    "annealed budget": Variant(method="a2q_ip", build=Annealed),
    "annealed, identity": Variant(method="a2q_ip", build=Annealed, backward="identity"),
    "nearest scale, identity": Variant(method="a2q_ip", build=ErrorScale, backward="identity"),
    "annealed, nearest scale": Variant(method="a2q_ip", build=AnnealedErrorScale),
    "annealed, nearest scale, identity": Variant(
        method="a2q_ip", build=AnnealedErrorScale, backward="identity"
    ),
}

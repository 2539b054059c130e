"""Parts of `a2q_ip` left out or replaced, as weight quantizers that are trained in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hwgen.bounds import offset_cap
from hwgen.nn.projection import project_integer, project_l1
from hwgen.nn.quantizers import A2QIntegerProjection, CappedNorm, Codes, WeightQuantizer, quantizer
from hwgen.nn.quantizers.codes import initial_log2_scale
from hwgen.nn.rounding import straight_through
from hwgen.nn.weight_quant import Backward, Method, WeightQuant
from hwgen.numeric import IntType

Build = Callable[[WeightQuant, Tensor, IntType], WeightQuantizer]


def offset_cap_toward_zero(config: WeightQuant, weight: Tensor, inputs: IntType) -> CappedNorm:
    """The offset accumulator's cap with A2Q's weight normalization and rounding towards zero."""
    cap = offset_cap(config.accumulator_bits or 0, inputs.range)
    return CappedNorm(config, weight, cap=float(cap), centred=False)


class Written(A2QIntegerProjection):
    """Base of the variants that torch differentiates: integers, and what their gradient takes."""

    def parts(self, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Integers, the path of their gradient, and the reals that were rounded."""
        raise NotImplementedError

    def forward(self, weight: Tensor) -> Tensor:
        """Quantize `weight`, shape (channels, K), to multiples of the scale."""
        integers, path, _ = self.parts(weight)
        edge = self.config.limit + 0.5
        return self.scale * straight_through(integers, path.clamp(-edge, edge))

    def codes(self, weight: Tensor) -> Codes:
        """Give the integers of `weight`, shape (channels, K)."""
        integers, _, reals = self.parts(weight.detach())
        return Codes(integers.detach(), reals.detach())


class SignedProjection(Written):
    """Integer projection within what a two's complement register holds.

    For unsigned inputs up to d the exact condition is a rectangle: the codes of each sign may sum
    to `floor((2**(P-1) - 1) / d)`, limits taken symmetric.
    """

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__(config, weight, inputs)
        self.budget = ((1 << ((config.accumulator_bits or 0) - 1)) - 1) // inputs.hi

    def parts(self, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project the positive and the negative weights of each channel apart."""
        x = weight / self.scale
        integers, path = torch.zeros_like(x), torch.zeros_like(x)
        for side in (x.clamp_min(0), x.clamp_max(0)):
            codes, threshold = project_integer(side, self.budget, self.config.limit)
            integers = integers + codes
            path = path + _soft(side, threshold)
        return integers, path, x


class Rescaled(Written):
    """The channel is shrunk onto the real ball before rounding, as weight normalization does."""

    def parts(self, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Shrink, then project."""
        x = weight / self.scale
        x = x * (self.budget / x.abs().sum(dim=1, keepdim=True).clamp_min(1e-10)).clamp(max=1)
        codes, _ = project_integer(x.detach(), self.budget, self.config.limit)
        return codes, x, x


class ConstantThreshold(Written):
    """Backward through the soft threshold as if it were a constant."""

    def parts(self, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project; the path takes the threshold off."""
        x = weight / self.scale
        codes, threshold = project_integer(x.detach(), self.budget, self.config.limit)
        return codes, x.sign() * (x.abs() - threshold).clamp_min(0), x


class FullRangeStart(A2QIntegerProjection):
    """Starts at `max|w| / L`, as the other methods do."""

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Take the scale of the full range."""
        self.log2_scale.data.copy_(initial_log2_scale(weight, self.config))
        return weight


class ProjectedStart(FullRangeStart):
    """Starts at the float weights projected onto the real ball, as A2Q and A2Q+ do."""

    def initial_weight(self, weight: Tensor) -> Tensor:
        """Project trained float weights onto the ball of the budget."""
        super().initial_weight(weight)
        return project_l1(weight, (self.scale * self.budget).detach().expand(len(weight), 1))


class Annealed(A2QIntegerProjection):
    """The budget shrinks to its end over the first half of the training, from 16 times as much."""

    steps = 1  # of the whole training

    def __init__(self, config: WeightQuant, weight: Tensor, inputs: IntType) -> None:
        super().__init__(config, weight, inputs)
        self.end, self.step = self.budget, 0

    def forward(self, weight: Tensor) -> Tensor:
        """Quantize `weight`, shape (channels, K), to multiples of the scale."""
        self.step += 1
        self.budget = int(self.end * 16 ** max(0.0, 1 - 2 * self.step / self.steps))
        values = super().forward(weight)
        self.budget = self.end
        return values


def _soft(x: Tensor, threshold: Tensor) -> Tensor:
    """Shrink each row by its threshold, which moves with the mean of what is above it."""
    active = (x.detach().abs() > threshold).to(x)
    mean = (x.abs() * active).sum(dim=1, keepdim=True) / active.sum(dim=1, keepdim=True).clamp_min(
        1
    )
    moving = straight_through(threshold, (threshold > 0).to(x) * mean)
    return x.sign() * (x.abs() - moving) * active


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
    build: Build
    float_start: bool = True
    backward: Backward = "soft"


def _own(build: Build, backward: Backward = "soft", float_start: bool = True) -> Variant:
    return Variant(method="a2q_ip", build=build, backward=backward, float_start=float_start)


VARIANTS = {
    "a2q": Variant(method="a2q", build=quantizer),
    "a2q_plus": Variant(method="a2q_plus", build=quantizer),
    "offset cap, toward zero": _own(offset_cap_toward_zero),
    "signed cap, projection": Variant(method="a2q", build=SignedProjection),
    "a2q_ip": _own(A2QIntegerProjection),
    "identity backward": _own(A2QIntegerProjection, "identity"),
    "constant threshold backward": _own(ConstantThreshold),
    "rescaled to the ball": _own(Rescaled),
    "full range at start": _own(FullRangeStart),
    "projected start": _own(ProjectedStart),
    "annealed budget": _own(Annealed),
    "from scratch": _own(A2QIntegerProjection, float_start=False),
    "a2q_plus from scratch": Variant(method="a2q_plus", build=quantizer, float_start=False),
}

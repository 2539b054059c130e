"""Two branches become one: residual addition and concatenation of equal scales.

Integers can be added, or stand side by side, only where one unit means the same in both branches.
So both branches must end in the *same* `QuantActivation`, called once on each; what already is
quantized may be quantized again by it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.activation import Quantizer, checked_source
from hwgen.nn.rounding import round_half_up


class QuantAdd(nn.Module):
    """Add two tensors of one quantizer; the sum is exact, and a `QuantActivation` must follow.

    Parameters
    ----------
    source
        The quantizer whose values reach both sides.
    """

    def __init__(self, *, source: Quantizer) -> None:
        super().__init__()
        self._source = (checked_source("QuantAdd", source),)  # a tuple, so that it is no submodule

    @property
    def source(self) -> Quantizer:
        """The quantizer whose values are added."""
        return self._source[0]

    @property
    def zero_sum(self) -> float:
        """The sum of the codes of two zeros."""
        return 2 * self.source.zero_point

    def value_of_sum(self, sums: Tensor) -> Tensor:
        """Turn sums of codes less their zero point into real ones."""
        return sums * self.source.scale.to(sums)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Add two tensors of one shape."""
        if self.training:
            return left + right
        scale, zero_point = self.source.scale.to(left), self.source.zero_point
        first, second = (round_half_up(x / scale + zero_point) for x in (left, right))
        return self.value_of_sum(first + second - self.zero_sum)


class Concat(nn.Module):
    """Join two tensors or more of one quantizer along their channels."""

    def forward(self, *parts: Tensor) -> Tensor:
        """Join tensors (samples, channels, ...) of one shape but for the channels."""
        return torch.cat(parts, dim=1)

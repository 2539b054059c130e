"""The operations with weights: sums of products that need an accumulator."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.bounds import common_divisor, row_ranges
from hwgen.ir.accumulator import Accumulator
from hwgen.ir.padding import Padding
from hwgen.numeric import IntArray, Range


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dense:
    """Integer matrix-vector product plus bias: `weight @ x + bias`.

    `weight` is (out_features, in_features), `bias` (out_features,), both int64.
    """

    name: str
    inputs: tuple[str, ...]
    weight: IntArray
    weight_bits: int
    bias: IntArray
    accumulators: tuple[Accumulator, ...]

    @property
    def rows(self) -> IntArray:
        """The weights of every output channel, shape (out_features, in_features)."""
        return self.weight

    def totals(self, inputs: Range) -> list[Range]:
        """Exact range of every row's sum, bias included, for inputs in `inputs`."""
        return row_ranges(self.rows, inputs, self.bias)

    def divisor(self, row: int) -> int:
        """Give the common divisor of the weights of a row, which its sums less the bias have."""
        return common_divisor(self.rows[row])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conv2d:
    """Integer cross-correlation plus bias, as in torch, with `padding_value` around the image.

    `weight` is (out_channels, in_channels / groups, kh, kw), `bias` (out_channels,), both int64;
    `stride` is (vertical, horizontal), `padding` the same for both sides, or (top, left, bottom,
    right). Depthwise is `groups = in_channels`. The padding's value lies in the input's range; it
    is the code of zero, and 0 where codes have no zero point.
    """

    name: str
    inputs: tuple[str, ...]
    weight: IntArray
    weight_bits: int
    bias: IntArray
    accumulators: tuple[Accumulator, ...]
    stride: tuple[int, int] = (1, 1)
    padding: Padding = (0, 0)
    groups: int = 1
    padding_value: int = 0

    @property
    def rows(self) -> IntArray:
        """The weights of every output channel, shape (out_channels, K)."""
        return self.weight.reshape(len(self.weight), -1)

    def totals(self, inputs: Range) -> list[Range]:
        """Exact range of every channel's sum, bias included, for inputs in `inputs`."""
        return row_ranges(self.rows, inputs, self.bias)

    def divisor(self, row: int) -> int:
        """Give the common divisor of the weights of a channel, as in `Dense`."""
        return common_divisor(self.rows[row])


Weighted = Dense | Conv2d

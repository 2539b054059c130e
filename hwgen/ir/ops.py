"""The operations without weights, and the closed union of all operations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hwgen.ir.padding import Padding
from hwgen.ir.weighted import Conv2d, Dense
from hwgen.numeric import IntArray, IntType, Range


@dataclass(frozen=True, slots=True)
class Tensor:
    """What flows along an edge: a shape without the batch axis, and the range of every element.

    The shape is (features,), or (channels, height, width) for an image.
    """

    shape: tuple[int, ...]
    range: Range


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Threshold:
    """Requantization: `output.lo` plus the number of the channel's thresholds that x reaches.

    `thresholds` is (channels, steps) int64, or (1, steps) where all channels share a row, ascending
    in each row; channel is axis 0 of x. There are at most 2**bits - 1 steps.
    """

    name: str
    inputs: tuple[str, ...]
    thresholds: IntArray
    output: IntType

    @property
    def steps(self) -> int:
        """Thresholds of a channel: codes are `output.lo` to `output.lo + steps`."""
        return int(self.thresholds.shape[1])

    def of_channel(self, channel: int) -> IntArray:
        """Give the thresholds of a channel, (steps,)."""
        row: IntArray = self.thresholds[channel if len(self.thresholds) > 1 else 0]
        return row

    def full(self, channels: int) -> IntArray:
        """Give a row for each channel, (channels, steps)."""
        rows: IntArray = self.thresholds.repeat(channels // len(self.thresholds), axis=0)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool2d:
    """Largest element of each window that lies in the image; each window has one at least.

    `padding` is how far windows reach beyond the image, as in `Conv2d`.
    """

    name: str
    inputs: tuple[str, ...]
    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SumPool2d:
    """Sum of each window: an average pooling before its division, which a threshold takes in."""

    name: str
    inputs: tuple[str, ...]
    kernel_size: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Element-wise sum of two tensors of one shape, whose integers stand for one scale.

    `multipliers` are what the integers of each are taken times, where their scales are unlike.
    """

    name: str
    inputs: tuple[str, ...]
    multipliers: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """Two tensors or more, one behind the other along axis 0, the channels."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsampleNearest:
    """Every pixel `factor` times in each direction."""

    name: str
    inputs: tuple[str, ...]
    factor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShuffle:
    """Channels to pixels: (C * r * r, H, W) to (C, H * r, W * r), r the `factor`, as in torch.

    Pixel (y, x) of channel c comes from channel `c * r * r + y % r * r + x % r`.
    """

    name: str
    inputs: tuple[str, ...]
    factor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten:
    """All elements in one axis, last index fastest."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argmax:
    """Index of the largest element; the lowest index among equals. Output shape (1,).

    Where there are `labels`, one an element and all unlike, the label of that element instead.
    """

    name: str
    inputs: tuple[str, ...]
    labels: tuple[int, ...] | None = None

    def given(self, elements: int) -> Range:
        """Give the range of what it gives for so many elements."""
        labels = self.labels or (0, elements - 1)
        return Range(min(labels), max(labels))


Op = (
    Dense
    | Conv2d
    | Threshold
    | MaxPool2d
    | SumPool2d
    | Add
    | Concat
    | UpsampleNearest
    | PixelShuffle
    | Flatten
    | Argmax
)


def operation_name(node: Op) -> str:
    """Name of the operation in files and messages: `conv2d`, `max_pool2d`, `pixel_shuffle`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(node).__name__).lower()

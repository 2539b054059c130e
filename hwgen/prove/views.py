"""What each position of a layer on a map sees, and the weights that it gives to it.

A vector is a map of one position, and its elements are channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from hwgen.ir import Add, Argmax, Conv2d, Dense, Flatten, Graph, MaxPool2d, Op, SumPool2d, Threshold
from hwgen.ir.padding import Padding, windows_of
from hwgen.numeric import BoolArray, IntArray, Range

OUTSIDE = -2  # no pixel of the image


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The low bits of an integer, which is in `limits`, in a lane of so many bits."""

    limits: Range
    bits: int


@dataclass(frozen=True, kw_only=True)
class View:
    """The windows of an operation; tap (u, v) is number `u * kernel[1] + v`.

    Outside the image a tap is `beside`, or, where that is None, the lowest number of its lane.
    """

    image: tuple[int, int]
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: Padding = (0, 0)
    beside: int | None = 0

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns of positions."""
        return windows_of(self.image, self.kernel, self.stride, self.padding)

    @cached_property
    def pixels(self) -> IntArray:
        """Number of the pixel, in raster order, of each tap of each position, or OUTSIDE.

        (positions, taps).
        """
        axes = [
            np.arange(count)[:, None] * stride - around + np.arange(kernel)
            for count, stride, around, kernel in zip(
                self.outputs, self.stride, self.padding[:2], self.kernel, strict=True
            )
        ]
        rows, columns = axes[0][:, None, :, None], axes[1][None, :, None, :]
        (height, width), (count, taps) = self.image, (np.prod(self.outputs), np.prod(self.kernel))
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        found = np.where(inside, rows * width + columns, OUTSIDE)
        return np.asarray(found.reshape(int(count), int(taps)))

    @cached_property
    def classes(self) -> BoolArray:
        """The different sets of taps that are inside the image at some position."""
        return np.asarray(np.unique(self.pixels != OUTSIDE, axis=0))


def view_of(node: Op | None, image: tuple[int, int]) -> View:
    """Give the windows of an operation; those of one pixel where it looks at no more."""
    match node:
        case Conv2d():
            kernel = node.weight.shape[2], node.weight.shape[3]
            return View(
                image=image,
                kernel=kernel,
                stride=node.stride,
                padding=node.padding,
                beside=node.padding_value,
            )
        case MaxPool2d():
            return View(
                image=image,
                kernel=node.kernel_size,
                stride=node.stride,
                padding=node.padding,
                beside=None,
            )
        case SumPool2d():
            return View(image=image, kernel=node.kernel_size, stride=node.stride)
        case _:
            return View(image=image)


def weights_of(node: Op | None, channels: int) -> tuple[IntArray, IntArray]:
    """Give the weights, (rows, taps, channels), and biases of an operation.

    Operations without weights are the matrix that changes nothing; a pooling sums its window, an
    addition its operands, of which one follows another.
    """
    match node:
        case Dense():
            return node.weight[:, None, :], node.bias
        case Conv2d():
            rows, group, height, width = node.weight.shape
            weight = np.zeros((rows, height * width, channels), np.int64)
            own = rows // node.groups
            for row, index in product(range(rows), range(group)):
                taps = node.weight[row, index].reshape(-1)
                weight[row, :, row // own * group + index] = taps
            return weight, node.bias
        case Add():
            operand = np.eye(channels // len(node.inputs), dtype=np.int64)
            weight = np.kron(np.array([node.multipliers]), operand)[:, None, :]
            return weight, np.zeros(len(operand), np.int64)
        case SumPool2d():
            taps = int(np.prod(node.kernel_size))
            ones = np.eye(channels, dtype=np.int64)[:, None, :].repeat(taps, axis=1)
            return ones, np.zeros(channels, np.int64)
        case _:
            return np.eye(channels, dtype=np.int64)[:, None, :], np.zeros(channels, np.int64)


def is_map(graph: Graph) -> bool:
    """Whether a network is more than a chain of dense layers, and is followed as one on maps."""
    first = next((node for node in graph.nodes if not isinstance(node, Flatten)), None)
    dense = Dense | Threshold | Argmax | Flatten
    return not isinstance(first, Dense) or not all(isinstance(n, dense) for n in graph.nodes)

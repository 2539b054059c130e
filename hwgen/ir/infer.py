"""What an operation makes of its inputs: the shape and exact range of its output, or refusals."""

from __future__ import annotations

from math import prod
from typing import assert_never

from hwgen.ir.accumulator import MAX_ACCUMULATOR_BITS
from hwgen.ir.infer_weighted import infer_weighted
from hwgen.ir.ops import (
    Add,
    Argmax,
    Concat,
    Flatten,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Tensor,
    Threshold,
    UpsampleNearest,
)
from hwgen.ir.weighted import Conv2d, Dense
from hwgen.numeric import Range

Result = Tensor | list[str]  # the output, or all problems found


def infer(node: Op, sources: list[Tensor]) -> Result:
    """Give the tensor that a node makes of `sources`, or what is wrong with it."""
    source = sources[0]
    match node:
        case Dense() | Conv2d():
            return infer_weighted(node, source)
        case Threshold():
            return _threshold(node, source)
        case MaxPool2d() | SumPool2d():
            return _pool(node, source)
        case Add():
            return _add(*sources)
        case Concat():
            return _concat(sources)
        case UpsampleNearest() | PixelShuffle():
            return _enlarge(node, source)
        case Flatten():
            return Tensor((prod(source.shape),), source.range)
        case Argmax():
            if len(source.shape) != 1:
                return [f"input must have one axis, not shape {source.shape}; flatten it"]
            return Tensor((1,), Range(0, source.shape[0] - 1))
        case _:
            assert_never(node)


def _threshold(node: Threshold, source: Tensor) -> Result:
    shape = (source.shape[0], (1 << node.output.bits) - 1)
    if node.thresholds.shape != shape:
        return [f"thresholds must have shape {shape}, not {node.thresholds.shape}"]
    if (node.thresholds[:, 1:] < node.thresholds[:, :-1]).any():  # a difference could overflow
        return ["thresholds must ascend in every channel"]
    return Tensor(source.shape, node.output.range)


def _pool(node: MaxPool2d | SumPool2d, source: Tensor) -> Result:
    if len(source.shape) != 3:
        return [f"input must be an image (channels, height, width), not {source.shape}"]
    channels, *image = source.shape
    if min(node.kernel_size + node.stride) < 1:
        sizes = f"kernel_size {node.kernel_size} and stride {node.stride}"
        return [f"kernel_size and stride must be at least 1, not {sizes}"]
    if any(kernel > size for kernel, size in zip(node.kernel_size, image, strict=True)):
        return [f"kernel_size must fit the image {tuple(image)}, not {node.kernel_size}"]
    height, width = (
        (size - kernel) // step + 1
        for size, kernel, step in zip(image, node.kernel_size, node.stride, strict=True)
    )
    shape = (channels, height, width)
    if isinstance(node, MaxPool2d):
        return Tensor(shape, source.range)
    area = prod(node.kernel_size)
    return _sum_tensor(shape, Range(source.range.lo * area, source.range.hi * area))


def _add(left: Tensor, right: Tensor) -> Result:
    if left.shape != right.shape:
        return [f"inputs must have one shape, not {left.shape} and {right.shape}"]
    total = Range(left.range.lo + right.range.lo, left.range.hi + right.range.hi)
    return _sum_tensor(left.shape, total)


def _sum_tensor(shape: tuple[int, ...], total: Range) -> Result:
    if total.signed_bits > MAX_ACCUMULATOR_BITS:
        return [f"sums must fit {MAX_ACCUMULATOR_BITS} bits"]
    return Tensor(shape, total)


def _concat(sources: list[Tensor]) -> Result:
    first, *others = sources
    whole = first.range
    for other in others:
        if other.shape[1:] != first.shape[1:]:
            shapes = " and ".join(str(source.shape) for source in sources)
            return [f"inputs must have one shape but for the channels, not {shapes}"]
        whole = whole.union(other.range)
    return Tensor((sum(source.shape[0] for source in sources), *first.shape[1:]), whole)


def _enlarge(node: UpsampleNearest | PixelShuffle, source: Tensor) -> Result:
    if len(source.shape) != 3:
        return [f"input must be an image (channels, height, width), not {source.shape}"]
    if node.factor < 1:
        return [f"factor must be at least 1, not {node.factor}"]
    channels, height, width = source.shape
    if isinstance(node, PixelShuffle):
        area = node.factor * node.factor
        if channels % area:
            return [f"channels must be a multiple of factor**2 = {area}, not {channels}"]
        channels //= area
    return Tensor((channels, height * node.factor, width * node.factor), source.range)

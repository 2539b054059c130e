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
from hwgen.ir.padding import padded_size, sides, windows_of
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
            return _add(node, *sources)
        case Concat():
            return _concat(sources)
        case UpsampleNearest() | PixelShuffle():
            return _enlarge(node, source)
        case Flatten():
            return Tensor((prod(source.shape),), source.range)
        case Argmax():
            if len(source.shape) != 1:
                return [f"input must have one axis, not shape {source.shape}; flatten it"]
            return _argmax(node, source.shape[0])
        case _:
            assert_never(node)


def _threshold(node: Threshold, source: Tensor) -> Result:
    channels, most = source.shape[0], (1 << node.output.bits) - 1
    rows, *steps = node.thresholds.shape or (0,)
    if rows not in (1, channels) or len(steps) != 1 or not 1 <= steps[0] <= most:
        shape = f"({channels} or 1, 1 to {most})"
        return [f"thresholds must have shape {shape}, not {node.thresholds.shape}"]
    if (node.thresholds[:, 1:] < node.thresholds[:, :-1]).any():  # a difference could overflow
        return ["thresholds must ascend in every channel"]
    return Tensor(source.shape, Range(node.output.lo, node.output.lo + node.steps))


def _pool(node: MaxPool2d | SumPool2d, source: Tensor) -> Result:
    if len(source.shape) != 3:
        return [f"input must be an image (channels, height, width), not {source.shape}"]
    channels, *image = source.shape
    if min(node.kernel_size + node.stride) < 1:
        sizes = f"kernel_size {node.kernel_size} and stride {node.stride}"
        return [f"kernel_size and stride must be at least 1, not {sizes}"]
    padding = node.padding if isinstance(node, MaxPool2d) else (0, 0)
    if any(not 0 <= p < k for p, k in zip(sides(padding), 2 * node.kernel_size, strict=True)):
        return [f"padding must be 0 to less than kernel_size {node.kernel_size}, not {padding}"]
    size = padded_size((image[0], image[1]), padding)
    if any(kernel > room for kernel, room in zip(node.kernel_size, size, strict=True)):
        return [f"kernel_size must fit the image {size}, not {node.kernel_size}"]
    shape = (channels, *windows_of((image[0], image[1]), node.kernel_size, node.stride, padding))
    if isinstance(node, MaxPool2d):
        return Tensor(shape, source.range)
    area = prod(node.kernel_size)
    return _sum_tensor(shape, Range(source.range.lo * area, source.range.hi * area))


def _add(node: Add, left: Tensor, right: Tensor) -> Result:
    if left.shape != right.shape:
        return [f"inputs must have one shape, not {left.shape} and {right.shape}"]
    if 0 in node.multipliers:
        return [f"multipliers must not be 0, not {node.multipliers}"]
    if any(abs(factor) >> MAX_ACCUMULATOR_BITS for factor in node.multipliers):
        return [f"multipliers must fit {MAX_ACCUMULATOR_BITS} bits"]
    a, b = (
        sorted((factor * source.range.lo, factor * source.range.hi))
        for factor, source in zip(node.multipliers, (left, right), strict=True)
    )
    return _sum_tensor(left.shape, Range(a[0] + b[0], a[1] + b[1]))


def _argmax(node: Argmax, elements: int) -> Result:
    labels = range(elements) if node.labels is None else node.labels
    if len(labels) != elements or len(set(labels)) != elements or min(labels) < 0:
        return [f"labels must be {elements} unlike numbers from 0 on, not {node.labels}"]
    return Tensor((1,), node.given(elements))


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

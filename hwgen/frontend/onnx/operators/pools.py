"""Reads poolings: largest elements, and sums whose scale is divided by their number."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import lcm, prod

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.operators.layers import Weights, Window, convolution, dense
from hwgen.frontend.onnx.operators.products import (
    is_channels_last,
    padding_code,
    pair_of,
    unpadded,
    window_of,
)
from hwgen.frontend.onnx.quantizing.plain_values import plain
from hwgen.frontend.onnx.tensors.layouts import as_file, as_map, image
from hwgen.frontend.onnx.tensors.value import ZERO, Channel, Value, one_if_equal
from hwgen.frontend.onnx.tensors.walk import MOST_ELEMENTS, Walk
from hwgen.ir import MaxPool2d, SumPool2d

Sides = tuple[int, int, int, int]


def max_pool(walk: Walk, node: Node, value: Value) -> Value:
    """Read MaxPool, GlobalMaxPool: on integers, whatever rising functions follow them."""
    last = is_channels_last(node)
    if value.node is None:
        raise ModelError("must read a quantizer; quantize the input before it, or give --input")
    signs = [channel.direction or 1 for channel in value.channels]
    if -1 in signs:
        value = walk.scaled_rows(value, signs)
        turned = (
            replace(channel, scale=channel.scale * sign)
            for channel, sign in zip(value.channels, signs, strict=True)
        )
        value = replace(value, channels=one_if_equal(turned))
    places, around = unpadded(as_map(value.where, last))
    if any(around):
        raise ModelError("must not read padded maps; put the padding into its pads")
    kernel, stride, pads = _window(node, (places.shape[1], places.shape[2]))
    value = image(walk, value, places)
    if len(value.shape) == 1:
        return _one_pixel(value)
    assert value.node is not None
    pool = MaxPool2d(
        name=walk.name(),
        inputs=(value.node,),
        kernel_size=kernel,
        stride=stride,
        padding=pads[:2] if pads[:2] == pads[2:] else pads,
    )
    shape = walk.add(pool, value).shape
    return _behind(value, pool.name, shape, as_file(shape, value.where.ndim, last))


def _one_pixel(value: Value) -> Value:
    """Give a vector, in whose order the channels of a map of one pixel are, the file's shape."""
    return replace(value, where=np.arange(value.shape[0]).reshape(value.where.shape))


def _behind(value: Value, name: str, shape: tuple[int, ...], where: np.ndarray) -> Value:
    return replace(value, node=name, shape=shape, where=where, shared=False, trail=())


def _window(node: Node, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int], Sides]:
    """Give kernel, stride and pads, those that rounding up adds among them."""
    if node.op.startswith("Global"):
        return size, (1, 1), (0, 0, 0, 0)
    given = attributes.integers(node, "kernel_shape")
    if given is None:
        raise ModelError("kernel_shape must be given; export the model again")
    kernel = pair_of(given, "kernel_shape")
    stride, dilation, pads = window_of(node, size, kernel)
    if dilation != (1, 1):
        raise ModelError(f"dilations must be 1, not {dilation}; use another pooling")
    if attributes.integer(node, "ceil_mode", 0):
        more = [
            _rounded_up(size[i] + pads[i] + pads[i + 2], kernel[i], stride[i], size[i] + pads[i])
            for i in (0, 1)
        ]
        pads = (pads[0], pads[1], pads[2] + more[0], pads[3] + more[1])
    room = (size[0] + pads[0] + pads[2], size[1] + pads[1] + pads[3])
    if kernel[0] > room[0] or kernel[1] > room[1]:
        raise ModelError(f"kernel {kernel} must fit the padded map {room}; export the model again")
    return kernel, stride, pads


def _rounded_up(room: int, kernel: int, stride: int, end: int) -> int:
    """Give how far the last window reaches beyond, where it starts before `end` of the data."""
    windows = -(-max(room - kernel, 0) // stride) + 1
    if (windows - 1) * stride >= end:
        windows -= 1
    return max((windows - 1) * stride + kernel - room, 0)


def average_pool(walk: Walk, node: Node, value: Value) -> Value:
    """Read AveragePool and GlobalAveragePool as sums, which an average is a fraction of."""
    last = is_channels_last(node) or bool(attributes.integer(node, "channels_last", 0))
    value = plain(walk, value)
    places, around = unpadded(as_map(value.where, last))
    if any(around):
        raise ModelError("must not read padded maps; put the padding into its pads")
    size = (places.shape[1], places.shape[2])
    kernel, stride, pads = _window(node, size)
    value = image(walk, value, places)
    rank, area = value.where.ndim, prod(kernel)
    if len(value.shape) == 1:
        return _one_pixel(value)
    if not any(pads):
        return _summed(walk, value, kernel, stride, (rank, last))
    inside = attributes.integer(node, "count_include_pad", 0)
    if inside and not attributes.integer(node, "ceil_mode", 0):
        value, padding_value = padding_code(walk, value, ZERO)
        ones = np.ones((value.shape[0], 1, *kernel), np.int64)
        scale = np.full((1, 1, 1, 1), Fraction(1, area), object)
        window = Window(
            stride=stride, padding=pads, groups=value.shape[0], padding_value=padding_value
        )
        weights = Weights(codes=ones, scale=scale)
        made = convolution(walk, value, weights, [ZERO] * value.shape[0], window)
        return replace(made, where=as_file(made.shape, rank, last))
    return _unequal(walk, value, kernel, stride, pads, (rank, last, bool(inside)))


def _summed(
    walk: Walk,
    value: Value,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    layout: tuple[int, bool],
) -> Value:
    assert value.node is not None
    area = prod(kernel)
    pool = SumPool2d(name=walk.name(), inputs=(value.node,), kernel_size=kernel, stride=stride)
    shape = walk.add(pool, value).shape
    divided = value.each(lambda channel: Channel(channel.scale / area, channel.offset))
    return _behind(divided, pool.name, shape, as_file(shape, *layout))


def _unequal(
    walk: Walk,
    value: Value,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: Sides,
    layout: tuple[int, bool, bool],
) -> Value:
    """Average over windows of unlike sizes: a matrix whose rows are whole parts of one multiple."""
    channels, height, width = value.shape
    rows = (height + pads[0] + pads[2] - kernel[0]) // stride[0] + 1
    columns = (width + pads[1] + pads[3] - kernel[1]) // stride[1] + 1
    if channels * height * width * channels * rows * columns > MOST_ELEMENTS:
        raise ModelError(
            "averages must be over windows of one size on maps so large; "
            "use count_include_pad = 1 or no pads"
        )
    rank, last, inside = layout
    window = np.zeros((rows * columns, height, width), np.int64)
    counts = []
    for index, (i, j) in enumerate(np.ndindex(rows, columns)):
        top, left = i * stride[0] - pads[0], j * stride[1] - pads[1]
        bottom, right = top + kernel[0], left + kernel[1]
        window[index, max(top, 0) : bottom, max(left, 0) : right] = 1
        counts.append(_counted((top, left, bottom, right), (height, width), pads, inside))
    multiple = lcm(*counts)
    if multiple > 1 << 24:
        raise ModelError("averages must be over windows of one size; use count_include_pad = 1")
    window *= np.array([multiple // count for count in counts])[:, np.newaxis, np.newaxis]
    matrix = np.kron(np.eye(channels, dtype=np.int64), window.reshape(rows * columns, -1))
    if any(channel.offset for channel in value.channels) and inside:
        raise ModelError("padding must be the code 0; use count_include_pad = 0")
    scale = np.full((1, 1), Fraction(1, multiple), object)
    weights = Weights(codes=matrix, scale=scale)
    places = np.arange(channels * height * width)
    made = dense(walk, value, places, weights, [ZERO] * len(matrix))
    where = as_file((channels, rows, columns), rank, last)
    return replace(made, where=where)


def _counted(box: Sides, size: tuple[int, int], pads: Sides, inside: bool) -> int:
    """Give how many elements a window is divided by, its pads among them where `inside`."""
    top, left, bottom, right = box
    lo = (-pads[0], -pads[1]) if inside else (0, 0)
    hi = (size[0] + pads[2], size[1] + pads[3]) if inside else size
    return (min(bottom, hi[0]) - max(top, lo[0])) * (min(right, hi[1]) - max(left, lo[1]))


def reduce_mean(walk: Walk, node: Node, value: Value, axes: list[int] | None) -> Value:
    """Read ReduceMean and ReduceSum over rows and columns."""
    rank = value.where.ndim
    found = sorted({axis % rank for axis in axes or range(1, rank)})
    keep = bool(attributes.integer(node, "keepdims", 1))
    spatial = list(range(2, rank))
    if rank in (3, 4) and found == spatial:
        last = False
    elif rank in (3, 4) and found == list(range(1, rank - 1)):
        last = True
    else:
        raise ModelError(f"axes must be those of rows and columns, not {found}; reshape it before")
    value = plain(walk, value)
    value = image(walk, value, as_map(value.where, last))
    if len(value.shape) == 3:
        size = (value.shape[1], value.shape[2])
        value = _summed(walk, value, size, (1, 1), (rank, last))
        if node.op == "ReduceSum":
            area = prod(size)
            value = value.each(lambda c: Channel(c.scale * area, c.offset * area))
    else:
        value = _one_pixel(value)
    return value if keep else replace(value, where=value.where.squeeze(tuple(found)))

"""Reads what joins two branches or more: sums, differences and concatenations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.quantizing.plain_values import common_unit, plain
from hwgen.frontend.onnx.tensors.layouts import image
from hwgen.frontend.onnx.tensors.value import ONE, Channel, Value, one_if_equal
from hwgen.frontend.onnx.tensors.walk import Walk
from hwgen.ir import Add, Concat

MOST_BITS = 62  # of a sum


def add(walk: Walk, left: Value, right: Value, subtract: bool = False) -> Value:
    """Append the sum of two values: integers of one unit, each taken times what its scale has."""
    if left.where.shape != right.where.shape:
        raise ModelError(
            f"must add tensors of one shape, not {left.where.shape} and {right.where.shape}; "
            "build that part in software"
        )
    left, right = plain(walk, left), plain(walk, right)
    if left.pad is not None or right.pad is not None:
        raise ModelError("Pad must stand in front of a convolution or pooling; move it there")
    left, right = _alike(walk, left, right)
    count = max(len(left.channels), len(right.channels))
    sign = -1 if subtract else 1
    pairs, channels = [], []
    for index in range(count):
        a, b = left.channel(index), right.channel(index)
        unit = common_unit([a.scale, b.scale]) or ONE
        pairs.append((int(a.scale / unit), sign * int(b.scale / unit)))
        channels.append(Channel(unit, a.offset + sign * b.offset))
    ranges = [walk.limits(one) for one in (left, right)]
    widest = max(abs(a) * ranges[0].span + abs(b) * ranges[1].span for a, b in pairs)
    if widest.bit_length() >= MOST_BITS:
        raise ModelError(
            "scales of what is added must have a common unit, and these have none that is near; "
            "put a quantizer behind each branch"
        )
    multipliers = pairs[0]
    if any(pair != pairs[0] for pair in pairs) or 0 in multipliers:
        left = walk.scaled_rows(left, [pair[0] for pair in pairs])
        right = walk.scaled_rows(right, [pair[1] for pair in pairs])
        multipliers = (1, 1)
    assert left.node is not None
    assert right.node is not None
    both = replace(left, trail=(*left.trail, *right.trail))
    name = walk.name()
    node = Add(name=name, inputs=(left.node, right.node), multipliers=multipliers)
    shape = walk.add(node, both).shape
    return replace(
        both, node=name, shape=shape, channels=one_if_equal(channels), shared=False, trail=()
    )


def _alike(walk: Walk, left: Value, right: Value) -> tuple[Value, Value]:
    """Give both with the elements of the same places in the file side by side."""
    if left.shape == right.shape and np.array_equal(left.where, right.where):
        return left, right
    if len(left.shape) == 3 and right.where.size == int(np.prod(right.shape)):
        places = np.empty(left.shape, np.int64)
        places.ravel()[left.where.ravel()] = right.where.ravel()
        if left.where.size == places.size:
            moved = image(walk, right, places)
            if moved.shape == left.shape:
                return left, replace(moved, where=left.where)
    left, right = walk.flattened(left), walk.flattened(right)
    if left.shape != right.shape or left.where.size != left.shape[0]:
        raise ModelError("must add elements of the same places; leave movers before it out")
    if not np.array_equal(left.where, right.where):
        order = np.empty(left.shape, np.int64)
        order[left.where.ravel()] = right.where.ravel()
        channels = right.channels
        right = walk.selection(right, order)
        if len(channels) > 1:
            right = replace(right, channels=one_if_equal(channels[place] for place in order))
    return left, replace(right, where=left.where)


def concat(walk: Walk, values: Sequence[Value], axis: int) -> Value:
    """Append the channels of several values behind one another."""
    first = values[0]
    if any(value.node is None for value in values):
        raise ModelError("must read quantizers; quantize the input before it, or give --input")
    if any(value.pad is not None for value in values):
        raise ModelError("Pad must stand in front of a convolution or pooling; move it there")
    parts, places, start = [], [], 0
    if any(len(value.shape) == 1 for value in values):
        values = [walk.flattened(value) for value in values]
        first = values[0]
    for given in values:
        if given.shape[1:] != first.shape[1:]:
            raise ModelError("must join channels of maps of one size, not pixels; export it again")
        parts.append(given)
        places.append(given.where + start)
        start += int(np.prod(given.shape))
    try:
        where = np.concatenate(places, axis)
    except ValueError:
        raise ModelError("must join tensors of one shape but for the axis; export it") from None
    channels = one_if_equal(
        value.channel(index) for value in parts for index in range(value.shape[0])
    )
    trail = tuple(name for value in parts for name in value.trail)
    name = walk.name()
    nodes = tuple(value.node for value in parts if value.node is not None)
    joined = replace(first, where=where, channels=channels, shared=False, trail=trail)
    shape = walk.add(Concat(name=name, inputs=nodes), joined).shape
    return replace(joined, node=name, shape=shape, trail=())

"""Finds which operations of the network bring elements to where a layer reads them.

Everything that only moves elements was kept as places in the last node's output. Where a layer
needs a map or a vector, the places say whether channels were chosen or sorted, pixels repeated or
channels made pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.tensors.value import Value, one_if_equal
from hwgen.frontend.onnx.tensors.walk import Walk
from hwgen.ir import PixelShuffle, UpsampleNearest
from hwgen.numeric import IntArray


@dataclass(slots=True, eq=False)
class SettleError(Exception):
    """A layer reads the input in another order than the file has it: (channels, rows, columns)."""

    places: IntArray


def image(walk: Walk, value: Value, places: IntArray) -> Value:
    """Give a value whose node has the elements as they lie in `places`, (channels, rows, columns).

    A vector stays one where the map is a single pixel.

    Raises
    ------
    SettleError
        Where the order of the input decides, and is still open.
    ModelError
        Where no operation of the network moves elements so.
    """
    if places.shape == value.shape and _in_order(places):
        return value
    if value.node in walk.like_input and not walk.is_settled and _is_permutation(places, value):
        raise SettleError(places)
    if value.node is None:
        raise ModelError("must not move elements before the first quantizer; quantize the input")
    rows, columns = places.shape[1:]
    if len(value.shape) == 1:
        if (rows, columns) != (1, 1):
            raise ModelError("must not read a vector as a map again; leave the flatten out")
        return _chosen(walk, value, places.ravel())
    return _moved(walk, value, places)


def _in_order(places: IntArray) -> bool:
    return np.array_equal(places.ravel(), np.arange(places.size))


def _is_permutation(places: IntArray, value: Value) -> bool:
    size = int(np.prod(value.shape))
    return places.size == size and _in_order(np.sort(places.ravel()))


def _moved(walk: Walk, value: Value, places: IntArray) -> Value:
    _, height, width = value.shape
    rows, columns = places.shape[1:]
    channel, row, column = np.unravel_index(places, value.shape)
    factor = rows // height
    grid_rows = np.arange(rows)[:, np.newaxis] // max(factor, 1)
    grid_columns = np.arange(columns) // max(factor, 1)
    if (
        factor < 1
        or (rows, columns) != (height * factor, width * factor)
        or (row != grid_rows).any()
        or (column != grid_columns).any()
    ):
        raise ModelError(
            value.resized
            or "must read a map whose pixels were not moved, but for enlargements and pixel "
            "shuffles; move them in the data"
        )
    phases = channel[:, :factor, :factor]  # (channels, factor, factor)
    if (channel != np.tile(phases, (1, height, width))).any():
        raise ModelError("must read channels in one order in all pixels; move them in the data")
    if (phases == phases[:, :1, :1]).all():
        value = _chosen(walk, value, phases[:, 0, 0])
        return value if factor == 1 else _enlarged(walk, value, factor)
    return _shuffled(walk, _chosen(walk, value, phases.ravel()), factor)


def _chosen(walk: Walk, value: Value, channels: IntArray) -> Value:
    """Give these channels, in this order."""
    if np.array_equal(channels, np.arange(value.shape[0])):
        return value
    own = value.channels
    value = walk.selection(value, channels)
    if len(own) > 1:
        value = replace(value, channels=one_if_equal(own[channel] for channel in channels))
    return value


def _enlarged(walk: Walk, value: Value, factor: int) -> Value:
    assert value.node is not None
    node = UpsampleNearest(name=walk.name("_enlarged"), inputs=(value.node,), factor=factor)
    shape = walk.add(node, value).shape
    return replace(value, node=node.name, shape=shape, shared=False, trail=())


def _shuffled(walk: Walk, value: Value, factor: int) -> Value:
    assert value.node is not None
    assert value.node is not None
    if len(value.channels) > 1:
        area = factor * factor
        groups = [value.channels[i : i + area] for i in range(0, len(value.channels), area)]
        if any(len(one_if_equal(group)) > 1 for group in groups):
            raise ModelError("channels that become pixels must have one scale; quantize them first")
        value = replace(value, channels=one_if_equal(group[0] for group in groups))
    assert value.node is not None
    node = PixelShuffle(name=walk.name("_pixels"), inputs=(value.node,), factor=factor)
    shape = walk.add(node, value).shape
    return replace(value, node=node.name, shape=shape, shared=False, trail=())


def as_map(where: IntArray, channels_last: bool) -> IntArray:
    """Give the places of a tensor of the file as (channels, rows, columns), a line as one row.

    Raises
    ------
    ModelError
        Where it is no map of one sample.
    """
    if where.ndim not in (3, 4) or where.shape[0] != 1:
        raise ModelError(
            f"must read a map of one sample (1, channels, height, width), not {where.shape}"
        )
    places = where[0]
    if channels_last:
        places = np.moveaxis(places, -1, 0)
    return np.asarray(places if places.ndim == 3 else places[:, np.newaxis], np.int64)


def as_file(shape: tuple[int, ...], rank: int, channels_last: bool) -> IntArray:
    """Give the places of a map's elements in the file's shape of so many axes."""
    places = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    if rank == 3:
        places = places[:, 0]
    if channels_last:
        places = np.moveaxis(places, 0, -1)
    return places[np.newaxis]

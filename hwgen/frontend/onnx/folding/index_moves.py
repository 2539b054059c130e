"""Operators that only move elements about, as functions of an array of any kind.

The same function moves the elements of a constant, its codes, and the places of a tensor that
depends on the input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.folding.constants import MOST_FOLDED
from hwgen.frontend.onnx.folding.resize import resized_axes

Move = Callable[[Any], Any]
Given = Sequence[np.ndarray | None]  # the inputs behind the first

MOVES = {
    *("Identity", "Dropout", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze"),
    *("Slice", "Gather", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Resize", "Upsample"),
}


def move_of(node: Node, shape: tuple[int, ...], given: Given, opset: int) -> Move:
    """Give what the node does with an array of this shape.

    Raises
    ------
    ModelError, ValueError, IndexError, TypeError
        Where its other inputs do not suit.
    """
    match node.op:
        case "Identity" | "Dropout":
            return lambda array: array
        case "Flatten":
            axis = attributes.integer(node, "axis", 1)
            axis += len(shape) if axis < 0 else 0
            return lambda array: array.reshape(prod(shape[:axis]), prod(shape[axis:]))
        case "Reshape":
            target = _target_shape(node, shape, given)
            return lambda array: array.reshape(target)
        case "Transpose":
            order = attributes.integers(node, "perm") or list(range(len(shape)))[::-1]
            return lambda array: array.transpose(order)
        case "Squeeze":
            axes = _axes(node, given)
            squeezed = tuple(axes) if axes else tuple(i for i, n in enumerate(shape) if n == 1)
            return lambda array: array.squeeze(squeezed)
        case "Unsqueeze":
            added = tuple(_axes(node, given) or ())
            _bound(2 ** len(added))
            return lambda array: np.expand_dims(array, added)
        case _:
            return _picking(node, shape, given, opset)


def _picking(node: Node, shape: tuple[int, ...], given: Given, opset: int) -> Move:
    """Give what picks elements, perhaps several times, or moves them in blocks."""
    match node.op:
        case "Slice":
            cut = _slices(node, shape, given)
            return lambda array: array[cut]
        case "Gather":
            return _gather(node, shape, given)
        case "Expand":
            wide = np.broadcast_shapes(shape, _sizes(given, 0))
            _bound(prod(wide))
            return lambda array: np.broadcast_to(array, wide)
        case "Tile":
            repeats = _sizes(given, 0)
            _bound(prod(shape) * prod(repeats))
            return lambda array: np.tile(array, repeats)
        case "DepthToSpace" | "SpaceToDepth":
            return _block_move(node, shape)
        case _:
            axes_of = resized_axes(node, shape, given, opset)
            _bound(prod(len(axis) for axis in axes_of))
            return lambda array: array[np.ix_(*axes_of)]


def _bound(elements: int) -> None:
    if elements > MOST_FOLDED:
        raise ModelError(
            f"tensors must have at most {MOST_FOLDED} elements; build a smaller network"
        )


def _sizes(given: Given, index: int) -> tuple[int, ...]:
    array = given[index] if index < len(given) else None
    if array is None or array.dtype.kind not in "iu" or array.size > 32:
        raise ValueError("sizes")
    return tuple(int(size) for size in array.ravel())


def _axes(node: Node, given: Given) -> list[int] | None:
    axes = attributes.integers(node, "axes")
    if axes is None and given and given[0] is not None:
        return list(_sizes(given, 0))
    return axes


def _target_shape(node: Node, shape: tuple[int, ...], given: Given) -> tuple[int, ...]:
    found = attributes.integers(node, "shape")
    target = list(_sizes(given, 0)) if found is None else found
    if not attributes.integer(node, "allowzero", 0):
        target = [shape[i] if size == 0 else size for i, size in enumerate(target)]
    return tuple(target)


def _slices(node: Node, shape: tuple[int, ...], given: Given) -> tuple[slice, ...]:
    starts, ends = attributes.integers(node, "starts"), attributes.integers(node, "ends")
    axes, steps = attributes.integers(node, "axes"), None
    if starts is None or ends is None:
        starts, ends = list(_sizes(given, 0)), list(_sizes(given, 1))
        axes = list(_sizes(given, 2)) if len(given) > 2 and given[2] is not None else None
        steps = list(_sizes(given, 3)) if len(given) > 3 and given[3] is not None else None
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    cut = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        far = end if step > 0 or end >= -shape[axis] else None  # before the first, going back
        cut[axis] = slice(start, far, step)
    return tuple(cut)


def _gather(node: Node, shape: tuple[int, ...], given: Given) -> Move:
    axis, places = attributes.integer(node, "axis", 0), given[0]
    if places is None or places.dtype.kind not in "iu":
        raise ValueError("places")
    _bound(prod(shape) // max(shape[axis], 1) * places.size)
    return lambda array: np.take(array, places, axis=axis)


def _block_move(node: Node, shape: tuple[int, ...]) -> Move:
    block = attributes.integer(node, "blocksize")
    batch, channels, height, width = shape
    if block < 1:
        raise ValueError("block")
    area = block * block
    if node.op == "SpaceToDepth":
        cut = (batch, channels, height // block, block, width // block, block)
        whole = (batch, channels * area, height // block, width // block)
        return lambda array: array.reshape(cut).transpose(0, 3, 5, 1, 2, 4).reshape(whole)
    whole = (batch, channels // area, height * block, width * block)
    if attributes.text(node, "mode", "DCR") == "CRD":
        cut, order = (batch, channels // area, block, block, height, width), (0, 1, 4, 2, 5, 3)
    else:
        cut, order = (batch, block, block, channels // area, height, width), (0, 3, 4, 1, 5, 2)
    return lambda array: array.reshape(cut).transpose(order).reshape(whole)

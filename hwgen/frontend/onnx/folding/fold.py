"""Computes what no input reaches, in the file's own float32, as any runtime would."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from onnx import helper

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.folding.constants import (
    MOST_FOLDED,
    Constant,
    Grid,
    aligned,
    integers,
    moved,
    rationals,
)
from hwgen.frontend.onnx.folding.index_moves import MOVES, move_of
from hwgen.numeric import Range

BINARY = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Max": np.maximum,
    "Min": np.minimum,
    "Pow": np.power,
    "Equal": np.equal,
    "Greater": np.greater,
    "Less": np.less,
    "And": np.logical_and,
    "Or": np.logical_or,
}
UNARY = {
    "Sqrt": np.sqrt,
    "Ceil": np.ceil,
    "Floor": np.floor,
    "Round": np.rint,
    "Neg": np.negative,
    "Abs": np.abs,
    "Exp": np.exp,
    "Log": np.log,
    "Sign": np.sign,
    "Not": np.logical_not,
}
REDUCTIONS = {
    "ReduceProd": "prod",
    "ReduceSum": "sum",
    "ReduceMax": "max",
    "ReduceMin": "min",
    "ReduceMean": "mean",
}
# what NumPy raises for sizes and types that do not fit one another
UNCOMPUTABLE = (
    *(ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError),
    *(MemoryError, KeyError),
)


def fold(node: Node, inputs: Sequence[Constant | None], opset: int) -> Constant | None:
    """Compute a node from constants; None where it is none of the operators known here.

    Raises
    ------
    ModelError
        Where the constants do not suit the operator.
    """
    try:
        with np.errstate(all="ignore"):
            return _folded(node, inputs, opset)
    except UNCOMPUTABLE:
        raise ModelError(
            "constants must suit the operator, and do not; export the model again"
        ) from None


def _folded(node: Node, inputs: Sequence[Constant | None], opset: int) -> Constant | None:
    given = [constant for constant in inputs if constant is not None]
    if node.op == "Constant":
        return _constant(node)
    if not given:
        return None
    first = given[0]
    arrays = [constant.array for constant in given]
    if node.op in MOVES:
        rest = [None if constant is None else constant.array for constant in inputs[1:]]
        move = move_of(node, first.array.shape, rest, opset)
        return moved(first, move)
    if node.op in BINARY:
        return _binary(node.op, given)
    if node.op in UNARY:
        return Constant(np.asarray(UNARY[node.op](first.array), first.array.dtype))
    if node.op in REDUCTIONS:
        return Constant(_reduced(node, arrays))
    match node.op:
        case "Div":
            return _divided(given)
        case "Reciprocal":
            return Constant(np.asarray(1 / first.array, first.array.dtype))
        case "Cast":
            kind = helper.tensor_dtype_to_np_dtype(attributes.integer(node, "to"))
            kept = first.grid if np.dtype(kind).kind == "f" else None
            return Constant(first.array.astype(kind), kept)
        case _:
            return _made(node, inputs, arrays)


def _made(
    node: Node, inputs: Sequence[Constant | None], arrays: Sequence[np.ndarray]
) -> Constant | None:
    """Compute what makes arrays of other sizes, or cuts values off."""
    first = arrays[0]
    match node.op:
        case "Shape":
            return Constant(np.array(first.shape, np.int64))
        case "Size":
            return Constant(np.array(first.size, np.int64))
        case "Concat":
            return Constant(np.concatenate(arrays, attributes.integer(node, "axis", 0)))
        case "ConstantOfShape":
            return _filled(node, first)
        case "Where":
            return Constant(np.where(arrays[0], arrays[1], arrays[2]))
        case "Range":
            return _range(arrays)
        case "Clip":
            return _clipped(node, inputs)
        case "Relu":
            return Constant(np.maximum(first, 0))
        case "MatMul":
            _bound(arrays[0].size * max(arrays[1].shape[-1:] or (1,)))
            return Constant(np.matmul(arrays[0], arrays[1]))
        case _:
            return None


def _constant(node: Node) -> Constant | None:
    value = node.attributes.get("value")
    if isinstance(value, np.ndarray):
        return Constant(value)
    for name, kind in (("float", np.float32), ("int", np.int64)):
        for plural in ("", "s"):
            found = node.attributes.get(f"value_{name}{plural}")
            if found is not None:
                return Constant(np.array(found, kind))
    return None


def _binary(op: str, given: Sequence[Constant]) -> Constant:
    first, second = given[0], given[1]
    _bound(prod(np.broadcast_shapes(first.array.shape, second.array.shape)))
    array = np.asarray(BINARY[op](first.array, second.array))
    for further in given[2:]:
        array = np.asarray(BINARY[op](array, further.array))
    if op != "Mul" or (first.grid is None) == (second.grid is None):
        return Constant(array)
    plain, grid = (second, first.grid) if first.grid is not None else (first, second.grid)
    return Constant(array, None if grid is None else _scaled(grid, plain.array, False))


def _divided(given: Sequence[Constant]) -> Constant:
    first, second = given
    _bound(prod(np.broadcast_shapes(first.array.shape, second.array.shape)))
    if first.array.dtype.kind in "iu":
        quotient = np.trunc(first.array / second.array)  # towards zero, as C does
        return Constant(quotient.astype(first.array.dtype))
    array = np.asarray(first.array / second.array)
    return Constant(array, None if first.grid is None else _scaled(first.grid, second.array, True))


def _scaled(grid: Grid, factor: np.ndarray, divide: bool) -> Grid | None:
    """Take the scale of a grid times a factor, or None where that makes another tensor of it."""
    if (
        factor.ndim > grid.codes.ndim
        or np.broadcast_shapes(factor.shape, grid.codes.shape) != grid.codes.shape
    ):
        return None
    exact = aligned(rationals(factor), grid.codes.ndim)
    if divide:
        exact = 1 / exact
    return Grid(grid.codes, grid.scale * exact, grid.declared)


def _reduced(node: Node, arrays: Sequence[np.ndarray]) -> np.ndarray:
    axes = attributes.integers(node, "axes")
    if axes is None and len(arrays) > 1:
        axes = [int(axis) for axis in arrays[1]]
    keep = bool(attributes.integer(node, "keepdims", 1))
    axis = None if axes is None else tuple(axes)
    found = getattr(np, REDUCTIONS[node.op])(arrays[0], axis=axis, keepdims=keep)
    return np.asarray(found, arrays[0].dtype)


def _filled(node: Node, shape: np.ndarray) -> Constant:
    value = node.attributes.get("value")
    fill = value if isinstance(value, np.ndarray) else np.zeros(1, np.float32)
    sizes = tuple(int(size) for size in shape)
    _bound(prod(sizes))
    return Constant(np.full(sizes, fill.reshape(-1)[0], fill.dtype))


def _range(arrays: Sequence[np.ndarray]) -> Constant:
    start, limit, delta = (array.reshape(()).item() for array in arrays)
    _bound((limit - start) / delta)
    return Constant(np.arange(start, limit, delta, dtype=arrays[0].dtype))


def _clipped(node: Node, inputs: Sequence[Constant | None]) -> Constant:
    first = inputs[0]
    assert first is not None
    array = first.array
    limits: list[np.ndarray | float | None] = [None, None]
    for index, name in enumerate(("min", "max")):
        given = inputs[index + 1] if index + 1 < len(inputs) else None
        if given is not None:
            limits[index] = given.array.reshape(())
        elif name in node.attributes:
            limits[index] = attributes.number(node, name, 0.0)
    if limits[0] is not None:
        array = np.maximum(array, limits[0])
    if limits[1] is not None:
        array = np.minimum(array, limits[1])
    return Constant(np.asarray(array, first.array.dtype), clipped=_whole(limits))


def _whole(limits: Sequence[np.ndarray | float | None]) -> Range | None:
    """Give the bounds of a clip, None where they are not whole or not two."""
    if limits[0] is None or limits[1] is None:
        return None
    ends = integers(np.array([float(limits[0]), float(limits[1])]))
    return None if ends is None or ends[0] > ends[1] else Range(int(ends[0]), int(ends[1]))


def _bound(elements: float) -> None:
    if not elements <= MOST_FOLDED:
        raise ValueError("too many elements")

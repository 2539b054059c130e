"""Reads what moves elements about: places change, and no integer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node, shown
from hwgen.frontend.onnx.folding.constants import Constant, integers
from hwgen.frontend.onnx.folding.index_moves import move_of
from hwgen.frontend.onnx.operators.products import Operand, exact_values
from hwgen.frontend.onnx.tensors.value import Value
from hwgen.frontend.onnx.tensors.walk import Walk


def data(node: Node, operand: Operand) -> Value:
    """Give an operand that must depend on the input."""
    if not isinstance(operand, Value):
        raise ModelError(
            f"{shown(node.op)} must read the data with its first input; export the model again"
        )
    return operand


def padded(node: Node, operands: Sequence[Operand]) -> Value:
    """Read Pad: places of -1 around, and the value that they have."""
    value = data(node, operands[0])
    sizes = attributes.integers(node, "pads")
    given = operands[1] if len(operands) > 1 else None
    if sizes is None:
        found = integers(given.array) if isinstance(given, Constant) else None
        if found is None:
            raise ModelError("pads must be constant; export the model again")
        sizes = [int(size) for size in found.ravel()]
    if attributes.text(node, "mode", "constant") != "constant":
        raise ModelError("mode must be constant; pad with zeros")
    rank = value.where.ndim
    if len(sizes) != 2 * rank or min(sizes) < 0 or max(sizes) > 1 << 12:
        raise ModelError(f"pads must be {2 * rank} sizes from 0 to 4096; export the model again")
    if len(operands) > 3 and operands[3] is not None:
        raise ModelError("axes must not be given; export the model with pads for every axis")
    fill = operands[2] if len(operands) > 2 else None
    if isinstance(fill, Value) or (fill is not None and fill.array.size != 1):
        raise ModelError("the value must be one constant; export the model again")
    number = attributes.number(node, "value", 0.0)
    exact = exact_values(Constant(np.array(number)) if fill is None else fill, node)
    if not any(sizes):
        return value
    if value.pad is not None:
        raise ModelError("must not follow another Pad; merge the two")
    around = list(zip(sizes[:rank], sizes[rank:], strict=True))
    if np.prod([n + a + b for n, (a, b) in zip(value.where.shape, around, strict=True)]) > 1 << 23:
        raise ModelError("tensors must have at most 8388608 elements; build a smaller network")
    where = np.pad(value.where, around, constant_values=-1)
    return replace(value, where=where, pad=exact.reshape(-1)[0])


def split(node: Node, operands: Sequence[Operand]) -> tuple[Value, ...]:
    """Read Split: the places of each part."""
    value = data(node, operands[0])
    rank = value.where.ndim
    axis = attributes.integer(node, "axis", 0)
    given = operands[1] if len(operands) > 1 else None
    sizes = attributes.integers(node, "split")
    if sizes is None and isinstance(given, Constant):
        found = integers(given.array)
        sizes = None if found is None else [int(size) for size in found.ravel()]
    if not -rank <= axis < rank:
        raise ModelError(f"axis must be one of the {rank} of the tensor, not {axis}")
    length, parts = value.where.shape[axis], max(len(node.outputs), 1)
    if sizes is None:
        each = -(-length // parts)
        sizes = [min(each, max(length - i * each, 0)) for i in range(parts)]
    if sum(sizes) != length or min(sizes) < 1:
        raise ModelError(f"split must add up to {length}; export the model again")
    places = np.split(value.where, np.cumsum(sizes)[:-1], axis)
    return tuple(replace(value, where=part, shared=True) for part in places)


def cast(node: Node, value: Value) -> Value:
    """Read Cast, which must keep every value."""
    kind = attributes.integer(node, "to")
    if kind not in (1, 10, 11, 16) and not all(
        channel.scale.denominator == 1 and channel.offset.denominator == 1
        for channel in value.channels
        if not channel.functions
    ):
        raise ModelError("must not cut fractions off; quantize in front of the cast")
    return value


def moved(walk: Walk, node: Node, operands: Sequence[Operand]) -> Value:
    """Read one of the operators of MOVES."""
    value = data(node, operands[0])
    given = [operand.array if isinstance(operand, Constant) else None for operand in operands[1:]]
    try:
        move = move_of(node, value.where.shape, given, walk.file.opset)
        where = move(value.where)
    except (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError):
        batch = walk.file.inputs[0].shape
        where = _moved_batch(walk, node, value, given, batch[0] if batch else None)
    if where.size > 1 << 23 or not where.size:
        raise ModelError("tensors must have 1 to 8388608 elements; build a smaller network")
    if node.op in ("Resize", "Upsample") and where.ndim == 4:
        value = replace(value, resized=_uneven(node, value.where.shape, where.shape))
    return replace(value, where=where)


def _uneven(node: Node, before: Sequence[int], after: Sequence[int]) -> str:
    """Say what must hold of a resize, where its factors are not one whole number."""
    factors = [Fraction(after[axis], before[axis]) for axis in (2, 3)]
    if factors[0] == factors[1] and factors[0].denominator == 1:
        return ""
    given = " by ".join(f"{float(factor):.4g}" for factor in factors)
    return (
        f"{shown(node.name)} must enlarge rows and columns by one whole factor, not by {given}; "
        "export the model so"
    )


def _moved_batch(
    walk: Walk, node: Node, value: Value, given: list[np.ndarray | None], batch: int | None
) -> np.ndarray:
    """Try a Reshape that names the file's batch of several samples."""
    problem = ModelError("must suit the shape of its input; export the model again")
    shape = given[0] if given else None
    if node.op != "Reshape" or not batch or batch < 2 or shape is None or not shape.size:
        raise problem
    if int(shape.ravel()[0]) != batch:
        raise problem
    one = shape.copy()
    one.ravel()[0] = 1
    try:
        return np.asarray(move_of(node, value.where.shape, [one], walk.file.opset)(value.where))
    except (ValueError, IndexError, TypeError, OverflowError):
        raise problem from None

"""Reads what a classifier ends in: a softmax, or the index of the largest score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node, shown
from hwgen.frontend.onnx.folding.constants import Constant
from hwgen.frontend.onnx.leaving.ending import label
from hwgen.frontend.onnx.operators.movers import data
from hwgen.frontend.onnx.operators.products import Operand
from hwgen.frontend.onnx.quantizing.plain_values import no_quantizer
from hwgen.frontend.onnx.tensors.value import Value
from hwgen.frontend.onnx.tensors.walk import Walk

Result = Value | Constant | None | tuple[Value | Constant | None, ...]


def softmax(walk: Walk, node: Node, value: Value) -> Value:
    """Leave a softmax over all elements out, and remember that the network ends in scores."""
    rank = value.where.ndim
    old = attributes.integer(node, "opset", walk.file.opset) < 13  # all axes from this one on
    axis = attributes.integer(node, "axis", 1 if old and node.op != "QLinearSoftmax" else -1)
    classes = value.where.shape[axis:] if old else value.where.shape[axis:][:1]
    if not -rank <= axis < rank or np.prod(classes) != value.where.size:
        raise ModelError("axis must be that of the classes; take probabilities in software")
    walk.soft = True
    walk.dropped.append(f"{shown(node.name)}: {node.op} does not change which score is largest")
    walk.behind_softmax.add(node.outputs[0])
    return value


def label_of(walk: Walk, node: Node, operands: Sequence[Operand]) -> Result:
    """Read ArgMax or TopK; where scores have unlike scales these leave as they are."""
    value = data(node, operands[0])
    if node.op == "TopK":
        count = operands[1] if len(operands) > 1 else None
        given = count.array if isinstance(count, Constant) else np.array(node.attributes.get("k"))
        if given.size != 1 or given.dtype.kind not in "iu" or int(given.reshape(())) != 1:
            raise ModelError("k must be 1; take the other classes in software")
        if not attributes.integer(node, "largest", 1):
            raise ModelError("largest must be 1; negate the scores")
        if walk.readers.get(node.outputs[0]):
            raise ModelError("only the index of the largest must be read; drop the value")
    elif attributes.integer(node, "select_last_index", 0):
        raise ModelError("select_last_index must be 0; the lowest index among equals wins")
    rank = value.where.ndim
    axis = attributes.integer(node, "axis", -1 if node.op == "TopK" else 0)
    if not -rank <= axis < rank or value.where.shape[axis] != value.where.size:
        raise ModelError("axis must be that of the classes; take labels of pixels in software")
    if value.node in (None, "input"):
        raise no_quantizer(walk)
    found = label(walk, value)
    walk.soft = False
    if found is None:
        walk.soft = True
        return (None, value) if node.op == "TopK" else value
    keep = node.op == "TopK" or attributes.integer(node, "keepdims", 1)
    shape = tuple(1 for _ in range(rank if keep else rank - 1))
    found = replace(found, where=np.zeros(shape, np.int64))
    return (None, found) if node.op == "TopK" else found

"""How large the terms are that a sum adds up: float32 rounds each partial sum by its share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hwgen.frontend.onnx.tensors.value import Channels
from hwgen.ir import Add, Concat, Conv2d, Dense, Graph, SumPool2d, Threshold
from hwgen.numeric import IntArray, Range
from hwgen.reference import evaluate

Sizes = tuple[int, IntArray]  # how many terms were added up, and the sum of their magnitudes


def sizes_of(
    graph: Graph, name: str, values: Mapping[str, IntArray], read_as: Mapping[str, Channels]
) -> Sizes:
    """Give the number of terms behind a node's integers and the sum of their magnitudes.

    Parameters
    ----------
    values
        Integers of every node, (samples, *shape).
    read_as
        What the integers that a node reads stand for: a zero point is no magnitude.
    """
    if name == "input":
        return 1, np.abs(values[name])
    node = graph.node(name)
    if isinstance(node, Threshold):
        return 1, np.abs(values[name])
    channels = read_as[name]
    if isinstance(node, Dense | Conv2d | SumPool2d):
        centred = _centred(values[node.inputs[0]], channels)
        limits = Range(0, int(centred.max(initial=1)))
        if isinstance(node, SumPool2d):
            return int(np.prod(node.kernel_size)), evaluate(node, centred, limits)
        plain = replace(node, weight=np.abs(node.weight), bias=np.abs(node.bias))
        if isinstance(plain, Conv2d):
            plain = replace(plain, padding_value=0)
        return node.rows.shape[1] + 1, evaluate(plain, centred, limits)
    inner = [sizes_of(graph, one, values, read_as) for one in node.inputs]
    terms = sum(count for count, _ in inner)
    arrays = [array for _, array in inner]
    if isinstance(node, Add):
        a, b = node.multipliers
        return terms, abs(a) * arrays[0] + abs(b) * arrays[1]
    if isinstance(node, Concat):
        return max(count for count, _ in inner), np.concatenate(arrays, axis=1)
    return terms, evaluate(node, arrays[0], Range(0, int(arrays[0].max(initial=1))))


def _centred(x: IntArray, channels: Channels) -> IntArray:
    """Give magnitudes of codes from the one that stands for zero, rounded up."""
    zeros = [
        float(-channel.offset / channel.scale) if channel.scale else 0.0 for channel in channels
    ]
    column = np.array(zeros).reshape((-1,) + (1,) * (x.ndim - 2))
    return np.asarray(np.ceil(np.abs(x - column)), np.int64)

"""Runs the integer network in NumPy: the golden model that all else must equal, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import assert_never

import numpy as np

from hwgen.errors import ModelError, VerifyError
from hwgen.ir import Argmax, Dense, Flatten, Graph, Op, Threshold
from hwgen.numeric import IntArray, Range

_FLOAT64_EXACT = 1 << 53


def run(graph: Graph, x: IntArray) -> dict[str, IntArray]:
    """Every tensor of the network for a batch of inputs.

    Parameters
    ----------
    graph
        The network.
    x
        Integers, shape (samples, *graph.input.shape).

    Returns
    -------
    Arrays by node name, `input` among them, each (samples, *shape), int64.

    Raises
    ------
    ModelError
        Where `x` has another shape or a value outside the input's type.
    """
    values = {"input": check_input(graph, x)}
    for node in graph.nodes:
        source = values[node.inputs[0]]
        values[node.name] = evaluate(node, source, graph.tensors[node.inputs[0]].range)
    return values


def outputs(graph: Graph, x: IntArray, batch: int = 4096) -> IntArray:
    """Give the network's output alone, in batches, shape (samples, *output shape)."""
    parts = [run(graph, part)[graph.output] for part in _batches(x, batch)]
    return np.concatenate(parts)


def check_samples(graph: Graph) -> None:
    """Re-run the graph's golden samples.

    Raises
    ------
    VerifyError
        Where an output differs from the stored one.
    """
    if graph.samples is None:
        return
    expected = graph.samples.y
    actual = outputs(graph, graph.samples.x)
    if actual.shape != expected.shape or not np.array_equal(actual, expected):
        raise VerifyError(
            f"{graph.name}: samples: the reference must give the stored outputs, and does not; "
            "the file is damaged or was edited: export the model again"
        )


def check_input(graph: Graph, x: IntArray) -> IntArray:
    """`x` as int64, after its shape and range were checked."""
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise ModelError(f"{graph.name}: input: must be integers, not {x.dtype}")
    if x.shape[1:] != graph.input.shape:
        raise ModelError(
            f"{graph.name}: input: must have shape (samples, {str(graph.input.shape)[1:-1]}), "
            f"not {x.shape}"
        )
    limits = graph.input.type
    if x.size and (int(x.min()) < limits.lo or int(x.max()) > limits.hi):
        raise ModelError(
            f"{graph.name}: input: values must be {limits}, {limits.lo} to {limits.hi}, "
            f"not {x.min()} to {x.max()}"
        )
    return x.astype(np.int64)


def evaluate(node: Op, x: IntArray, limits: Range) -> IntArray:
    """One operation on a batch whose values lie in `limits`."""
    match node:
        case Dense():
            return _dense(node, x, limits)
        case Threshold():
            return _threshold(node, x)
        case Flatten():
            return x.reshape(len(x), prod(x.shape[1:]))  # -1 fails for no samples
        case Argmax():
            return np.asarray(np.argmax(x, axis=1, keepdims=True), np.int64)
        case _:
            assert_never(node)


def _dense(node: Dense, x: IntArray, limits: Range) -> IntArray:
    """Exact: float64 (fast) where no sum can leave its 53 bits, int64 elsewhere."""
    l1_norm = int(np.abs(node.weight).sum(axis=1).max())
    if l1_norm * max(-limits.lo, limits.hi) < _FLOAT64_EXACT:
        product = (x.astype(np.float64) @ node.weight.T.astype(np.float64)).astype(np.int64)
    else:
        product = x @ node.weight.T
    return product + node.bias


def _threshold(node: Threshold, x: IntArray) -> IntArray:
    codes = np.empty_like(x)
    for channel, thresholds in enumerate(node.thresholds):
        codes[:, channel] = np.searchsorted(thresholds, x[:, channel], side="right")
    return codes + node.output.lo


def _batches(x: IntArray, size: int) -> Iterator[IntArray]:
    for start in range(0, max(len(x), 1), size):
        yield x[start : start + size]

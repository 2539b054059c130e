"""Running a whole network: all tensors, the outputs in batches, and the golden samples."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from hwgen.errors import ModelError, VerifyError
from hwgen.ir import Graph
from hwgen.numeric import IntArray
from hwgen.reference.operations import evaluate

_BATCH = 4096  # samples at once, or as many as keep all tensors within ...
_BATCH_ELEMENTS = 1 << 25  # ... 256 MiB


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
        first, *others = (values[source] for source in node.inputs)
        values[node.name] = evaluate(node, first, graph.source(node).range, *others)
    return values


def outputs(graph: Graph, x: IntArray, batch: int | None = None) -> IntArray:
    """Give the network's output alone, in batches, shape (samples, *output shape)."""
    x = check_input(graph, x)
    size = sum(prod(tensor.shape) for tensor in graph.tensors.values())
    batch = batch or max(1, min(_BATCH, _BATCH_ELEMENTS // size))
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


def _batches(x: IntArray, size: int) -> Iterator[IntArray]:
    for start in range(0, max(len(x), 1), size):
        yield x[start : start + size]

"""From a trained torch model to the integer network.

The model is copied to float64 in evaluation mode and walked once. Between a layer and the next
activation everything is gathered and becomes thresholds (`thresholds.py`); the codes of every
layer are certified in integers (`certify.py`); what the model's final sums become is `result.py`'s.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from torch import nn

from hwgen.ir import Graph, Samples
from hwgen.nn.read import read
from hwgen.nn.result import Result, check_result, finish
from hwgen.nn.trace import trace
from hwgen.nn.walk import Walk
from hwgen.numeric import IntArray
from hwgen.reference import outputs


def export_graph(
    model: nn.Module,
    *,
    name: str,
    input_shape: tuple[int, ...],
    metadata: Mapping[str, object] | None = None,
    x: IntArray | None = None,
    labels: IntArray | None = None,
    result: Result | None = None,
) -> Graph:
    """Turn a trained model into the integer network that computes the same.

    Parameters
    ----------
    model
        Made of the modules that `hwgen.nn` names. It is not changed.
    name
        Name of the network, and of the design made from it.
    input_shape
        Shape of one input.
    metadata
        Plain data that the model file carries along.
    x, labels
        Integer inputs, shape (samples, *input_shape), to become golden samples with the
        reference's outputs, and their class indices, shape (samples,).
    result
        What the network gives of a model that ends in the sums of a layer, with or without a batch
        norm. `argmax`, as None: the index of the largest. `sums`: the integer sums, and in
        `dequantization` the scale and offset that make the model's numbers of them. `sign`: a bit
        for each, 1 where the model's number is 0 or more. A model that ends in a `QuantActivation`
        or a `QuantOutput` gives its codes.

    Raises
    ------
    ModelError
        Where the model cannot be turned into integers.
    """
    check_result(name, result)
    exact = copy.deepcopy(model).cpu().double().eval()
    walk = Walk(name, tuple(input_shape))
    for call in trace(exact, name):
        walk.values[call.key] = read(walk, call)
    ending = finish(walk, walk.values[call.key], result)
    assert walk.input is not None
    graph = Graph(
        name=name,
        input=walk.input,
        nodes=tuple(walk.nodes),
        output=ending.node,
        metadata=dict(metadata or {}),
        dequantization=ending.dequantization,
    )
    if x is None:
        return graph
    samples = Samples(x=x.astype(np.int64), y=outputs(graph, x), labels=labels)
    return replace(graph, samples=samples)

"""From a trained torch model to the integer network.

The model is copied to float64 in evaluation mode and walked once. Between a layer and the next
activation everything is gathered and becomes thresholds (`thresholds.py`); the codes of every
layer are certified in integers (`certify.py`); what the model's final sums become is `result.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from hwgen.errors import ModelError
from hwgen.ir import Argmax, Graph, Samples
from hwgen.nn.activation import QuantActivation, QuantOutput
from hwgen.nn.compare import check_equal
from hwgen.nn.exact_copy import exact_copy
from hwgen.nn.explained import explained
from hwgen.nn.export_arguments import (
    Integers,
    checked_labels,
    checked_metadata,
    checked_name,
    checked_samples,
    checked_shape,
)
from hwgen.nn.read import read
from hwgen.nn.result import Result, check_result, finish
from hwgen.nn.trace import trace
from hwgen.nn.walk import INPUT, Walk
from hwgen.reference import outputs


def export_graph(
    model: nn.Module,
    *,
    name: str,
    input_shape: tuple[int, ...],
    metadata: Mapping[str, object] | None = None,
    x: Integers | None = None,
    labels: Integers | None = None,
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
    name = checked_name(name)
    check_result(name, result)
    walk = Walk(name, checked_shape(input_shape, name))
    facts = checked_metadata(metadata, name)
    exact = exact_copy(model, name)
    calls = trace(exact, name)
    with explained(name, calls, walk.shape):
        for call in calls:
            walk.values[call.key] = read(walk, call)
        ending = finish(walk, walk.values[calls[-1].key], result)
    if ending.node == INPUT:
        raise ModelError(f"{name}: must compute something, and gives its input; add a QuantLinear")
    assert walk.input is not None
    graph = Graph(
        name=name,
        input=walk.input,
        nodes=tuple(walk.nodes),
        output=ending.node,
        metadata=facts,
        dequantization=ending.dequantization,
    )
    _refuse_one_class(graph)
    samples = _samples(graph, x, labels)
    activations = sum(isinstance(c.module, (QuantActivation, QuantOutput)) for c in calls)
    given = None if samples is None else samples.x
    with explained(name, calls, walk.shape, whole=True):
        check_equal(graph, exact, given, activations, ending.stands_for)
    return graph if samples is None else replace(graph, samples=samples)


def _samples(graph: Graph, x: Integers | None, labels: Integers | None) -> Samples | None:
    if x is None:
        if labels is None:
            return None
        raise ModelError(f"{graph.name}: labels must come with their inputs; give x, too")
    integers = checked_samples(graph, x)
    found = checked_labels(graph, labels, len(integers))
    return Samples(x=integers, y=outputs(graph, integers), labels=found)


def _refuse_one_class(graph: Graph) -> None:
    node = graph.node(graph.output)
    if isinstance(node, Argmax) and graph.source(node).shape == (1,):
        raise ModelError(
            f"{graph.name}: {node.inputs[0]}: must have two outputs or more in front of an argmax, "
            'which is 0 for one; decide by sum >= 0 with export_graph(..., result="sign"), or give '
            "the layer one output a class"
        )

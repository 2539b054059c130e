"""From a trained torch model to the integer network.

The model is copied to float64 in evaluation mode and walked once. Between a layer and the next
activation everything is gathered and becomes thresholds (`thresholds.py`); the codes of every
layer are certified in integers (`certify.py`); the model's final sums become an argmax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from torch import nn

from hwgen.errors import ModelError
from hwgen.ir import Argmax, Graph, Samples
from hwgen.nn.activation import QuantActivation, QuantOutput
from hwgen.nn.compare import StandsFor, check_equal, codes_of, first_largest
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.exact_copy import exact_copy
from hwgen.nn.export_arguments import (
    Integers,
    checked_labels,
    checked_metadata,
    checked_name,
    checked_samples,
    checked_shape,
)
from hwgen.nn.read import read, weighted_node
from hwgen.nn.trace import trace
from hwgen.nn.walk import INPUT, Codes, Value, Walk, Wide
from hwgen.reference import outputs


def export_graph(
    model: nn.Module,
    *,
    name: str,
    input_shape: tuple[int, ...],
    metadata: Mapping[str, object] | None = None,
    x: Integers | None = None,
    labels: Integers | None = None,
) -> Graph:
    """Turn a trained model into the integer network that computes the same.

    Parameters
    ----------
    model
        Made of the modules that `hwgen.nn` names. It is not changed. Where it ends in a
        `QuantLinear`, the network ends in the argmax of its sums.
    name
        Name of the network, and of the design made from it.
    input_shape
        Shape of one input.
    metadata
        Plain data that the model file carries along.
    x, labels
        Integer inputs, shape (samples, *input_shape), to become golden samples with the
        reference's outputs, and their class indices, shape (samples,).

    Raises
    ------
    ModelError
        Where the model cannot be turned into integers.
    """
    name = checked_name(name)
    walk = Walk(name, checked_shape(input_shape, name))
    facts = checked_metadata(metadata, name)
    exact = exact_copy(model, name)
    calls = trace(exact, name)
    for call in calls:
        walk.values[call.key] = read(walk, call)
    output = _finish(walk, walk.values[calls[-1].key])
    if output == INPUT:
        raise ModelError(f"{name}: must compute something, and gives its input; add a QuantLinear")
    assert walk.input is not None
    graph = Graph(
        name=name,
        input=walk.input,
        nodes=tuple(walk.nodes),
        output=output,
        metadata=facts,
    )
    _refuse_one_class(graph)
    samples = _samples(graph, x, labels)
    activations = sum(isinstance(c.module, (QuantActivation, QuantOutput)) for c in calls)
    stands_for = _stands_for(walk.values[calls[-1].key])
    check_equal(graph, exact, None if samples is None else samples.x, activations, stands_for)
    return graph if samples is None else replace(graph, samples=samples)


def _samples(graph: Graph, x: Integers | None, labels: Integers | None) -> Samples | None:
    if x is None:
        if labels is None:
            return None
        raise ModelError(f"{graph.name}: labels must come with their inputs; give x, too")
    integers = checked_samples(graph, x)
    found = checked_labels(graph, labels, len(integers))
    return Samples(x=integers, y=outputs(graph, integers), labels=found)


def _stands_for(value: Value) -> StandsFor:
    """Give the integers that stand for the model's result: codes, or the class of logits."""
    return partial(codes_of, value.quantizer) if isinstance(value, Codes) else first_largest


def _refuse_one_class(graph: Graph) -> None:
    node = graph.node(graph.output)
    if isinstance(node, Argmax) and graph.source(node).shape == (1,):
        raise ModelError(
            f"{graph.name}: {node.inputs[0]}: must have two outputs or more in front of an argmax, "
            'which is 0 for one; decide by sum >= 0 with export_graph(..., result="sign"), or give '
            "the layer one output a class"
        )


def _finish(walk: Walk, value: Value) -> str:
    """End the network, final sums in an argmax, and name its output."""
    if value is None:
        raise ModelError(
            f"{walk.name}: must start with a QuantInput and hold a QuantLinear or a QuantConv2d"
        )
    if isinstance(value, Codes):
        return value.node
    if isinstance(value, Wide):
        raise ModelError(f"{walk.name}: {value.node}: a QuantActivation must follow; add one")
    if value.between:
        raise walk.refusal(
            value.between_path,
            f"{type(value.between[0]).__name__} must not come after the output layer, "
            "whose sums are compared as they are; remove it",
        )
    layer = value.layer
    if isinstance(layer, QuantConv2d):
        raise walk.refusal(
            value.path, "a QuantActivation or a QuantOutput must follow the sums; add one"
        )
    if layer.quant.scale != "tensor":
        raise walk.refusal(
            value.path,
            "the output layer must have one scale, so that its integers can "
            'be compared, not one a channel; use WeightQuant(scale="tensor")',
        )
    bias = np.zeros(layer.out_features, np.int64)
    if layer.bias is not None:
        bias = layer.bias_codes().detach().numpy().astype(np.int64)
    dense = walk.append(weighted_node(walk, value, layer.certified().weight, bias))
    return walk.append(Argmax(name=walk.new_name("argmax"), inputs=(dense,)))

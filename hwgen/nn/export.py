"""From a trained torch model to the integer network.

The model is copied to float64 in evaluation mode and walked once. Between a layer and the next
activation everything is gathered and becomes thresholds (`thresholds.py`); the codes of every
layer are certified in integers (`certify.py`); the model's final sums become an argmax.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from torch import nn

from hwgen.errors import ModelError
from hwgen.ir import Argmax, Graph, Samples
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.read import read, weighted_node
from hwgen.nn.trace import trace
from hwgen.nn.walk import Codes, Value, Walk, Wide
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
    exact = copy.deepcopy(model).cpu().double().eval()
    walk = Walk(name, tuple(input_shape))
    for call in trace(exact, name):
        walk.values[call.key] = read(walk, call)
    output = _finish(walk, walk.values[call.key])
    assert walk.input is not None
    graph = Graph(
        name=name,
        input=walk.input,
        nodes=tuple(walk.nodes),
        output=output,
        metadata=dict(metadata or {}),
    )
    if x is None:
        return graph
    samples = Samples(x=x.astype(np.int64), y=outputs(graph, x), labels=labels)
    return replace(graph, samples=samples)


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

"""From a trained torch model to the integer network.

The model is copied to float64 in evaluation mode and walked once. Between a layer and the next
activation everything is gathered and becomes thresholds (`thresholds.py`); the codes of every
layer are certified in integers (`certify.py`); the model's final sums become an argmax.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from torch import nn

from hwgen.bounds import row_ranges
from hwgen.errors import ModelError
from hwgen.ir import Accumulator, Argmax, Dense, Flatten, Graph, Input, Op, Samples, Threshold
from hwgen.nn.activation import QuantActivation, QuantInput
from hwgen.nn.linear import QuantLinear
from hwgen.nn.thresholds import find_steps, module_staircase
from hwgen.nn.trace import Call, trace
from hwgen.numeric import IntArray
from hwgen.reference import outputs

INPUT = "input"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codes:
    """A tensor of integers: the node that makes it, and the quantizer that gives it a meaning."""

    node: str
    quantizer: QuantInput | QuantActivation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Sums of a layer, and the modules applied to them that are not yet in the integer network."""

    layer: QuantLinear
    path: str
    source: _Codes
    between: tuple[tuple[str, nn.Module], ...] = ()


_Value = _Codes | _Sums | None  # None: the model's real-valued input


@dataclass(slots=True)
class _Walk:
    """The integer network as far as it has been read."""

    shape: tuple[int, ...]
    input: Input | None = None
    nodes: list[Op] = field(default_factory=list)
    values: dict[str | None, _Value] = field(default_factory=lambda: {None: None})


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
        Made of the layers of `hwgen.nn`, `BatchNorm1d` and `Flatten`. It is not changed. Where it
        ends in a `QuantLinear`, the network ends in the argmax of its sums.
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
    walk = _Walk(tuple(input_shape))
    for call in trace(exact, name):
        try:
            walk.values[call.key] = _step(walk, call)
        except ModelError as error:
            raise ModelError(f"{name}: {call.path}: {error}") from None
    _finish(walk, walk.values[call.key], name)
    assert walk.input is not None
    graph = Graph(
        name=name,
        input=walk.input,
        nodes=tuple(walk.nodes),
        output=walk.nodes[-1].name,
        metadata=dict(metadata or {}),
    )
    if x is None:
        return graph
    samples = Samples(x=x.astype(np.int64), y=outputs(graph, x), labels=labels)
    return replace(graph, samples=samples)


def _step(walk: _Walk, call: Call) -> _Value:
    """Read one module call; what its result is in integers."""
    value = walk.values[call.source]
    module = call.module
    if isinstance(module, (nn.Dropout, nn.Identity)):
        return value
    if isinstance(module, QuantInput):
        return _read_input(walk, module, value)
    if isinstance(module, QuantLinear):
        return _read_layer(module, call.path, value)
    if isinstance(module, QuantActivation):
        return _read_activation(walk, module, call.path, value)
    if isinstance(module, nn.Flatten):
        return _read_flatten(walk, module, call.path, value)
    if not isinstance(value, _Sums):
        raise ModelError("must follow a QuantLinear, whose thresholds take it in")
    return replace(value, between=(*value.between, (call.path, module)))


def _read_input(walk: _Walk, module: QuantInput, value: _Value) -> _Codes:
    if value is not None or walk.input is not None:
        raise ModelError("must be the first module, and the only QuantInput")
    walk.input = Input(shape=walk.shape, type=module.int_type, scale=module.fixed_scale)
    return _Codes(node=INPUT, quantizer=module)


def _read_layer(module: QuantLinear, path: str, value: _Value) -> _Sums:
    if not isinstance(value, _Codes):
        raise ModelError("must read a QuantInput or a QuantActivation; put one before it")
    if module.source is not value.quantizer:
        raise ModelError("source must be the quantizer whose values reach the layer; pass that one")
    return _Sums(layer=module, path=path, source=value)


def _read_activation(walk: _Walk, module: QuantActivation, path: str, value: _Value) -> _Codes:
    if not isinstance(value, _Sums):
        raise ModelError("must follow a QuantLinear, whose sums it rounds")
    layer = value.layer
    weight = layer.certified().weight
    totals = row_ranges(weight, layer.inputs.range, np.zeros(len(weight), np.int64))
    staircase = module_staircase(layer, [m for _, m in value.between], module)
    steps = find_steps(staircase, totals, (1 << module.int_type.bits) - 1)
    weight[steps.negated] *= -1
    dense = _dense(value, weight, np.zeros(len(weight), np.int64))
    name = _node_name(path)
    threshold = Threshold(
        name=name, inputs=(dense.name,), thresholds=steps.thresholds, output=module.int_type
    )
    walk.nodes += [dense, threshold]
    return _Codes(node=name, quantizer=module)


def _read_flatten(walk: _Walk, module: nn.Flatten, path: str, value: _Value) -> _Codes:
    if not isinstance(value, _Codes):
        raise ModelError("must follow a QuantInput or a QuantActivation")
    if (module.start_dim, module.end_dim) != (1, -1):
        raise ModelError("must flatten all axes but the first; use nn.Flatten()")
    walk.nodes.append(Flatten(name=_node_name(path), inputs=(value.node,)))
    return replace(value, node=_node_name(path))


def _finish(walk: _Walk, value: _Value, name: str) -> None:
    """End the network: final sums become an argmax."""
    if value is None:
        raise ModelError(f"{name}: must start with a QuantInput and hold a QuantLinear")
    if isinstance(value, _Codes):
        return
    if value.between:
        path, module = value.between[0]
        raise ModelError(
            f"{name}: {path}: {type(module).__name__} must not come after the output layer, "
            "whose sums are compared as they are; remove it"
        )
    if value.layer.quant.scale != "tensor":
        raise ModelError(
            f"{name}: {value.path}: the output layer must have one scale, so that its integers can "
            'be compared, not one a channel; use WeightQuant(scale="tensor")'
        )
    bias = np.zeros(value.layer.out_features, np.int64)
    if value.layer.bias is not None:
        bias = value.layer.bias_codes().detach().numpy().astype(np.int64)
    dense = _dense(value, value.layer.certified().weight, bias)
    walk.nodes += [dense, Argmax(name="argmax", inputs=(dense.name,))]


def _dense(value: _Sums, weight: IntArray, bias: IntArray) -> Dense:
    quant = value.layer.quant
    node = Dense(
        name=_node_name(value.path),
        inputs=(value.source.node,),
        weight=weight,
        weight_bits=quant.bits,
        bias=bias,
        accumulators=(),
    )
    totals = node.totals(value.layer.inputs.range)
    accumulators = tuple(
        Accumulator.exact(total, node.divisor(row), quant.register, quant.accumulator_bits)
        for row, total in enumerate(totals)
    )
    return replace(node, accumulators=accumulators)


def _node_name(path: str) -> str:
    return path.replace(".", "_")

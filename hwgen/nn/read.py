"""Reads one module call: what its result is in integers, and the nodes that make it.

Codes may be moved about (pooled, joined, enlarged, flattened) as they are. Sums, of a layer, of an
addition or of an average pooling, wait for the activation that rounds them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import nn

from hwgen.bounds import row_ranges
from hwgen.ir import Accumulator, Add, Concat, Conv2d, Dense, Input, SumPool2d, Threshold, Weighted
from hwgen.nn import joining
from hwgen.nn.activation import QuantActivation, QuantInput, QuantOutput
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.joining import QuantAdd
from hwgen.nn.linear import QuantLinear
from hwgen.nn.pooling import QuantAvgPool2d
from hwgen.nn.read_moves import MOVES, pair, read_move
from hwgen.nn.thresholds import find_steps, layer_staircase, staircase_of
from hwgen.nn.trace import Call
from hwgen.nn.walk import INPUT, Codes, Sums, Value, Walk, Wide, node_name
from hwgen.numeric import IntArray

Norm = nn.BatchNorm1d | nn.BatchNorm2d


def read(walk: Walk, call: Call) -> Value:
    """Read one module call.

    Raises
    ------
    ModelError
        Where the module cannot stand where it does.
    """
    values = [walk.values[source] for source in call.sources]
    value, module = values[0], call.module
    if isinstance(module, (nn.Dropout, nn.Identity)):
        return value
    if isinstance(module, QuantInput):
        return _read_input(walk, module, call.path, value)
    if isinstance(module, (QuantLinear, QuantConv2d)):
        return _read_layer(walk, module, call.path, value)
    if isinstance(module, (QuantActivation, QuantOutput)):
        return read_activation(walk, module, call.path, value)
    if isinstance(module, (QuantAdd, joining.Concat)):
        return _read_joining(walk, module, call.path, values)
    if isinstance(module, QuantAvgPool2d):
        return _read_pooling(walk, module, call.path, value)
    if isinstance(module, MOVES):
        return read_move(walk, module, call.path, value)
    assert isinstance(module, Norm)  # the rest of SUPPORTED
    return _read_between(walk, module, call.path, value)


def _read_input(walk: Walk, module: QuantInput, path: str, value: Value) -> Codes:
    if value is not None or walk.input is not None:
        raise walk.refusal(path, "must be the first module, and the only QuantInput")
    scale, offset = module.fixed_scale, 0.0 - module.zero_point * module.fixed_scale
    walk.start(Input(shape=walk.shape, type=module.int_type, scale=scale, offset=offset))
    return Codes(node=INPUT, quantizer=module)


def _read_layer(walk: Walk, module: QuantLinear | QuantConv2d, path: str, value: Value) -> Sums:
    source = _codes(walk, module, path, value)
    problem = module.problem()
    if problem:
        raise walk.refusal(path, problem)
    return Sums(layer=module, path=path, source=source)


def _codes(
    walk: Walk, module: QuantLinear | QuantConv2d | QuantAvgPool2d, path: str, value: Value
) -> Codes:
    """Give what a layer reads, checked to be the codes of its source."""
    if not isinstance(value, Codes):
        raise walk.refusal(path, "must read a QuantInput or a QuantActivation; put one before it")
    if module.source is not value.quantizer:
        raise walk.refusal(
            path, "source must be the quantizer whose values reach the layer; pass that one"
        )
    return value


def _read_between(walk: Walk, module: Norm, path: str, value: Value) -> Sums:
    if not isinstance(value, Sums):
        raise walk.refusal(
            path, "must follow a QuantLinear or a QuantConv2d, whose thresholds take it in"
        )
    if isinstance(module, nn.BatchNorm2d) != isinstance(value.layer, QuantConv2d):
        raise walk.refusal(
            path,
            "must be a BatchNorm1d behind a QuantLinear, a BatchNorm2d behind a QuantConv2d, "
            f"not a {type(module).__name__} behind a {type(value.layer).__name__}",
        )
    channels = len(value.layer.weight)
    if module.num_features != channels:
        raise walk.refusal(
            path, f"num_features must be {channels}, as {value.path} has, not {module.num_features}"
        )
    return replace(value, between=(*value.between, module), between_path=value.between_path or path)


def read_activation(
    walk: Walk, module: QuantActivation | QuantOutput, path: str, value: Value
) -> Codes:
    """Append the thresholds that turn what was read so far into the codes of `module`.

    Raises
    ------
    ModelError
        Where nothing was read yet.
    """
    if value is None:
        raise walk.refusal(path, "must follow a QuantInput, not be the first module")
    if isinstance(module, QuantActivation) and module.log2_scale.dim():
        raise walk.refusal(
            path,
            "log2_scale must be one number, whatever the channel, "
            f"not of shape {tuple(module.log2_scale.shape)}; keep one scale an activation",
        )
    source, thresholds = _thresholds(walk, module, value)
    node = Threshold(
        name=walk.new_name(path),
        inputs=(source,),
        thresholds=thresholds,
        output=module.int_type,
    )
    return Codes(node=walk.append(node), quantizer=module)


def _thresholds(
    walk: Walk, module: QuantActivation | QuantOutput, value: Codes | Sums | Wide
) -> tuple[str, IntArray]:
    """Give the node whose integers `module` rounds, and the thresholds that do it."""
    levels = (1 << module.int_type.bits) - 1
    if isinstance(value, Sums):
        layer = value.layer
        weight = layer.certified().weight
        zeros = np.zeros(len(weight), np.int64)
        totals = row_ranges(weight, layer.inputs.range, zeros)
        steps = find_steps(layer_staircase(layer, value.between, module), totals, levels)
        weight[steps.negated] *= -1
        return walk.append(weighted_node(walk, value, weight, zeros)), steps.thresholds
    tensor = walk.tensors[value.node]
    meaning = value.module if isinstance(value, Wide) else value.quantizer
    steps = find_steps(staircase_of(meaning, module), [tensor.range], levels)
    return value.node, np.repeat(steps.thresholds, tensor.shape[0], axis=0)


def _read_joining(
    walk: Walk, module: QuantAdd | joining.Concat, path: str, values: list[Value]
) -> Codes | Wide:
    codes = [value for value in values if isinstance(value, Codes)]
    if len(codes) < len(values) or any(c.quantizer is not codes[0].quantizer for c in codes):
        raise walk.refusal(
            path,
            "must read values of one QuantActivation, whose scale both sides share; "
            "end each branch in the same one",
        )
    inputs = tuple(code.node for code in codes)
    if isinstance(module, joining.Concat):
        node = walk.append(Concat(name=walk.new_name(path), inputs=inputs))
        return replace(codes[0], node=node)
    if module.source is not codes[0].quantizer:
        raise walk.refusal(
            path, "source must be the quantizer whose values are added; pass that one"
        )
    return Wide(node=walk.append(Add(name=walk.new_name(path), inputs=inputs)), module=module)


def _read_pooling(walk: Walk, module: QuantAvgPool2d, path: str, value: Value) -> Wide:
    codes = _codes(walk, module, path, value)
    node = SumPool2d(
        name=walk.new_name(path),
        inputs=(codes.node,),
        kernel_size=pair(module.kernel_size),
        stride=pair(module.stride),
    )
    return Wide(node=walk.append(node), module=module)


def weighted_node(walk: Walk, value: Sums, weight: IntArray, bias: IntArray) -> Weighted:
    """Make the node of a layer from its integer rows, shape (channels, K), with exact registers."""
    layer, quant, name = value.layer, value.layer.quant, walk.new_name(value.path)
    if name != node_name(value.path):
        raise walk.refusal(
            value.path,
            "must be called once, and its sums be read once; call the activation once, and use "
            "its result twice",
        )
    node: Weighted
    if isinstance(layer, QuantLinear):
        node = Dense(
            name=name,
            inputs=(value.source.node,),
            weight=weight,
            weight_bits=quant.code_bits,
            bias=bias,
            accumulators=(),
        )
    else:
        node = Conv2d(
            name=name,
            inputs=(value.source.node,),
            weight=weight.reshape(layer.weight.shape),
            weight_bits=quant.code_bits,
            bias=bias,
            accumulators=(),
            stride=pair(layer.stride),
            padding=pair(layer.padding),
            groups=layer.groups,
        )
    accumulators = tuple(
        replace(
            Accumulator.exact(total, node.divisor(row), quant.register, quant.accumulator_bits),
            target_units=quant.units,
        )
        for row, total in enumerate(node.totals(layer.inputs.range))
    )
    return replace(node, accumulators=accumulators)

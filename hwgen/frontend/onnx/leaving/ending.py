"""What leaves the network: codes, sums or a label, and what they stand for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.arithmetic.functions import Affine, Leaky, Norm, Sigmoid, Tanh
from hwgen.frontend.onnx.arithmetic.roots import root
from hwgen.frontend.onnx.file.load import shown
from hwgen.frontend.onnx.folding.constants import Constant
from hwgen.frontend.onnx.quantizing.plain_values import common_unit
from hwgen.frontend.onnx.tensors.layouts import as_map, image
from hwgen.frontend.onnx.tensors.value import Channel, Value
from hwgen.frontend.onnx.tensors.walk import Walk, with_weight
from hwgen.ir import Argmax, Conv2d, Dense, Dequantization
from hwgen.ir.accumulator import MAX_ACCUMULATOR_BITS

MOST_RATIO = 1 << 12  # of the scales of scores that are compared


def the_output(walk: Walk) -> Value:
    """Give the value of the file's only output.

    Raises
    ------
    ModelError
        Where there are several, or it does not depend on the input.
    """
    file = walk.file
    if len(file.outputs) != 1:
        names = ", ".join(shown(name) for name in file.outputs)
        raise ModelError(f"{file.name}: must have one output, not {names}; cut the model")
    if file.outputs[0] not in walk.values:
        raise ModelError(
            f"{file.name}: output {shown(file.outputs[0])} must be made by a node, and is missing; "
            "export the model again"
        )
    value = walk.values[file.outputs[0]]
    if isinstance(value, Constant) or value is None or value.node in (None, "input"):
        raise ModelError(
            f"{file.name}: output {shown(file.outputs[0])} must be computed from quantized data; "
            "export the whole model"
        )
    return value


def arranged(walk: Walk, value: Value) -> Value:
    """Give the output's elements from one node that has each once."""
    if value.pad is not None:
        raise ModelError("Pad must stand in front of a convolution or pooling; move it there")
    size = int(np.prod(value.shape))
    if np.array_equal(np.sort(value.where.ravel()), np.arange(size)):
        return value
    if len(value.shape) == 1:
        order = value.where.ravel()
        channels = value.channels
        if len(channels) > 1:
            channels = tuple(channels[place] for place in order)
        made = walk.selection(value, order)
        where = np.arange(len(order)).reshape(value.where.shape)
        return replace(made, where=where, channels=channels)
    made = image(walk, value, as_map(value.where, False))
    return replace(made, where=np.arange(value.where.size).reshape(value.where.shape))


def label(walk: Walk, value: Value) -> Value | None:
    """Append an argmax over the elements of a vector; None where their scores are of unlike scale.

    A bias that is no whole number of units is its whole part n and a rest r: the largest score is
    the largest sum + n, and among equals that of the largest r. So rows are sorted by falling r.
    """
    value = arranged(walk, walk.flattened(value))
    size = value.shape[0]
    channels = [value.channel(row) for row in range(size)]
    if any(channel.functions != channels[0].functions for channel in channels):
        return None
    if not all(_is_strict(function) for function in channels[0].functions):
        return None
    scales = [channel.scale for channel in channels]
    unit = common_unit(scales)
    if channels[0].direction * channels[0].scale < 0:  # functions that fall
        return None
    if not unit or any(not s or abs(s / unit) > MOST_RATIO for s in scales):
        return None
    value = walk.scaled_rows(value, [int(s / unit) for s in scales])
    biases = [channel.offset / unit for channel in channels]
    least = floor(min(biases))
    whole = [floor(bias) - least for bias in biases]
    rests = [bias - floor(bias) for bias in biases]
    file_index = np.empty(size, np.int64)
    file_index[value.where.ravel()] = np.arange(size)
    order = np.array(sorted(range(size), key=lambda row: (-rests[row], file_index[row])), np.int64)
    if any(bias >> MAX_ACCUMULATOR_BITS for bias in whole):
        raise ModelError(f"biases of the scores must fit {MAX_ACCUMULATOR_BITS} bits")
    if any(whole):
        value = _biased(walk, value, np.array(whole, np.int64))
    value = (
        walk.selection(replace(value, channels=(Channel(),)), order)
        if any(rests) or (file_index != np.arange(size)).any()
        else value
    )
    labels: tuple[int, ...] | None = tuple(int(file_index[row]) for row in order)
    if labels == tuple(range(size)):
        labels = None
    assert value.node is not None
    name = walk.name()
    shape = walk.add(Argmax(name=name, inputs=(value.node,), labels=labels), value).shape
    return Value(node=name, shape=shape, where=np.zeros(1, np.int64), channels=(Channel(),))


def _is_strict(function: object) -> bool:
    return isinstance(function, Leaky | Sigmoid | Tanh) or (
        isinstance(function, Affine) and function.factor != 0
    )


def _biased(walk: Walk, value: Value, bias: np.ndarray) -> Value:
    """Add whole numbers to the sums of a layer."""
    own = walk.nodes.get(value.node or "")
    if not isinstance(own, Dense | Conv2d) or value.shared:
        value = walk.diagonal(value, np.ones(value.shape[0], np.int64))
        own = walk.nodes[value.node or ""]
    assert isinstance(own, Dense | Conv2d)
    walk.replace_layer(with_weight(own, own.weight, own.bias + bias))
    return value


def dequantization(value: Value) -> tuple[Dequantization, list[str]]:
    """Give what the output's integers stand for, and the functions that the host still applies."""
    scales, offsets, rest = [], [], []
    for channel in value.channels:
        scale, offset = channel.scale, channel.offset
        left = list(channel.functions)
        while left and isinstance(left[0], Affine | Norm):
            factor, shift = _affine(left.pop(0))
            scale, offset = scale * factor, offset * factor + shift
        scales.append(_as_float(scale))
        offsets.append(_as_float(offset))
        rest.append([type(function).__name__ for function in left])
    if any(part != rest[0] for part in rest):
        raise ModelError("must be one function of all channels at the end; put a quantizer there")
    return Dequantization(scale=tuple(scales), offset=tuple(offsets)), rest[0]


def _affine(function: object) -> tuple[Fraction, Fraction]:
    if isinstance(function, Affine):
        return function.factor, function.shift
    assert isinstance(function, Norm)
    factor = function.gamma / root(function.square, 40)[0]
    return factor, function.beta - function.mean * factor


def _as_float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        raise ModelError("scales must be finite; train the model again") from None

"""How the integer network ends: what of the model's result the hardware gives.

Scale, bias and batch normalization behind the last layer are affine in every channel. Where the
sums themselves are the result, all of that is one scale and one offset a channel beside the
network, and costs no gate. Where their signs are, it moves the one threshold of each. An argmax
compares integers, so all of them must have one scale, and their biases are added.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal, NamedTuple, assert_never

import numpy as np
import torch
from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.ir import Argmax, Dequantization, Weighted
from hwgen.nn.activation import QuantActivation
from hwgen.nn.compare import StandsFor, codes_of, first_largest
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.read import read_activation, weighted_node
from hwgen.nn.walk import Codes, Sums, Value, Walk, Wide
from hwgen.numeric import IntArray

Result = Literal["argmax", "sums", "sign"]
MOST_UNITS = 2.0**50  # of a constant: a sum beside it is exact to an eighth of a unit in float64
RESULTS = ("argmax", "sums", "sign")


class Ending(NamedTuple):
    """The node whose integers leave the network, and what they stand for where they are numbers.

    `stands_for` gives the integers that the network must give of the model's result.
    """

    node: str
    dequantization: Dequantization | None
    stands_for: StandsFor


def check_result(name: str, result: str | None) -> None:
    """Refuse what is none of the results.

    Raises
    ------
    ModelError
        Where it is none.
    """
    if result is not None and result not in RESULTS:
        raise ModelError(f"{name}: result must be one of {', '.join(RESULTS)}, not {result!r}")


def finish(walk: Walk, value: Value, result: Result | None) -> Ending:
    """End the network; a `result` of None takes codes as they are, and the argmax of sums.

    Raises
    ------
    ModelError
        Where the model does not end in what the result is made of.
    """
    if value is None:
        raise ModelError(
            f"{walk.name}: must start with a QuantInput and hold a QuantLinear or a QuantConv2d"
        )
    if isinstance(value, Codes):
        return _codes(walk, value, result)
    if isinstance(value, Sums) and result != "sign":
        _check_offsets(walk, value)
    match result:
        case None | "argmax":
            return Ending(_argmax(walk, value), None, first_largest)
        case "sums":
            return _sums(walk, value)
        case "sign":
            signs = read_activation(walk, QuantActivation(1, bipolar=True), "sign", value)
            return Ending(signs.node, None, _bits)
        case _:
            assert_never(result)


def _check_offsets(walk: Walk, value: Sums) -> None:
    """Refuse a constant beside which neither the model nor its user could tell sums apart."""
    with torch.no_grad():
        scale, offset = _affine(value)
    units = (offset / scale)[scale != 0].abs()
    if bool((units > MOST_UNITS).any()):
        channel = int((offset / scale).abs().where(scale != 0, 0.0).argmax())
        raise walk.refusal(
            value.path,
            f"channel {channel}: bias and batch norm must add at most 2**50 units of the sums, not "
            f"{float(units.max()):.3g}, beside which float64 cannot tell sums apart; make them "
            "smaller, or the weights' scale larger",
        )


def _codes(walk: Walk, value: Codes, result: Result | None) -> Ending:
    quantizer = value.quantizer
    if result is not None:
        raise ModelError(
            f"{walk.name}: result must be left out where the model ends in the codes of a "
            f"{type(quantizer).__name__}, not {result!r}; they are the result"
        )
    scale = float(quantizer.scale.detach())
    real = Dequantization(scale=(scale,), offset=(0.0 - quantizer.zero_point * scale,))
    return Ending(value.node, real, partial(codes_of, quantizer))


def _bits(result: Tensor) -> IntArray:
    return np.asarray((result >= 0).numpy(), np.int64)


def _sums(walk: Walk, value: Sums | Wide) -> Ending:
    """Give the sums of the codes, without a bias, and the scale and offset that are left out."""
    with torch.no_grad():
        if isinstance(value, Wide):
            module = value.module
            one, zero = torch.ones(1).double(), torch.zeros(1).double() - module.zero_sum
            scale, offset = module.value_of_sum(one), module.value_of_sum(zero)
            return _numbers(value.node, scale, offset)
        scale, offset = _affine(value)
        weight = value.layer.certified().weight
        weight[(scale == 0).numpy()] = 0  # a channel that is its offset whatever its sum
        node = weighted_node(walk, value, weight, np.zeros(len(weight), np.int64))
        return _numbers(walk.append(node), scale, offset)


def _affine(value: Sums) -> tuple[Tensor, Tensor]:
    """Scale and offset, (channels,) each, from sums of codes to what the model makes of them."""
    layer = value.layer
    pixel = (1, 1) if isinstance(layer, QuantConv2d) else ()  # an image of one
    scale = layer.sum_scale.expand(len(layer.weight))
    zero = 0.0 - layer.zero_sum.reshape(1, -1, *pixel)
    offset = layer.value_of_sum(zero)
    for norm in value.between:
        assert isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d))
        assert norm.running_var is not None
        offset = norm(offset)
        gain = torch.rsqrt(norm.running_var + norm.eps)
        scale = scale * (gain if norm.weight is None else gain * norm.weight)
    return scale, offset.flatten()


def _numbers(node: str, scale: Tensor, offset: Tensor) -> Ending:
    real = Dequantization(scale=_shortest(scale), offset=_shortest(offset))
    return Ending(node, real, partial(_integers, scale, offset))


def _integers(scale: Tensor, offset: Tensor, result: Tensor) -> IntArray:
    """Give the sums nearest to the model's numbers, 0 where a channel is its offset."""
    shape = (-1,) + (1,) * (result.dim() - 2)
    units = (result - offset.reshape(shape)) / scale.reshape(shape)
    return np.asarray(torch.round(units).nan_to_num(nan=0.0).numpy(), np.int64)


def _shortest(numbers: Tensor) -> tuple[float, ...]:
    """One number where all channels have the same."""
    values = tuple(map(float, numbers))
    return values[:1] if len(set(values)) == 1 else values


def _argmax(walk: Walk, value: Sums | Wide) -> str:
    """Compare the sums, which must have one scale; without what they cannot be compared, refuse."""
    if isinstance(value, Wide):
        raise ModelError(
            f"{walk.name}: {value.node}: a QuantActivation must follow; add one, or export with "
            'result="sums"'
        )
    if value.between:
        raise walk.refusal(
            value.between_path,
            f"{type(value.between[0]).__name__} must not come after the output layer, "
            "whose sums are compared as they are; remove it, or export with "
            'result="sums" or "sign"',
        )
    layer = value.layer
    if isinstance(layer, QuantConv2d):
        raise walk.refusal(
            value.path,
            "a QuantActivation or a QuantOutput must follow the sums; add one, or export with "
            'result="sums"',
        )
    if layer.quant.scale != "tensor":
        raise walk.refusal(
            value.path,
            "the output layer must have one scale, so that its integers can "
            'be compared, not one a channel; use WeightQuant(scale="tensor")',
        )
    dense = walk.append(_comparable(walk, value))
    return walk.append(Argmax(name=walk.new_name("argmax"), inputs=(dense,)))


def _comparable(walk: Walk, value: Sums) -> Weighted:
    """Make the layer whose integers are in the order of the model's numbers, ties among them.

    Behind a bipolar quantizer the constants of the rows are multiples of one half: if all are the
    same part of a unit, that part is left out; else everything is doubled.
    """
    layer = value.layer
    weight, bits = layer.certified().weight, layer.quant.code_bits
    constant = (0.0 - layer.zero_sum).detach().numpy()
    if layer.bias is not None:
        constant = constant + layer.bias_codes().detach().numpy()
    if len(np.unique(constant % 1)) > 1:
        weight, constant, bits = 2 * weight, 2 * constant, bits + 1
    node = weighted_node(walk, value, weight, np.floor(constant).astype(np.int64))
    return replace(node, weight_bits=bits)

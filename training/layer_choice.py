"""Methods and accumulator widths of single layers, told as one line of text.

The line is a list of `PATTERN=P`, `PATTERN=METHOD` and `PATTERN=METHOD:P`, separated by commas.
A pattern is the name of a layer in the torch model, or has wildcards as file names have:
`blocks.depthwise*=a2q:12,classifier=a2q_ip:16`. Where several fit a layer, the last one counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import get_args

from torch import nn

from hwgen.errors import HwgenError
from hwgen.nn import QuantConv2d, QuantLinear
from hwgen.nn.room import room_problem
from hwgen.nn.weight_quant import Method, WeightQuant

WIDE = 32  # bits that have room for a weight, whatever the method and the inputs

CHOICE = re.compile(
    r"(?P<pattern>[^=]+)=(?:(?P<method>[a-z]\w*)(?::(?P<bits>\d+))?|(?P<alone>\d+))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChoice:
    """What the layers that fit `pattern` are told; None leaves it as it is."""

    pattern: str
    method: Method | None
    accumulator_bits: int | None


def choices(text: str, where: str) -> tuple[LayerChoice, ...]:
    """Read the line of text.

    Raises
    ------
    HwgenError
        Where a part of it cannot be read.
    """
    return tuple(_choice(part.strip(), where) for part in text.split(",") if part.strip())


def _choice(text: str, where: str) -> LayerChoice:
    found = CHOICE.fullmatch(text)
    method = next((m for m in get_args(Method) if found and m == found["method"]), None)
    if found is None or (found["method"] and method is None):
        raise HwgenError(
            f"{where}: layers must be such as dense1=10 or dense1=a2q:10, with a method of "
            f"{', '.join(get_args(Method))}, not {text!r}"
        )
    bits = found["bits"] or found["alone"]
    return LayerChoice(
        pattern=found["pattern"], method=method, accumulator_bits=int(bits) if bits else None
    )


def choose_layers(net: nn.Module, text: str, accumulator_bits: int | None, where: str) -> None:
    """Give every layer of a quantized network its width, and those of the line their quantizers.

    Parameters
    ----------
    net
        Its layers that must keep an accumulator are made with `WIDE` bits.
    accumulator_bits
        What these keep, unless the line says something else.

    Raises
    ------
    HwgenError
        Where no layer fits a pattern, or a choice cannot be kept.
    """
    layers = {
        name: module
        for name, module in net.named_modules()
        if isinstance(module, QuantLinear | QuantConv2d)
    }
    wanted = {name: _kept(layer.quant, accumulator_bits) for name, layer in layers.items()}
    for choice in choices(text, where):
        found = [name for name in layers if fnmatchcase(name, choice.pattern)]
        if not found:
            raise HwgenError(
                f"{where}: {choice.pattern!r} must fit a layer, and fits none; the layers are "
                f"{', '.join(layers)}"
            )
        for name in found:
            wanted[name] = _chosen(wanted[name], choice, f"{where}: {name}")
    for name, layer in layers.items():
        _check(layer, wanted[name], f"{where}: {name}")
        if wanted[name] != layer.quant:
            layer.requantize(wanted[name])


def _kept(quant: WeightQuant, accumulator_bits: int | None) -> WeightQuant:
    return quant if quant.method == "qat" else replace(quant, accumulator_bits=accumulator_bits)


def _chosen(quant: WeightQuant, choice: LayerChoice, where: str) -> WeightQuant:
    """Combine a choice with the settings of a layer; a width alone makes `qat` an `a2q_ip`."""
    method = choice.method or quant.method
    if method == "qat" and choice.accumulator_bits is not None:
        if choice.method == "qat":
            raise HwgenError(f"{where}: qat must have no accumulator bits; leave them out")
        method = "a2q_ip"
    bits = choice.accumulator_bits or quant.accumulator_bits
    if method != "qat" and bits is None:
        raise HwgenError(f"{where}: accumulator bits must be given for {method}; add :BITS")
    return replace(quant, method=method, accumulator_bits=None if method == "qat" else bits)


def _check(layer: QuantLinear | QuantConv2d, quant: WeightQuant, where: str) -> None:
    problem = room_problem(quant, layer.inputs)
    if problem:
        raise HwgenError(f"{where}: {problem}")
    has_bias = isinstance(layer, QuantLinear) and layer.bias is not None
    if has_bias and quant.method != "qat" and quant.register == "signed":
        raise HwgenError(
            f"{where}: a layer with a bias must have qat or a2q_ip, not {quant.method}, whose "
            "cap leaves it no room"
        )

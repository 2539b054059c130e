"""Methods, accumulator widths and units of single layers, told as one line of text.

The line is a list of `PATTERN=CHOICE`, separated by commas. A choice is a method, a width P, units
`uN`, or some of these in this order with colons between: `12`, `u10`, `a2q:12`, `a2q_ip:8:u10`. A
pattern is the name of a layer in the torch model, or has wildcards as file names have:
`blocks.depthwise*=a2q:12,classifier=u16`. Where several fit a layer, the last one counts. A choice
with a width or units says all of the layer's budget; a method alone leaves it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import get_args

from torch import nn

from hwgen.errors import HwgenError
from hwgen.nn import QuantConv2d, QuantLinear
from hwgen.nn.room import room_problem
from hwgen.nn.weight_quant import Method, WeightQuant

WIDE = 32  # bits that have room for a weight, whatever the method and the inputs

METHODS = get_args(Method)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChoice:
    """What the layers that fit `pattern` are told; None leaves it as it is."""

    pattern: str
    method: Method | None
    accumulator_bits: int | None
    units: int | None


def choices(text: str, where: str) -> tuple[LayerChoice, ...]:
    """Read the line of text.

    Raises
    ------
    HwgenError
        Where a part of it cannot be read.
    """
    return tuple(_choice(part.strip(), where) for part in text.split(",") if part.strip())


def _choice(text: str, where: str) -> LayerChoice:
    pattern, _, said = text.partition("=")
    parts = said.split(":")
    method: Method | None = parts.pop(0) if parts[0] in METHODS else None
    bits = parts.pop(0) if parts and _is_count(parts[0]) else None
    with_units = bool(parts) and parts[0][:1] == "u" and _is_count(parts[0][1:])
    units = parts.pop(0)[1:] if with_units else None
    if not pattern or parts:
        raise HwgenError(
            f"{where}: layers must be such as dense1=10, dense1=u12 or dense1=a2q:10, with a "
            f"method of {', '.join(METHODS)}, not {text!r}"
        )
    return LayerChoice(
        pattern=pattern,
        method=method,
        accumulator_bits=None if bits is None else int(bits),
        units=None if units is None else int(units),
    )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def choose_layers(
    net: nn.Module,
    text: str,
    accumulator_bits: int | None,
    units: tuple[int, ...] | None,
    where: str,
) -> None:
    """Give every layer of a quantized network its budget, and those of the line their quantizers.

    Parameters
    ----------
    net
        Its layers that must keep an accumulator are made with `WIDE` bits.
    accumulator_bits
        What these keep, unless the line says something else.
    units
        What every layer keeps, one number a layer, the last one repeated; None for no units.

    Raises
    ------
    HwgenError
        Where no layer fits a pattern, there are more units than layers, or a choice cannot be kept.
    """
    layers = {
        name: module
        for name, module in net.named_modules()
        if isinstance(module, QuantLinear | QuantConv2d)
    }
    if units is not None and len(units) > len(layers):
        raise HwgenError(
            f"{where}: units must be at most one a layer, {len(layers)}, not {len(units)}; the "
            f"layers are {', '.join(layers)}"
        )
    wanted = {
        name: _kept(layer.quant, accumulator_bits, _units_of(units, index))
        for index, (name, layer) in enumerate(layers.items())
    }
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


def _units_of(units: tuple[int, ...] | None, index: int) -> int | None:
    return None if units is None else units[min(index, len(units) - 1)]


def _kept(quant: WeightQuant, accumulator_bits: int | None, units: int | None) -> WeightQuant:
    """Narrow what was made `WIDE`; units bound a layer that was left free, too."""
    if quant.method != "qat":
        return replace(quant, accumulator_bits=accumulator_bits, units=units)
    return quant if units is None else replace(quant, method="a2q_ip", units=units)


def _chosen(quant: WeightQuant, choice: LayerChoice, where: str) -> WeightQuant:
    """Combine a choice with the settings of a layer; a budget alone makes `qat` an `a2q_ip`."""
    bits, units, method = choice.accumulator_bits, choice.units, choice.method or quant.method
    if bits is None and units is None:
        bits, units = quant.accumulator_bits, quant.units
    elif choice.method == "qat":
        what = "accumulator bits" if units is None else "units"
        raise HwgenError(f"{where}: qat must have no {what}; leave them out")
    elif method == "qat":
        method = "a2q_ip"
    if method == "qat":
        return replace(quant, method=method, accumulator_bits=None, units=None)
    if method != "a2q_ip":
        if choice.units is not None:
            raise HwgenError(f"{where}: {method} must have no units; leave them out")
        units = None
    if bits is None and units is None:
        raise HwgenError(f"{where}: accumulator bits must be given for {method}; add :BITS")
    return replace(quant, method=method, accumulator_bits=bits, units=units)


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

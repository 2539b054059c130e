"""One node of a document: writing it, and reading it back with every key checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never, cast

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.fields import Fields
from hwgen.frontend.rescale import read_rescale
from hwgen.ir import (
    Accumulator,
    Add,
    Argmax,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
    Weighted,
    operation_name,
)
from hwgen.ir.padding import Padding
from hwgen.numeric import IntArray

Inputs = tuple[str, ...]


def _listed(items: object) -> object:
    """Give a tuple as a list; what is none is left for the checks of a whole document."""
    return list(items) if isinstance(items, tuple) else items


def node_to_document(node: Op) -> dict[str, Any]:
    """Give the node as plain data with NumPy arrays."""
    named = {"name": node.name, "inputs": list(node.inputs), "op": operation_name(node)}
    match node:
        case Dense():
            return named | _weights(node)
        case Conv2d():
            window = {"stride": _listed(node.stride), "padding": _listed(node.padding)}
            value = {"padding_value": node.padding_value} if node.padding_value else {}
            return named | _weights(node) | window | {"groups": node.groups} | value
        case Threshold():
            output = {"bits": node.output.bits, "signed": node.output.signed}
            return named | {"thresholds": node.thresholds} | output
        case MaxPool2d() | SumPool2d():
            pool = named | {
                "kernel_size": _listed(node.kernel_size),
                "stride": _listed(node.stride),
            }
            padding = node.padding if isinstance(node, MaxPool2d) else (0, 0)
            return pool | ({"padding": list(padding)} if any(padding) else {})
        case UpsampleNearest() | PixelShuffle():
            return named | {"factor": node.factor}
        case Add():
            factors = _listed(node.multipliers)
            return named | ({} if factors == [1, 1] else {"multipliers": factors})
        case Argmax():
            return named | ({} if node.labels is None else {"labels": _listed(node.labels)})
        case Concat() | Flatten():
            return named
        case _:
            assert_never(node)


def _weights(node: Weighted) -> dict[str, Any]:
    return {
        "weight": node.weight,
        "weight_bits": node.weight_bits,
        "bias": node.bias,
        "accumulator": [
            {
                "method": a.method,
                "target_bits": a.target_bits,
                "bits": a.bits,
                "offset": a.offset,
                **({} if a.target_units is None else {"target_units": a.target_units}),
            }
            for a in node.accumulators
        ],
    }


def read_node(fields: Fields) -> Op:
    """Read a node.

    Raises
    ------
    ModelError
        Where a key is missing or of another type, or the operation is unknown.
    """
    name = fields.text("name")
    inputs = tuple(fields.strings("inputs"))
    readers: dict[str, Callable[[Fields, str, Inputs], Op]] = {
        "dense": _dense,
        "conv2d": _conv2d,
        "threshold": _threshold,
        "rescale": _rescale,
        "max_pool2d": _max_pool2d,
        "sum_pool2d": _sum_pool2d,
        "add": _add,
        "concat": lambda _, name, inputs: Concat(name=name, inputs=inputs),
        "upsample_nearest": _upsample_nearest,
        "pixel_shuffle": _pixel_shuffle,
        "flatten": lambda _, name, inputs: Flatten(name=name, inputs=inputs),
        "argmax": _argmax,
    }
    op = fields.text("op")
    if op not in readers:
        raise ModelError(
            f"{fields.where}: op must be one of {', '.join(readers)}, not {op!r}; "
            "this release cannot build it"
        )
    return readers[op](fields, name, inputs)


def _dense(fields: Fields, name: str, inputs: Inputs) -> Dense:
    weight = fields.array("weight")
    return Dense(
        name=name,
        inputs=inputs,
        weight=weight,
        weight_bits=fields.integer("weight_bits"),
        bias=_bias(fields, weight),
        accumulators=tuple(_accumulator(item) for item in fields.children("accumulator")),
    )


def _conv2d(fields: Fields, name: str, inputs: Inputs) -> Conv2d:
    weight = fields.array("weight")
    return Conv2d(
        name=name,
        inputs=inputs,
        weight=weight,
        weight_bits=fields.integer("weight_bits"),
        bias=_bias(fields, weight),
        accumulators=tuple(_accumulator(item) for item in fields.children("accumulator")),
        stride=fields.pair("stride"),
        padding=_padding(fields),
        groups=fields.integer("groups"),
        padding_value=_integer_or(fields, "padding_value", 0),
    )


def _padding(fields: Fields) -> Padding:
    numbers = tuple(fields.integers("padding"))
    if len(numbers) not in (2, 4):
        raise ModelError(
            f"{fields.where}: padding must be two integers, or four: top, left, bottom and right; "
            f"not {len(numbers)}"
        )
    return cast(Padding, numbers)


def _integer_or(fields: Fields, name: str, default: int) -> int:
    return default if fields.optional(name) is None else fields.integer(name)


def _bias(fields: Fields, weight: IntArray) -> IntArray:
    if fields.optional("bias") is not None:
        return fields.array("bias")
    return np.zeros(weight.shape[0] if weight.ndim else 0, np.int64)


def _accumulator(fields: Fields) -> Accumulator:
    method = fields.text("method")
    if method not in ("signed", "offset"):
        raise ModelError(f"{fields.where}: method must be signed or offset, not {method!r}")
    target, units = fields.optional("target_bits"), fields.optional("target_units")
    return Accumulator(
        method=cast(Any, method),
        bits=fields.integer("bits"),
        offset=fields.integer("offset"),
        target_bits=None if target is None else fields.integer("target_bits"),
        target_units=None if units is None else fields.integer("target_units"),
    )


def _threshold(fields: Fields, name: str, inputs: Inputs) -> Threshold:
    output = fields.int_type()
    if fields.optional("rescale") is not None:
        thresholds = read_rescale(fields.child("rescale"), output)
    else:
        thresholds = fields.array("thresholds")
    return Threshold(name=name, inputs=inputs, thresholds=thresholds, output=output)


def _rescale(fields: Fields, name: str, inputs: Inputs) -> Threshold:
    output = fields.int_type()
    thresholds = read_rescale(fields, output)
    return Threshold(name=name, inputs=inputs, thresholds=thresholds, output=output)


def _max_pool2d(fields: Fields, name: str, inputs: Inputs) -> MaxPool2d:
    kernel_size, stride = fields.pair("kernel_size"), fields.pair("stride")
    padding = (0, 0) if fields.optional("padding") is None else _padding(fields)
    return MaxPool2d(
        name=name, inputs=inputs, kernel_size=kernel_size, stride=stride, padding=padding
    )


def _sum_pool2d(fields: Fields, name: str, inputs: Inputs) -> SumPool2d:
    kernel_size, stride = fields.pair("kernel_size"), fields.pair("stride")
    return SumPool2d(name=name, inputs=inputs, kernel_size=kernel_size, stride=stride)


def _add(fields: Fields, name: str, inputs: Inputs) -> Add:
    plain = fields.optional("multipliers") is None
    return Add(
        name=name, inputs=inputs, multipliers=(1, 1) if plain else fields.pair("multipliers")
    )


def _argmax(fields: Fields, name: str, inputs: Inputs) -> Argmax:
    plain = fields.optional("labels") is None
    return Argmax(
        name=name, inputs=inputs, labels=None if plain else tuple(fields.integers("labels"))
    )


def _upsample_nearest(fields: Fields, name: str, inputs: Inputs) -> UpsampleNearest:
    return UpsampleNearest(name=name, inputs=inputs, factor=fields.integer("factor"))


def _pixel_shuffle(fields: Fields, name: str, inputs: Inputs) -> PixelShuffle:
    return PixelShuffle(name=name, inputs=inputs, factor=fields.integer("factor"))

"""What became of a file, as plain data: for reports, for drivers and for whoever asks.

`metadata["onnx"]` of an imported network holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from hwgen.frontend.onnx.file.load import File, shown
from hwgen.frontend.onnx.tensors.grids import quantizer_json
from hwgen.frontend.onnx.tensors.value import Value
from hwgen.frontend.onnx.tensors.walk import Begin, Walk
from hwgen.ir import Argmax, Threshold
from hwgen.numeric import IntArray

MOST_ORDER = 4096  # elements of an order that are written out


def notes(
    walk: Walk, trails: Mapping[str, Sequence[str]], order: IntArray, value: Value, then: list[str]
) -> dict[str, Any]:
    """Give what became of every node of the file.

    Returns
    -------
    `file`; `nodes`, the file's nodes by the node of the network that stands for them; `scales`, of
    the weights and codes of these nodes and of the `input`; `dropped`, with the reason; `host`,
    what is computed before and behind the hardware; `input_order` and `output_order` where elements
    are in another order than the file's.
    """
    begin = walk.begin
    assert begin is not None
    found: dict[str, Any] = {
        "file": walk.file.name,
        "nodes": {name: list(dict.fromkeys(trail)) for name, trail in trails.items()},
        "scales": _scales(walk, begin, trails),
        "dropped": list(walk.dropped),
        "host": {
            "input": _input_text(walk.file, begin),
            "output": _output_text(walk, value, then),
        },
    }
    places = {"input_order": order, "output_order": np.argsort(value.where.ravel())}
    for name, places_of in places.items():
        if not np.array_equal(places_of, np.arange(places_of.size)):
            found[name] = _order(places_of)
    return found


def _scales(walk: Walk, begin: Begin, names: Iterable[str]) -> dict[str, Any]:
    """Give what the file says of the steps of each node that the network has."""
    found: dict[str, Any] = {"input": quantizer_json(begin.means)}
    codes = {
        source: quantizer_json(walk.read_as[node.name])
        for node in walk.nodes.values()
        for source in node.inputs[:1]
        if all(not channel.functions for channel in walk.read_as[node.name])
    }
    codes |= {one.node: quantizer_json(one.grid) for one in walk.quantizers}
    for name in names:
        if name in walk.weights:
            found[name] = walk.weights[name].to_json()
        elif name in codes and isinstance(walk.nodes.get(name), Threshold):
            found[name] = codes[name]
    return found


def _order(order: IntArray) -> Any:
    """Give an order, or where it is long that there is one."""
    if order.size <= MOST_ORDER:
        return order.tolist()
    return f"{order.size} elements, not in the order of the file; `hwgen check` shows them"


def _input_text(file: File, begin: Begin) -> str:
    name = shown(file.inputs[0].name)
    means = begin.means[0]
    if begin.bounds is None:
        return f"{name} = {_number(means.scale)} * integer"
    behind = f" of {name} behind {', '.join(begin.trail)}" if begin.trail else f" of {name}"
    some = "" if len(begin.means) == 1 else " (channel 0)"
    return (
        f"integer = {shown(begin.quantizer)}{behind}, {begin.type}; it stands for "
        f"{_number(means.scale)} * integer{_plus(means.offset)}{some}"
    )


def _output_text(walk: Walk, value: Value, then: list[str]) -> str:
    name, means = shown(walk.file.outputs[0]), value.channels[0]
    if isinstance(walk.nodes[value.node or ""], Argmax):
        return f"the index of the largest of {name}"
    some = "" if len(value.channels) == 1 else " (channel 0)"
    text = f"{name} = {_number(means.scale)} * integer{_plus(means.offset)}{some}"
    return f"{text}, then {', '.join(then)}" if then else text


def _plus(offset: Fraction) -> str:
    if not offset:
        return ""
    return f" {'-' if offset < 0 else '+'} {_number(abs(offset))}"


def _number(number: Fraction) -> str:
    """Give a rational, as a fraction where it is a short one."""
    if number.denominator <= 1 << 16 and abs(number.numerator) <= 1 << 16:
        return str(number)
    return f"{float(number):.9g}"

"""The plain-data form of the integer network: what model.pt and network.npz hold.

A document is a dict of strings, numbers, lists and integer arrays, nothing else. Reading one
trusts nothing: every key is checked, and the graph then checks that the whole holds together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, assert_never, cast

import numpy as np

from hwgen.errors import ModelError
from hwgen.ir import Accumulator, Argmax, Dense, Flatten, Graph, Input, Op, Samples, Threshold
from hwgen.numeric import IntArray, IntType

FORMAT = "hwgen"
VERSION = 1
MAX_BITS = 16  # of an activation: 2**bits - 1 thresholds a channel

Document = dict[str, Any]


def to_document(graph: Graph) -> Document:
    """Give the graph as plain data with NumPy arrays."""
    spec = graph.input
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "metadata": dict(graph.metadata),
        "input": {
            "shape": list(spec.shape),
            "bits": spec.type.bits,
            "signed": spec.type.signed,
            "scale": spec.scale,
        },
        "nodes": [_node_to_document(node) for node in graph.nodes],
        "outputs": [graph.output],
        "samples": None if graph.samples is None else _samples_to_document(graph.samples),
    }


def _node_to_document(node: Op) -> Document:
    common = {"name": node.name, "inputs": list(node.inputs)}
    match node:
        case Dense():
            fields = {
                "op": "dense",
                "weight": node.weight,
                "weight_bits": node.weight_bits,
                "bias": node.bias,
                "accumulator": [
                    {
                        "method": a.method,
                        "target_bits": a.target_bits,
                        "bits": a.bits,
                        "offset": a.offset,
                    }
                    for a in node.accumulators
                ],
            }
        case Threshold():
            fields = {
                "op": "threshold",
                "thresholds": node.thresholds,
                "bits": node.output.bits,
                "signed": node.output.signed,
            }
        case Flatten():
            fields = {"op": "flatten"}
        case Argmax():
            fields = {"op": "argmax"}
        case _:
            assert_never(node)
    return common | fields


def _samples_to_document(samples: Samples) -> Document:
    document = {"x": samples.x, "y": samples.y}
    return document if samples.labels is None else document | {"labels": samples.labels}


def from_document(document: object, where: str) -> Graph:
    """Read the graph of a document; `where` names its file in messages.

    Raises
    ------
    ModelError
        Where a key is missing or of another type, or the graph does not hold together.
    """
    fields = _Fields(document, where)
    if fields.text("format") != FORMAT:
        raise ModelError(f"{where}: format must be {FORMAT!r}; export the model with hwgen.nn")
    if fields.integer("version") != VERSION:
        raise ModelError(
            f"{where}: version must be {VERSION}, not {fields.integer('version')}; "
            "use the hwgen release that wrote it, or export it again"
        )
    outputs = fields.strings("outputs")
    if len(outputs) != 1:
        raise ModelError(f"{where}: outputs must name one node, not {len(outputs)}")
    graph = Graph(
        name=fields.text("name"),
        input=_input(fields.child("input")),
        nodes=tuple(_node(item) for item in fields.children("nodes")),
        output=outputs[0],
        metadata=fields.mapping("metadata"),
    )
    if fields.optional("samples") is None:
        return graph
    return _with_samples(graph, fields.child("samples"))


def _input(fields: _Fields) -> Input:
    return Input(
        shape=tuple(fields.integers("shape")),
        type=fields.int_type(),
        scale=fields.number("scale"),
    )


def _node(fields: _Fields) -> Op:
    name = fields.text("name")
    inputs = tuple(fields.strings("inputs"))
    readers: dict[str, Callable[[], Op]] = {
        "dense": lambda: _dense(fields, name, inputs),
        "threshold": lambda: Threshold(
            name=name,
            inputs=inputs,
            thresholds=fields.array("thresholds"),
            output=fields.int_type(),
        ),
        "flatten": lambda: Flatten(name=name, inputs=inputs),
        "argmax": lambda: Argmax(name=name, inputs=inputs),
    }
    op = fields.text("op")
    if op not in readers:
        raise ModelError(
            f"{fields.where}: op must be one of {', '.join(readers)}, not {op!r}; "
            "this release cannot build it"
        )
    return readers[op]()


def _dense(fields: _Fields, name: str, inputs: tuple[str, ...]) -> Dense:
    weight = fields.array("weight")
    rows = weight.shape[0] if weight.ndim else 0
    bias = fields.array("bias") if fields.optional("bias") is not None else np.zeros(rows, np.int64)
    return Dense(
        name=name,
        inputs=inputs,
        weight=weight,
        weight_bits=fields.integer("weight_bits"),
        bias=bias,
        accumulators=tuple(_accumulator(item) for item in fields.children("accumulator")),
    )


def _accumulator(fields: _Fields) -> Accumulator:
    method = fields.text("method")
    if method not in ("signed", "offset"):
        raise ModelError(f"{fields.where}: method must be signed or offset, not {method!r}")
    target = fields.optional("target_bits")
    return Accumulator(
        method=cast(Any, method),
        bits=fields.integer("bits"),
        offset=fields.integer("offset"),
        target_bits=None if target is None else fields.integer("target_bits"),
    )


def _with_samples(graph: Graph, fields: _Fields) -> Graph:
    x, y = fields.array("x"), fields.array("y")
    shape = graph.tensors[graph.output].shape
    if x.shape[1:] != graph.input.shape or y.shape != (x.shape[0], *shape):
        raise ModelError(
            f"{fields.where}: x and y must have shapes "
            f"(samples, {str(graph.input.shape)[1:-1]}) and (samples, {str(shape)[1:-1]}), "
            f"not {x.shape} and {y.shape}; export the model again"
        )
    labels = fields.array("labels") if fields.optional("labels") is not None else None
    if labels is not None and labels.shape != x.shape[:1]:
        raise ModelError(
            f"{fields.where}: labels must have shape {x.shape[:1]}, not {labels.shape}; "
            "export the model again"
        )
    samples = Samples(x=x, y=y, labels=labels)
    return Graph(
        name=graph.name,
        input=graph.input,
        nodes=graph.nodes,
        output=graph.output,
        metadata=graph.metadata,
        samples=samples,
    )


class _Fields:
    """Checked access to one mapping of a document."""

    def __init__(self, document: object, where: str) -> None:
        if not isinstance(document, dict):
            raise ModelError(
                f"{where}: must be a dict of plain data, not {type(document).__name__}"
            )
        self.document = document
        name = document.get("name")
        self.where = f"{where}: {name}" if isinstance(name, str) and "op" in document else where

    def _get(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        if key not in self.document:
            raise ModelError(f"{self.where}: key {key!r} is missing; export the model again")
        value = self.document[key]
        wrong_bool = isinstance(value, bool) and kind is not bool
        if wrong_bool or not isinstance(value, kind):
            raise ModelError(f"{self.where}: {key} must be {expected}, not {type(value).__name__}")
        return value

    def optional(self, key: str) -> object:
        return self.document.get(key)

    def text(self, key: str) -> str:
        return cast(str, self._get(key, str, "a string"))

    def integer(self, key: str) -> int:
        return self._in_64_bits(key, self._get(key, int, "an integer"))

    def number(self, key: str) -> float:
        value = self._get(key, (int, float), "a number")
        return float(self._in_64_bits(key, value) if isinstance(value, int) else value)

    def mapping(self, key: str) -> Mapping[str, object]:
        return cast(Mapping[str, object], self._get(key, dict, "a dict"))

    def child(self, key: str) -> _Fields:
        return _Fields(self._get(key, dict, "a dict"), f"{self.where}: {key}")

    def children(self, key: str) -> list[_Fields]:
        items = self._get(key, (list, tuple), "a list")
        return [_Fields(item, f"{self.where}: {key}[{i}]") for i, item in enumerate(items)]

    def strings(self, key: str) -> list[str]:
        return self._list(key, str, "strings")

    def integers(self, key: str) -> list[int]:
        return [self._in_64_bits(key, item) for item in self._list(key, int, "integers")]

    def _in_64_bits(self, key: str, value: int) -> int:
        """`value`, after it was checked to be one that a message can print and NumPy can hold."""
        if value.bit_length() > 63:
            raise ModelError(f"{self.where}: {key} must fit 64 bits; export the model again")
        return value

    def _list(self, key: str, kind: type, expected: str) -> list[Any]:
        items = self._get(key, (list, tuple), f"a list of {expected}")
        if any(isinstance(item, bool) or not isinstance(item, kind) for item in items):
            raise ModelError(f"{self.where}: {key} must be a list of {expected}")
        return list(items)

    def array(self, key: str) -> IntArray:
        value = self._get(key, np.ndarray, "an integer tensor")
        if value.dtype.kind not in "iu" or value.dtype == np.uint64:
            raise ModelError(f"{self.where}: {key} must be an integer tensor, not {value.dtype}")
        return cast(IntArray, value.astype(np.int64))

    def int_type(self) -> IntType:
        bits = self.integer("bits")
        signed = self._get("signed", bool, "true or false") if "signed" in self.document else False
        if not 1 <= bits <= MAX_BITS:
            raise ModelError(f"{self.where}: bits must be 1 to {MAX_BITS}, not {bits}")
        return IntType(bits=bits, signed=signed)

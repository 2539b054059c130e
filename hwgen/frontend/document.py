"""The plain-data form of the integer network: what model.pt and network.npz hold.

A document is a dict of strings, numbers, lists and integer arrays, nothing else. Reading one
trusts nothing: every key is checked, and the graph then checks that the whole holds together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hwgen.errors import ModelError
from hwgen.frontend.fields import MAX_INPUT_BITS, Fields
from hwgen.frontend.nodes import node_to_document, read_node
from hwgen.frontend.plain_data import plain
from hwgen.ir import Dequantization, Graph, Input, Samples

FORMAT = "hwgen"
VERSION = 1

Document = dict[str, Any]


def to_document(graph: Graph) -> Document:
    """Give the graph as plain data with NumPy arrays.

    Raises
    ------
    ModelError
        Where it holds anything else.
    """
    where = str(graph.name)
    metadata = plain(dict(graph.metadata), f"{where}: metadata", keep_arrays=False)
    document: Document = plain(_document(graph), where, keep_arrays=True)
    return document | {"metadata": metadata}


def _document(graph: Graph) -> Document:
    spec, real = graph.input, graph.dequantization
    document: Document = {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "metadata": {},
        "input": {
            "shape": list(spec.shape),
            "bits": spec.type.bits,
            "signed": spec.type.signed,
            "scale": spec.scale,
        },
        "nodes": [node_to_document(node) for node in graph.nodes],
        "outputs": [graph.output],
        "samples": None if graph.samples is None else _samples_to_document(graph.samples),
    }
    if spec.offset:  # left out where it says nothing: other files keep their bytes
        document["input"]["offset"] = spec.offset
    if real is not None:
        document["dequantization"] = _checked(real, graph.name).to_json()
    return document


def _checked(real: object, name: str) -> Dequantization:
    """Refuse what somebody put into a graph past the type checker."""
    if isinstance(real, Dequantization):
        return real
    raise ModelError(
        f"{name}: dequantization must be a Dequantization, not {type(real).__name__}; "
        "export the model with hwgen.nn"
    )


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
    fields = Fields(document, where)
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
        nodes=tuple(read_node(item) for item in fields.children("nodes")),
        output=outputs[0],
        metadata=fields.mapping("metadata"),
        dequantization=_dequantization(fields),
    )
    if fields.optional("samples") is None:
        return graph
    return _with_samples(graph, fields.child("samples"))


def _input(fields: Fields) -> Input:
    return Input(
        shape=tuple(fields.integers("shape")),
        type=fields.int_type(MAX_INPUT_BITS),
        scale=fields.number("scale"),
        offset=0.0 if fields.optional("offset") is None else fields.number("offset"),
    )


def _dequantization(fields: Fields) -> Dequantization | None:
    if fields.optional("dequantization") is None:
        return None
    numbers = fields.child("dequantization")
    return Dequantization(scale=numbers.numbers("scale"), offset=numbers.numbers("offset"))


def _with_samples(graph: Graph, fields: Fields) -> Graph:
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
    return replace(graph, samples=Samples(x=x, y=y, labels=labels))

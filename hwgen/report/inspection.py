"""What `hwgen inspect` shows: every layer of a network with every accumulator bound."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hwgen.bounds import data_type_bits, exact_signed_bits, l1_norm_bits, offset_bits
from hwgen.ir import (
    Conv2d,
    Dense,
    Graph,
    MaxPool2d,
    Op,
    SumPool2d,
    Threshold,
    Weighted,
    operation_name,
)
from hwgen.report.import_notes import import_table
from hwgen.report.inspection_columns import columns_text


def inspection(graph: Graph) -> dict[str, Any]:
    """Shapes, types, sparsity, l1 norms and accumulator bounds as plain data.

    The bounds of a layer are those of its widest channel; `channels` has the exact ones of each.
    """
    real = graph.dequantization
    return {
        "name": graph.name,
        "metadata": dict(graph.metadata),
        "input": {
            "shape": list(graph.input.shape),
            "type": str(graph.input.type),
            "scale": graph.input.scale,
            "offset": graph.input.offset,
        },
        "nodes": [_node(graph, node) for node in graph.nodes],
        "output": graph.output,
        "result": graph.result,
        "dequantization": None if real is None else real.to_json(),
        "samples": 0 if graph.samples is None else len(graph.samples.x),
    }


def _node(graph: Graph, node: Op) -> dict[str, Any]:
    tensor = graph.tensors[node.name]
    row: dict[str, Any] = {
        "name": node.name,
        "op": operation_name(node),
        "inputs": list(node.inputs),
        "shape": list(tensor.shape),
        "type": str(tensor.range.type),
    }
    if isinstance(node, (Dense, Conv2d)):
        row |= _weighted(graph, node)
    if isinstance(node, Conv2d):
        row |= {"stride": list(node.stride), "padding": list(node.padding), "groups": node.groups}
    if isinstance(node, MaxPool2d | SumPool2d):
        row |= {"kernel_size": list(node.kernel_size), "stride": list(node.stride)}
    if isinstance(node, Threshold):
        limits = graph.source(node).range
        inside = (node.thresholds > limits.lo) & (node.thresholds <= limits.hi)
        row["thresholds"] = int(node.thresholds.size)
        row["reached"] = int(inside.sum())
    return row


def _weighted(graph: Graph, node: Weighted) -> dict[str, Any]:
    source = graph.source(node).range
    totals = node.totals(source)
    norms = [int(n) for n in np.abs(node.rows).sum(axis=1)]
    nonzero = int(np.count_nonzero(node.weight))
    return {
        "weight_shape": list(node.weight.shape),
        "weight_bits": node.weight_bits,
        "nonzero": nonzero,
        "sparsity": 1 - nonzero / node.weight.size,
        "l1_norm": {"max": max(norms), "mean": sum(norms) / len(norms), "sum": sum(norms)},
        "bits": {
            "data_type": data_type_bits(node.rows.shape[1], source.type, node.weight_bits),
            "l1_norm": l1_norm_bits(max(norms), source.type),
            "signed": max(exact_signed_bits(t) for t in totals),
            "offset": max(offset_bits(t, node.divisor(i)) for i, t in enumerate(totals)),
            "declared": max(a.bits for a in node.accumulators),
        },
        "method": node.accumulators[0].method,
        "target_bits": node.accumulators[0].target_bits,
        "target_units": node.accumulators[0].target_units,
        "channels": {
            "l1_norm": norms,
            "signed": [exact_signed_bits(t) for t in totals],
            "offset": [offset_bits(t, node.divisor(i)) for i, t in enumerate(totals)],
            "declared": [a.bits for a in node.accumulators],
        },
    }


def inspection_table(document: dict[str, Any]) -> RenderableType:
    """Give the inspection for the terminal: layers, and what became of another tool's file."""
    bounds, result = _bounds_table(document), _result_line(document)
    nodes = import_table(document, result)
    return Group(bounds, Text(columns_text()), Text(result) if nodes is None else nodes)


def _bounds_table(document: dict[str, Any]) -> Table:
    given = document["input"]
    table = Table(
        title=f"{document['name']}: input {given['shape']} {given['type']}",
        title_justify="left",
    )
    for name in ("layer", "op", "output", "type", "weights"):
        table.add_column(name)
    for name in ("zero", "l1\nmax", "l1\nsum", "data\ntype", "A2Q\nnorm"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("signed", "offset", "certified", "target"):
        table.add_column(name, justify="right", no_wrap=True)
    for node in document["nodes"]:
        cells = [node["name"], _operation(node), _by(node["shape"]), node["type"]]
        if "bits" in node:
            bits = node["bits"]
            cells += [
                f"{_by(node['weight_shape'])} s{node['weight_bits']}",
                f"{node['sparsity']:.1%}",
                str(node["l1_norm"]["max"]),
                str(node["l1_norm"]["sum"]),
                *(str(bits[k]) for k in ("data_type", "l1_norm", "signed", "offset", "declared")),
                _target(node),
            ]
        table.add_row(*cells)
    return table


def _operation(node: dict[str, Any]) -> str:
    """Name an operation, a pooling with its kernel, with its stride where that is not as usual."""
    kernel, stride = node.get("kernel_size"), node.get("stride")
    name = node["op"] if kernel is None else f"{node['op']} {_by(kernel)}"
    usual = [1, 1] if kernel is None else kernel
    return name if stride in (None, usual) else f"{name}, stride {_by(stride)}"


def _target(node: dict[str, Any]) -> str:
    """Say what a layer was trained for: bits, units (`u10`) or both."""
    bits, units = node["target_bits"], node["target_units"]
    said = [] if bits is None else [str(bits)]
    return ", ".join(said if units is None else [*said, f"u{units}"]) or "-"


def _by(sizes: list[int]) -> str:
    return "x".join(map(str, sizes))


def _result_line(document: dict[str, Any]) -> str:
    """Say what leaves the network, and what its integers stand for."""
    real = document["dequantization"]
    if real is None:
        return f"result: {document['result']}"
    if len(real["scale"]) == len(real["offset"]) == 1:
        return (
            f"result: {document['result']}, each {real['scale'][0]:.6g} * integer "
            f"{real['offset'][0]:+.6g}"
        )
    return f"result: {document['result']}, with a scale and an offset for each channel (--json)"

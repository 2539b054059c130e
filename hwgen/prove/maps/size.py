"""How much a proof over whole frames takes: the products of a frame."""

from __future__ import annotations

from math import prod

import numpy as np

from hwgen.ir import Add, Conv2d, Dense, SumPool2d
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.views import weights_of

MOST_PRODUCTS = 1 << 25  # half an hour or more, at the figures of docs/proof.md


def frame_products(design: DesignFolder) -> int:
    """Count the nonzero weights of folded layers, each as often as it is used in a frame."""
    graph, found = design.graph, 0
    unrolled = {
        name
        for name, kind in zip(design.units, design.kinds, strict=True)
        if kind == "UnrolledDense"
    }
    for node in graph.nodes:
        if not isinstance(node, Conv2d | Dense | SumPool2d | Add):
            continue
        if f"{design.top}__{node.name}" not in unrolled:
            channels = sum(graph.tensors[source].shape[0] for source in node.inputs)
            weight, _ = weights_of(node, channels)
            positions = prod(graph.tensors[node.name].shape[1:])
            found += int(np.count_nonzero(weight)) * positions
    return found

"""The integer network as the chain of layers that a design has units for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.errors import ModelError
from hwgen.ir import Argmax, Dense, Flatten, Graph, Threshold
from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form, linear_form

Tail = Threshold | Argmax | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """A dense layer and what reads its sums."""

    dense: Dense
    tail: Tail


def chain_of(graph: Graph) -> list[Layer]:
    """Cut a network into layers.

    Raises
    ------
    ModelError
        Where it is not a chain of dense layers with thresholds between.
    """
    nodes = [node for node in graph.nodes if not isinstance(node, Flatten)]
    layers: list[Layer] = []
    while nodes and isinstance(nodes[0], Dense):
        dense = nodes.pop(0)
        assert isinstance(dense, Dense)
        tail: Tail = None
        if nodes and isinstance(nodes[0], Threshold | Argmax):
            found = nodes.pop(0)
            assert isinstance(found, Threshold | Argmax)
            tail = found
        layers.append(Layer(dense=dense, tail=tail))
    if nodes or not layers or not all(isinstance(x.tail, Threshold) for x in layers[:-1]):
        raise ModelError(
            f"{graph.name}: a proof is possible for chains of dense layers with thresholds "
            "between; this network has another shape"
        )
    return layers


def row_form(dense: Dense, row: int, inputs: Sequence[Range]) -> Form:
    """Give a row's sum with its bias as a linear form over the inputs that can vary."""
    weights = {int(c): int(dense.weight[row, c]) for c in np.flatnonzero(dense.weight[row])}
    return linear_form(weights, int(dense.bias[row]), inputs)

"""The network as a chain of matrix-vector layers with the exact range that each value can reach.

Ranges go through the whole net, per channel: a threshold that can never fire or never fail narrows
its channel's codes, a channel with one code left is a constant, and a constant input is folded
into the bias of the layer that reads it, so that it costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from hwgen.errors import PlanError
from hwgen.ir import Accumulator, Argmax, Dense, Flatten, Graph, Threshold, operation_name
from hwgen.numeric import IntArray, Range
from hwgen.plan.identifier import check_names

Tail = Literal["threshold", "argmax", "output"]
_ChainOp = Dense | Threshold | Flatten | Argmax  # what hardware is built for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One matrix-vector product and what follows it.

    Attributes
    ----------
    weight, bias
        (rows, columns) and (rows,); columns of constant inputs are zero, their part is in `bias`.
    inputs, totals, outputs
        Reachable range of every column, of every row's sum with its bias, and of every value that
        leaves the layer (codes after a threshold, sums otherwise).
    accumulators
        What the model declares for each row.
    thresholds
        (rows, 2**bits - 1) where `tail` is "threshold", else None; `code_lo` is added to the count.
    tail
        What reads the sums.
    """

    name: str
    tail_name: str
    weight: IntArray
    bias: IntArray
    inputs: tuple[Range, ...]
    totals: tuple[Range, ...]
    outputs: tuple[Range, ...]
    accumulators: tuple[Accumulator, ...]
    thresholds: IntArray | None
    code_lo: int
    tail: Tail

    @property
    def rows(self) -> int:
        """Number of outputs."""
        return int(self.weight.shape[0])

    @property
    def columns(self) -> int:
        """Number of inputs."""
        return int(self.weight.shape[1])

    @property
    def nonzero(self) -> int:
        """Number of weights that are not zero."""
        return int(np.count_nonzero(self.weight))


def layers_of(graph: Graph) -> tuple[Layer, ...]:
    """Cut a network into layers.

    Raises
    ------
    PlanError
        Where the network is not a chain of dense layers, each but the last with a threshold.
    """
    chain = _chain(graph)
    ranges = [graph.input.type.range] * int(np.prod(graph.input.shape))
    layers: list[Layer] = []
    position = 0
    while position < len(chain):
        node = chain[position]
        if isinstance(node, Flatten) and not layers:
            position += 1
            continue
        if not isinstance(node, Dense):
            raise PlanError(
                f"{graph.name}: {node.name}: hardware is built for chains of dense layers with "
                f"thresholds between, and {operation_name(node)} cannot stand here; "
                "change the network"
            )
        tail = chain[position + 1] if position + 1 < len(chain) else None
        layers.append(_layer(graph, node, tail, tuple(ranges)))
        ranges = list(layers[-1].outputs)
        position += 1 if tail is None else 2
    if not layers:
        raise PlanError(f"{graph.name}: hardware needs at least one dense layer; add one")
    check_names(graph.name, (node.name for node in chain if not isinstance(node, Flatten)))
    return tuple(layers)


def _chain(graph: Graph) -> list[_ChainOp]:
    """Give the nodes, each checked to read the one before it, the last to be the output."""
    chain: list[_ChainOp] = []
    for node in graph.nodes:
        if not isinstance(node, _ChainOp):
            raise PlanError(
                f"{graph.name}: {node.name}: hardware is built for chains of dense layers, and "
                f"not for {operation_name(node)} yet; `hwgen inspect` shows the network"
            )
        chain.append(node)
    previous = "input"
    for node in chain:
        if node.inputs != (previous,):
            raise PlanError(
                f"{graph.name}: {node.name}: hardware is built for chains, and this node reads "
                f"{node.inputs[0]!r} instead of {previous!r}; remove the branch"
            )
        previous = node.name
    if graph.output != previous:
        raise PlanError(
            f"{graph.name}: output must be the last node, {previous!r}, not {graph.output!r}; "
            "remove the nodes behind it"
        )
    return chain


def _layer(graph: Graph, node: Dense, tail: _ChainOp | None, inputs: tuple[Range, ...]) -> Layer:
    weight, bias = _fold_constants(node, inputs)
    totals = tuple(_total(row, inputs, int(b)) for row, b in zip(weight, bias, strict=True))
    thresholds, code_lo = None, 0
    kind: Tail = "output"
    outputs = totals
    match tail:
        case Threshold():
            thresholds, code_lo, kind = tail.thresholds, tail.output.lo, "threshold"
            outputs = tuple(
                _codes(t, total, code_lo) for t, total in zip(thresholds, totals, strict=True)
            )
        case Argmax():
            kind = "argmax"
            outputs = (Range(0, len(totals) - 1),)
        case Dense() | Flatten():
            raise PlanError(
                f"{graph.name}: {tail.name}: hardware needs a threshold between {node.name!r} and "
                f"{tail.name!r}; add an activation"
            )
        case None:
            pass
        case _:
            assert_never(tail)
    return Layer(
        name=node.name,
        tail_name=node.name if tail is None else tail.name,
        weight=weight,
        bias=bias,
        inputs=inputs,
        totals=totals,
        outputs=outputs,
        accumulators=node.accumulators,
        thresholds=thresholds,
        code_lo=code_lo,
        tail=kind,
    )


def _fold_constants(node: Dense, inputs: tuple[Range, ...]) -> tuple[IntArray, IntArray]:
    weight, bias = node.weight.copy(), node.bias.copy()
    for column, limits in enumerate(inputs):
        if limits.span == 0:
            bias += weight[:, column] * limits.lo
            weight[:, column] = 0
    return weight, bias


def _total(row: IntArray, inputs: tuple[Range, ...], bias: int) -> Range:
    lo = hi = bias
    for column in np.flatnonzero(row):
        w, limits = int(row[column]), inputs[column]
        ends = (w * limits.lo, w * limits.hi)
        lo, hi = lo + min(ends), hi + max(ends)
    return Range(lo, hi)


def _codes(thresholds: IntArray, total: Range, code_lo: int) -> Range:
    lo, hi = np.searchsorted(thresholds, [total.lo, total.hi], side="right")
    return Range(code_lo + int(lo), code_lo + int(hi))

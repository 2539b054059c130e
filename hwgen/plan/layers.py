"""Cuts the network into a chain of layers, a matrix each, with the exact range of every value.

Ranges go through the whole net, per channel: a threshold that can never fire or never fail narrows
its channel's codes, a channel with one code left is a constant, and a constant input is folded
into the bias of the layer that reads it, so that it costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import assert_never

import numpy as np

from hwgen.errors import PlanError
from hwgen.ir import (
    Argmax,
    Conv2d,
    Dense,
    Flatten,
    Graph,
    MaxPool2d,
    SumPool2d,
    Threshold,
    operation_name,
)
from hwgen.numeric import IntArray, Range
from hwgen.plan.identifier import check_names
from hwgen.plan.layer import Layer, Pool, Tail
from hwgen.plan.matrix import Matrix, conv_matrix, dense_matrix, identity_matrix, sum_matrix
from hwgen.plan.stages.window import PoolKind, pooled_range
from hwgen.plan.windows import full_window

_ChainOp = Dense | Conv2d | Threshold | MaxPool2d | SumPool2d | Flatten | Argmax


def layers_of(graph: Graph) -> tuple[Layer, ...]:
    """Cut a network into layers.

    Raises
    ------
    PlanError
        Where the network is not a chain, or a matrix reads another one's sums.
    """
    return _Cutter(graph).layers()


@dataclass
class _Cutter:
    """Walks along the chain; `image` is None once the map is a vector, `ranges` then by element."""

    graph: Graph
    ranges: tuple[Range, ...] = ()
    image: tuple[int, int] | None = None
    flattened: tuple[int, int] = (1, 1)
    pools: list[Pool] = field(default_factory=list)
    sums_of: str = ""  # the matrix whose sums have met no threshold yet

    def layers(self) -> tuple[Layer, ...]:
        """Give the whole chain."""
        chain = _chain(self.graph)
        shape = self.graph.input.shape
        if len(shape) == 3 and not isinstance(chain[0], Flatten):
            self.image = (shape[1], shape[2])
        size = prod(shape) if self.image is None else shape[0]
        self.ranges = (self.graph.input.type.range,) * size
        found: list[Layer] = []
        position = 0
        while position < len(chain):
            node = chain[position]
            match node:
                case Flatten():
                    self._flatten()
                case MaxPool2d() | SumPool2d() if not self._is_matrix(node):
                    self._pool(node)
                case _:
                    after = chain[position + 1] if position + 1 < len(chain) else None
                    tail = node if isinstance(node, Threshold | Argmax) else after
                    if not isinstance(tail, Threshold | Argmax):
                        tail = None
                    found.append(self._layer(node, tail))
                    position += tail is after and tail is not None
            position += 1
        if self.pools:
            found.append(self._layer(self.pools[-1].name, None))
        if not found:
            raise PlanError(f"{self.graph.name}: hardware needs at least one operation; add one")
        found[-1] = replace(found[-1], is_last=True)
        names = [node.name for node in chain if not isinstance(node, Flatten)]
        own = [layer.name for layer in found if layer.name not in names]
        check_names(self.graph.name, [*names, *own])
        return tuple(found)

    def _flatten(self) -> None:
        if self.image is not None:
            self.flattened, self.image = self.image, None
            self.ranges = tuple(
                limits for limits in self.ranges for _ in range(prod(self.flattened))
            )

    def _is_matrix(self, node: _ChainOp) -> bool:
        """Whether an operation is a matrix: of sums of pixels those whose windows overlap are."""
        if not isinstance(node, SumPool2d):
            return not isinstance(node, MaxPool2d | Flatten)
        return self._pool_of(node).overlaps

    def _pool_of(self, node: MaxPool2d | SumPool2d) -> Pool:
        assert self.image is not None
        window = full_window(self.image, 1, node.kernel_size, node.stride)
        kind: PoolKind = "max" if isinstance(node, MaxPool2d) else "sum"
        pixels = prod(node.kernel_size)
        return Pool(
            name=node.name,
            kind=kind,
            rows=window.rows,
            columns=window.columns,
            inputs=self.ranges,
            outputs=tuple(pooled_range(kind, limits, pixels) for limits in self.ranges),
        )

    def _pool(self, node: MaxPool2d | SumPool2d) -> None:
        pool = self._pool_of(node)
        self.pools.append(pool)
        self.ranges = pool.outputs
        self.image = (pool.rows.count, pool.columns.count)

    def _layer(self, node: _ChainOp | str, tail: Threshold | Argmax | None) -> Layer:
        """Give the layer of an operation, or of none but what follows where `node` is a name."""
        matrix = self._matrix(node)
        thresholds, code_lo = None, 0
        kind: Tail = "output"
        outputs = matrix.totals
        match tail:
            case Threshold():
                thresholds, code_lo, kind = tail.thresholds, tail.output.lo, "threshold"
                outputs = tuple(
                    _codes(t, total, code_lo)
                    for t, total in zip(thresholds, matrix.totals, strict=True)
                )
            case Argmax():
                kind = "argmax"
                outputs = (Range(0, len(matrix.totals) - 1),)
            case None:
                pass
            case _:
                assert_never(tail)
        own = node if isinstance(node, str) else node.name
        is_own = isinstance(node, Dense | Conv2d | SumPool2d)
        layer = Layer(
            name=own if is_own else f"{own}_in",
            tail_name=own if tail is None else tail.name,
            op=operation_name(node) if not isinstance(node, str) else "max_pool2d",
            node_name=own,
            pools=tuple(self.pools),
            window=matrix.window,
            image=self.flattened if matrix.window is None else (1, 1),
            channels=() if matrix.window is None else self.ranges,
            fan_in=matrix.fan_in,
            weight=matrix.weight,
            bias=matrix.bias,
            inputs=matrix.inputs,
            totals=matrix.totals,
            outputs=outputs,
            accumulators=node.accumulators if isinstance(node, Dense | Conv2d) else (),
            thresholds=thresholds,
            code_lo=code_lo,
            tail=kind,
        )
        self.pools, self.ranges, self.flattened = [], outputs, (1, 1)
        if matrix.window is not None:
            self.image = matrix.window.outputs
        self.sums_of = own if tail is None and isinstance(node, Dense | Conv2d) else ""
        return layer

    def _matrix(self, node: _ChainOp | str) -> Matrix:
        match node:
            case Dense() | Conv2d():
                if self.sums_of:
                    raise PlanError(
                        f"{self.graph.name}: {node.name}: hardware needs a threshold between "
                        f"{self.sums_of!r} and {node.name!r}; add an activation"
                    )
                if isinstance(node, Dense):
                    return dense_matrix(node, self.ranges)
                assert self.image is not None
                return conv_matrix(node, self.image, self.ranges)
            case SumPool2d():
                assert self.image is not None
                return sum_matrix(node, self.image, self.ranges)
            case _:
                return identity_matrix(self.image, self.ranges)


def _chain(graph: Graph) -> list[_ChainOp]:
    """Give the nodes, each checked to read the one before it, the last to be the output."""
    chain: list[_ChainOp] = []
    for node in graph.nodes:
        if not isinstance(node, _ChainOp):
            raise PlanError(
                f"{graph.name}: {node.name}: hardware is built for chains of layers, and "
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


def _codes(thresholds: IntArray, total: Range, code_lo: int) -> Range:
    lo, hi = np.searchsorted(thresholds, [total.lo, total.hi], side="right")
    return Range(code_lo + int(lo), code_lo + int(hi))

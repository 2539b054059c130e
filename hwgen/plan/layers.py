"""Cuts the network into layers, a matrix each, with the exact range of every value.

Ranges go through the whole net, per channel: a threshold that can never fire or never fail narrows
its channel's codes, a channel with one code left is a constant, and a constant input is folded
into the bias of the layer that reads it, so that it costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import assert_never

import numpy as np

from hwgen.errors import PlanError
from hwgen.ir import (
    Add,
    Argmax,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    Graph,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
    operation_name,
)
from hwgen.numeric import IntArray, Range
from hwgen.plan.fronts import enlargement_of, held_beside, is_matrix, pool_of
from hwgen.plan.identifier import check_names
from hwgen.plan.layer import Enlargement, Layer, Pool, Tail
from hwgen.plan.matrix import Matrix, conv_matrix, dense_matrix, identity_matrix, sum_matrix
from hwgen.plan.stages.wiring import INPUT

_MatrixOp = Dense | Conv2d | SumPool2d | Add


def layers_of(graph: Graph) -> tuple[Layer, ...]:
    """Cut a network into layers, each behind those that it reads.

    Raises
    ------
    PlanError
        Where a matrix reads another one's sums, or something is computed that nothing reads.
    """
    return _Cutter(graph).layers()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """What is known of a tensor of the network.

    Attributes
    ----------
    sources
        The layers whose outputs it is, side by side, and -1 for the network's input.
    ranges
        By channel of a map, by element of a vector.
    image
        Size of the map, None for a vector.
    front
        What is still to be done with what the layers give.
    flattened
        Of a vector, the map whose elements it has.
    sums_of
        The matrix whose sums have met no threshold yet.
    """

    sources: tuple[int, ...]
    ranges: tuple[Range, ...]
    image: tuple[int, int] | None
    front: tuple[Pool | Enlargement, ...] = ()
    flattened: tuple[int, int] = (1, 1)
    sums_of: str = ""

    @property
    def is_as_given(self) -> bool:
        """Whether layers give it as it is, with nothing left to do."""
        return not self.front and self.flattened == (1, 1)


class _Cutter:
    """Goes through the nodes; each gets its value, and some a layer."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers: dict[str, list[Op]] = {}
        for node in graph.nodes:
            for source in node.inputs:
                self.readers.setdefault(source, []).append(node)
        self.beside = held_beside(graph)
        self.found: list[Layer] = []
        self.values: dict[str, _Value] = {}

    def layers(self) -> tuple[Layer, ...]:
        """Give all layers."""
        graph, shape = self.graph, self.graph.input.shape
        self._check_all_read()
        image = None if len(shape) != 3 else (shape[1], shape[2])
        if image and all(isinstance(node, Flatten) for node in self.readers["input"]):
            image = None  # the elements come as a vector
        size = prod(shape) if image is None else shape[0]
        ranges = (graph.input.type.range,) * size
        self.values["input"] = _Value(sources=(INPUT,), ranges=ranges, image=image)
        for node in graph.nodes:
            if node.name not in self.values:
                self._node(node)
        last = self.values[graph.output]
        if last.front or last.sources != (len(self.found) - 1,):
            self._layer(graph.output, last, None)
        if not self.found:
            raise PlanError(f"{graph.name}: hardware needs at least one operation; add one")
        self.found[-1] = replace(self.found[-1], is_last=True)
        names = [node.name for node in graph.nodes if not isinstance(node, Flatten)]
        own = [layer.name for layer in self.found if layer.name not in names]
        check_names(graph.name, [*names, *own])
        return tuple(self.found)

    def _check_all_read(self) -> None:
        if self.graph.output in self.readers:
            reader = self.readers[self.graph.output][0].name
            raise PlanError(
                f"{self.graph.name}: output {self.graph.output!r} must be read by no node, and "
                f"{reader!r} reads it; remove the nodes behind it"
            )
        for node in self.graph.nodes:
            if node.name != self.graph.output and node.name not in self.readers:
                raise PlanError(
                    f"{self.graph.name}: {node.name}: must be read by a node or be the output, "
                    f"which is {self.graph.output!r}; remove it"
                )

    def _node(self, node: Op) -> None:
        """Give a node, and a threshold that reads nothing else, its value."""
        inputs = [self.values[source] for source in node.inputs]
        value = inputs[0]
        match node:
            case Flatten():
                self.values[node.name] = _flat(value)
            case MaxPool2d() | SumPool2d() if not is_matrix(node, value.image):
                pool = pool_of(node, value.image, value.ranges)
                self.values[node.name] = replace(
                    value, front=(*value.front, pool), ranges=pool.outputs, image=pool.shown
                )
            case Concat():
                self.values[node.name] = self._together(node, inputs)
            case Threshold() | Argmax():
                self.values[node.name] = self._layer(node.name, value, node)
            case Dense() | Conv2d() | SumPool2d():
                self._matrix_node(node, value)
            case Add():
                self._matrix_node(node, self._together(node, inputs))
            case UpsampleNearest() | PixelShuffle():
                larger = enlargement_of(node, value.image, value.ranges)
                self.values[node.name] = replace(
                    value,
                    front=(*value.front, larger),
                    ranges=larger.outputs,
                    image=larger.shown,
                )
            case MaxPool2d():
                raise AssertionError("a maximum is no matrix")
            case _:
                assert_never(node)
        self._settle(node.name)

    def _settle(self, name: str) -> None:
        """Make a layer of what is left to do with a value that several nodes read."""
        if len(self.readers.get(name, ())) > 1:
            self.values[name] = self._as_given(name, self.values[name])

    def _as_given(self, name: str, value: _Value) -> _Value:
        """Give a value with nothing left to do, by a layer that changes nothing."""
        return value if value.is_as_given else self._layer(name, value, None)

    def _together(self, node: Add | Concat, values: list[_Value]) -> _Value:
        """Give the values of several nodes side by side, as one."""
        given = [
            self._as_given(name, value) for name, value in zip(node.inputs, values, strict=True)
        ]
        return _Value(
            sources=tuple(source for value in given for source in value.sources),
            ranges=tuple(limits for value in given for limits in value.ranges),
            image=given[0].image,
            sums_of=next((value.sums_of for value in given if value.sums_of), ""),
        )

    def _matrix_node(self, node: _MatrixOp, value: _Value) -> None:
        """Give a matrix its layer, with what reads its sums where nothing else reads them."""
        readers = self.readers.get(node.name, [])
        tail = readers[0] if len(readers) == 1 else None
        if not isinstance(tail, Threshold | Argmax):
            self.values[node.name] = self._layer(node, value, None)
            return
        self.values[node.name] = value  # which nothing looks at
        self.values[tail.name] = self._layer(node, value, tail)
        self._settle(tail.name)

    def _layer(
        self, node: _MatrixOp | str, value: _Value, tail: Threshold | Argmax | None
    ) -> _Value:
        """Add the layer of an operation, or of none but what follows where `node` is a name."""
        matrix = self._matrix(node, value)
        thresholds, code_lo = None, 0
        labels: tuple[int, ...] = ()
        kind: Tail = "output"
        outputs = matrix.totals
        match tail:
            case Threshold():
                thresholds, code_lo, kind = _full(tail, matrix.totals), tail.output.lo, "threshold"
                outputs = tuple(
                    _codes(t, total, code_lo)
                    for t, total in zip(thresholds, matrix.totals, strict=True)
                )
            case Argmax():
                kind, labels = "argmax", tail.labels or ()
                outputs = (tail.given(len(matrix.totals)),)
            case None:
                pass
            case _:
                assert_never(tail)
        own = node if isinstance(node, str) else node.name
        tail_name = own if tail is None else tail.name
        for value_beside in self.beside.get(tail_name, ()):
            outputs = tuple(o.union(Range(value_beside, value_beside)) for o in outputs)
        layer = Layer(
            name=f"{own}_in" if isinstance(node, str) else own,
            tail_name=tail_name,
            sources=value.sources,
            op=operation_name(self.graph.node(own)),
            node_name=own,
            front=value.front,
            window=matrix.window,
            image=value.flattened if matrix.window is None else (1, 1),
            channels=() if matrix.window is None else value.ranges,
            fan_in=matrix.fan_in,
            weight=matrix.weight,
            connected=matrix.connected,
            bias=matrix.bias,
            inputs=matrix.inputs,
            totals=matrix.totals,
            outputs=outputs,
            accumulators=node.accumulators if isinstance(node, Dense | Conv2d) else (),
            thresholds=thresholds,
            code_lo=code_lo,
            tail=kind,
            labels=labels,
        )
        self.found.append(layer)
        sums = value.sums_of if isinstance(node, str | Add) else ""
        sums = own if isinstance(node, Dense | Conv2d) else sums
        return _Value(
            sources=(len(self.found) - 1,),
            ranges=outputs,
            image=None if matrix.window is None else matrix.window.outputs,
            sums_of=sums if tail is None else "",
        )

    def _matrix(self, node: _MatrixOp | str, value: _Value) -> Matrix:
        match node:
            case Dense() | Conv2d():
                if value.sums_of:
                    raise PlanError(
                        f"{self.graph.name}: {node.name}: hardware needs a threshold between "
                        f"{value.sums_of!r} and {node.name!r}; add an activation"
                    )
                if isinstance(node, Dense):
                    return dense_matrix(node, value.ranges)
                assert value.image is not None
                return conv_matrix(node, value.image, value.ranges)
            case SumPool2d():
                assert value.image is not None
                return sum_matrix(node, value.image, value.ranges)
            case Add():
                return identity_matrix(value.image, value.ranges, node.multipliers)
            case _:
                return identity_matrix(value.image, value.ranges)


def _flat(value: _Value) -> _Value:
    """Give a map as the vector of its elements."""
    if value.image is None:
        return value
    ranges = tuple(limits for limits in value.ranges for _ in range(prod(value.image)))
    return replace(value, ranges=ranges, image=None, flattened=value.image)


def _full(node: Threshold, totals: tuple[Range, ...]) -> IntArray:
    """Give 2**bits - 1 thresholds for each row; those behind its last are never reached."""
    rows = node.full(len(totals))
    missing = (1 << node.output.bits) - 1 - node.steps
    if not missing:
        return rows
    never = [max(int(row[-1]), total.hi + 1) for row, total in zip(rows, totals, strict=True)]
    behind: IntArray = np.array(never, np.int64)[:, None].repeat(missing, axis=1)
    return np.concatenate([rows, behind], axis=1)


def _codes(thresholds: IntArray, total: Range, code_lo: int) -> Range:
    lo, hi = np.searchsorted(thresholds, [total.lo, total.hi], side="right")
    return Range(code_lo + int(lo), code_lo + int(hi))

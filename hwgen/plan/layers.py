"""The network as a chain of layers, a matrix each, with the exact range of every value.

Ranges go through the whole net, per channel: a threshold that can never fire or never fail narrows
its channel's codes, a channel with one code left is a constant, and a constant input is folded
into the bias of the layer that reads it, so that it costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Literal, assert_never

import numpy as np

from hwgen.errors import PlanError
from hwgen.ir import (
    MAX_ACCUMULATOR_BITS,
    Accumulator,
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
from hwgen.plan.matrix import Matrix, conv_matrix, dense_matrix, identity_matrix, sum_matrix
from hwgen.plan.stages.window import PoolKind, pooled_range
from hwgen.plan.windows import Axis, Window, full_window

Tail = Literal["threshold", "argmax", "output"]
_ChainOp = Dense | Conv2d | Threshold | MaxPool2d | SumPool2d | Flatten | Argmax


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pooling in front of a layer's matrix; `inputs` and `outputs` are ranges by channel."""

    name: str
    kind: PoolKind
    rows: Axis
    columns: Axis
    inputs: tuple[Range, ...]
    outputs: tuple[Range, ...]

    @property
    def overlaps(self) -> bool:
        """Whether a pixel can be in several windows."""
        axes = (self.rows, self.columns)
        return any(axis.kernel > axis.stride and axis.count > 1 for axis in axes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One matrix-vector product and what follows it, at one position or at each of a map.

    Attributes
    ----------
    op, node_name
        The network's operation that the matrix is of, or that its sums go to where it is of none.
    pools
        Poolings in front of it, first to last.
    window
        What the columns show of a map, at each position; None where they are a whole vector.
    image
        Where `window` is None, the map whose elements are the columns; (1, 1) for a vector.
    fan_in
        Inputs of one sum in the network, whether or not they are read.
    weight, bias
        (rows, columns) and (rows,); columns of constant inputs are zero, their part is in `bias`.
        Of a window only taps that some row reads are columns.
    channels
        Reachable range of every channel of the map that `window` shows.
    inputs, totals, outputs
        Reachable range of every column, of every row's sum with its bias, and of every value that
        leaves the layer (codes after a threshold, sums otherwise).
    accumulators
        What the model declares for each row; none for a matrix that the network does not name.
    thresholds
        (rows, 2**bits - 1) where `tail` is "threshold", else None; `code_lo` is added to the count.
    tail
        What reads the sums.
    """

    name: str
    tail_name: str
    op: str = "dense"
    node_name: str
    pools: tuple[Pool, ...] = ()
    window: Window | None = None
    image: tuple[int, int] = (1, 1)
    channels: tuple[Range, ...] = ()
    fan_in: int
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

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of positions at which the product is taken."""
        return (1, 1) if self.window is None else self.window.outputs

    @property
    def matrix_node(self) -> Dense:
        """The matrix as an operation of the network, at one position."""
        return Dense(
            name=self.name,
            inputs=(),
            weight=self.weight,
            weight_bits=MAX_ACCUMULATOR_BITS,
            bias=self.bias,
            accumulators=self.accumulators,
        )

    @property
    def has_window(self) -> bool:
        """Whether the columns show more of a map than the pixel that comes."""
        return self.window is not None and not self.window.is_pointwise

    @property
    def input_image(self) -> tuple[int, int] | None:
        """Size of the map that the layer reads pixel by pixel, None where it reads a vector."""
        if self.pools:
            return self.pools[0].rows.size, self.pools[0].columns.size
        return None if self.window is None else self.window.image

    @property
    def cycles(self) -> int:
        """Cycles that units of a position a cycle are busy with a map, or with a vector."""
        maps = [pool.rows.size * pool.columns.size for pool in self.pools]
        if self.window is None:
            return max(*maps, prod(self.image), 1)
        return max(*maps, self.window.rows.steps * self.window.columns.steps, 1)


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

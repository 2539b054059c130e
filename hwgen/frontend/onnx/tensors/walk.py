"""The state of the walk over a file: what each tensor is, and the network as far as it is made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import cast

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.arithmetic.functions import Bounds
from hwgen.frontend.onnx.file.load import File, Node
from hwgen.frontend.onnx.folding.constants import Constant, FractionArray
from hwgen.frontend.onnx.tensors.grids import WeightGrid
from hwgen.frontend.onnx.tensors.value import Channel, Channels, Value, one_if_equal
from hwgen.ir import Accumulator, Conv2d, Dense, Flatten, Op, Tensor, Weighted
from hwgen.ir.infer import infer
from hwgen.numeric import IntArray, IntType, Range

MOST_PER_ELEMENT = 1 << 16  # elements of a vector that may have constants of their own
MOST_ELEMENTS = 1 << 23  # of a tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantized:
    """A quantizer of the file: its output tensor, and where its codes are in the network.

    The file's code of an element is `factor * integer + shift`. `grid` is what its codes stand for,
    by scale and zero point, also where `value` is the codes themselves. `before` is what the
    integers that it rounds stand for, None where they are the file's input, `bounds` where its
    codes begin, and `lo` the code below all of these.
    """

    tensor: str
    node: str
    where: IntArray
    factor: int
    shift: int
    value: Value
    grid: Channels
    before: Channels | None
    bounds: tuple[Bounds, ...]
    lo: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Where hardware begins: the input's type, what its integers stand for, and what the host does.

    `bounds` are those on the file's numbers that make the codes of each channel (or of all), None
    where the integers are the file's numbers divided by the scale. `quantizer` is the file's node
    behind which hardware begins, `trail` are those in front of it.
    """

    type: IntType
    lo: int
    means: tuple[Channel, ...]
    bounds: tuple[Bounds, ...] | None
    key: object = None
    quantizer: str = ""
    trail: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Walk:
    """What the walk knows so far.

    `values` are the tensors of the file, None those that could not be read; `read_as` says what the
    integers that a node of the network reads stand for.
    """

    file: File
    values: dict[str, Value | Constant | None] = field(default_factory=dict)
    nodes: dict[str, Op] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    trails: dict[str, tuple[str, ...]] = field(default_factory=dict)
    read_as: dict[str, tuple[Channel, ...]] = field(default_factory=dict)
    quantizers: list[Quantized] = field(default_factory=list)
    weights: dict[str, WeightGrid] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    begin: Begin | None = None
    soft: bool = False
    behind_softmax: set[str] = field(default_factory=set)
    readers: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=lambda: {"input"})
    like_input: set[str | None] = field(default_factory=lambda: {None, "input"})
    is_settled: bool = False
    current: Node | None = None

    def limits(self, value: Value) -> Range:
        """Give the range of a value's integers."""
        assert value.node is not None
        return self.tensors[value.node].range

    def name(self, kind: str = "") -> str:
        """Make a name of the current node's that no other one has, whatever its signs.

        `kind` is put behind it where the node of the network is not what the file's node is for.
        """
        assert self.current is not None
        plain = re.sub(r"[^A-Za-z0-9]+", "_", self.current.name).strip("_") or self.current.op
        plain = f"n{plain}" if plain[0].isdigit() else plain
        base = plain[:80] + kind
        name, count = base, 1
        while name.lower() in self.names:
            count += 1
            name = f"{base}_{count}"
        self.names.add(name.lower())
        return name

    def add(self, node: Op, value: Value) -> Tensor:
        """Append a node of the network that stands for what `value` waits with.

        Raises
        ------
        ModelError
            Where the network cannot hold it.
        """
        result = infer(node, [self.tensors[source] for source in node.inputs])
        if not isinstance(result, Tensor):
            raise ModelError("; ".join(result))
        if int(np.prod(result.shape, dtype=np.float64)) > MOST_ELEMENTS:
            raise ModelError(f"tensors must have at most {MOST_ELEMENTS} elements")
        self.nodes[node.name], self.tensors[node.name] = node, result
        own = () if self.current is None else (self.current.name,)
        self.read_as[node.name] = value.channels
        self.trails[node.name] = tuple(dict.fromkeys((*value.trail, *own)))
        return result

    def weighted(self, node: Weighted, value: Value) -> Tensor:
        """Append a layer, with the accumulators that its sums need."""
        return self.add(self.fitted(node), value)

    def fitted(self, node: Weighted) -> Weighted:
        """Give a layer the exact accumulators of its sums, and its weights their exact width."""
        limits = self.tensors[node.inputs[0]].range
        totals = node.totals(limits)
        accumulators = tuple(Accumulator.exact(total, 1, "signed") for total in totals)
        return replace(node, accumulators=accumulators)

    def flattened(self, value: Value) -> Value:
        """Give the value as a vector; each element has a channel of its own."""
        if len(value.shape) == 1:
            return value
        channels = value.channels
        if len(channels) > 1:
            channels = one_if_equal(c for c in channels for _ in range(value.plane))
        if value.node is None:
            raise ModelError(
                "constants before the first quantizer must be one a channel; quantize the input"
            )
        name = self.name("_flat")
        tensor = self.add(Flatten(name=name, inputs=(value.node,)), value)
        if value.node in self.like_input:
            self.like_input.add(name)
        return replace(
            value, node=name, shape=tensor.shape, channels=channels, shared=False, trail=()
        )

    def per_channel(self, value: Value, array: np.ndarray) -> tuple[Value, list[int]]:
        """Say which element of a constant belongs to each channel of a value.

        Returns
        -------
        The value, made a vector where the constant varies within its channels, and places in the
        flat constant: one where it has one element, else one a channel.
        """
        if array.size == 1:
            return value, [0]
        try:
            places = np.broadcast_to(np.arange(array.size).reshape(array.shape), value.where.shape)
        except ValueError:
            raise ModelError(
                f"constant must have a shape that suits {value.where.shape}, not {array.shape}"
            ) from None
        found = self._of_channels(value, places, array)
        if found is None and value.where.size <= MOST_PER_ELEMENT and len(value.shape) > 1:
            value = self.flattened(value)
            found = self._of_channels(value, places, array)
        if found is None:
            raise ModelError("constants must be one for all or one a channel; use such ones")
        return value, found

    def _of_channels(self, value: Value, places: IntArray, array: np.ndarray) -> list[int] | None:
        channel = value.where // value.plane
        first = np.zeros(value.shape[0], np.int64)
        first[channel] = places
        flat = array.ravel()
        return first.tolist() if (flat[first[channel]] == flat[places]).all() else None

    def scaled_rows(self, value: Value, factors: Sequence[int]) -> Value:
        """Give integers that are those of each channel times a factor of its own.

        A layer that nothing else reads takes the factors into its weights; behind anything else
        they are a layer of their own.
        """
        factors = list(factors) * (value.shape[0] if len(factors) == 1 else 1)
        if all(factor == 1 for factor in factors):
            return value
        assert value.node is not None
        column = np.array(factors, np.int64)
        own = self.nodes.get(value.node)
        if isinstance(own, Weighted) and not value.shared:
            weight = own.weight * column.reshape((-1,) + (1,) * (own.weight.ndim - 1))
            self.replace_layer(with_weight(own, weight, own.bias * column))
            return value
        return self.diagonal(value, column)

    def replace_layer(self, node: Weighted) -> None:
        """Put another layer in the place of the last one, which nothing reads yet."""
        fitted = self.fitted(node)
        result = infer(fitted, [self.tensors[source] for source in node.inputs])
        if not isinstance(result, Tensor):
            raise ModelError("; ".join(result))
        self.nodes[node.name], self.tensors[node.name] = fitted, result

    def diagonal(self, value: Value, column: IntArray) -> Value:
        """Append a layer that takes each channel times a factor."""
        return self.selection(value, np.arange(value.shape[0]), column)

    def selection(self, value: Value, channels: IntArray, column: IntArray | None = None) -> Value:
        """Give channels in another order, the layer itself where nothing else reads it.

        `value.where` and `value.channels` are those of the new order; who calls has them.
        """
        assert value.node is not None
        column = np.ones(len(channels), np.int64) if column is None else column
        same = np.array_equal(channels, np.arange(value.shape[0]))
        own = self.nodes.get(value.node)
        if isinstance(own, Dense | Conv2d) and not value.shared and (column == 1).all():
            groups = own.groups if isinstance(own, Conv2d) else 1
            if groups == 1:
                self.replace_layer(with_weight(own, own.weight[channels], own.bias[channels]))
                return replace(value, shape=self.tensors[own.name].shape)
        count, rows = value.shape[0], len(channels)
        if rows * (1 if same and len(value.shape) > 1 else count) > MOST_ELEMENTS:
            raise ModelError(f"tensors must have at most {MOST_ELEMENTS} weights")
        name = self.name("_channels")
        if same and len(value.shape) == 3:
            weight = column.reshape(-1, 1, 1, 1)
        else:
            weight = np.zeros((rows, count), np.int64)
            weight[np.arange(rows), channels] = column
        tensor = self.weighted(_identity(name, value.node, value.shape, weight), value)
        return replace(value, node=name, shape=tensor.shape, shared=False, trail=())


def with_weight(node: Weighted, weight: IntArray, bias: IntArray) -> Weighted:
    """Give a layer other weights; who calls fits its accumulators."""
    return replace(node, weight=weight, bias=bias, weight_bits=weight_bits(weight))


def weight_bits(weight: IntArray) -> int:
    """Bits of the narrowest type with a sign that holds all weights."""
    return Range(min(int(weight.min()), 0), max(int(weight.max()), 0)).signed_bits


def _identity(name: str, source: str, shape: tuple[int, ...], weight: IntArray) -> Weighted:
    bias, bits = np.zeros(len(weight), np.int64), weight_bits(weight)
    if len(shape) == 1:
        return Dense(
            name=name, inputs=(source,), weight=weight, weight_bits=bits, bias=bias, accumulators=()
        )
    groups = shape[0] if weight.ndim == 4 else 1
    return Conv2d(
        name=name,
        inputs=(source,),
        weight=weight if weight.ndim == 4 else weight[:, :, np.newaxis, np.newaxis],
        weight_bits=bits,
        bias=bias,
        accumulators=(),
        groups=groups,
    )


def rational_list(array: FractionArray, places: Sequence[int]) -> list[Fraction]:
    """Give the rationals at places of a flat array."""
    flat = array.ravel()
    return [cast(Fraction, flat[place]) for place in places]

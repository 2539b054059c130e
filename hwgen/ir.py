"""The integer network: a directed acyclic graph of typed operations, validated when built.

After this module there is no float and no torch: scales, batch normalization and activation have
become integer thresholds. To add an operation, write its dataclass, add it to `Op`, and let the
type checker name every `match` that has to learn it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal, assert_never

import numpy as np

from hwgen.bounds import common_divisor, exact_signed_bits, offset_bits, row_ranges
from hwgen.errors import ModelError
from hwgen.numeric import IntArray, IntType, Range, signed_bits

MAX_ACCUMULATOR_BITS = 62  # the reference computes in int64


@dataclass(frozen=True, slots=True)
class Tensor:
    """What flows along an edge: a shape without the batch axis, and the range of every element."""

    shape: tuple[int, ...]
    range: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The network's input: integers of `type` that stand for `scale` times themselves."""

    shape: tuple[int, ...]
    type: IntType
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulator:
    """The register of one output channel.

    `signed`: two's complement, starts at the bias. `offset`: holds `sum / g + offset` with g the
    common divisor of the channel's weights and bias, and needs only the bits of the span.
    """

    method: Literal["signed", "offset"]
    bits: int
    offset: int = 0
    target_bits: int | None = None

    @classmethod
    def exact(
        cls, total: Range, divisor: int, method: str, target_bits: int | None = None
    ) -> Accumulator:
        """Give the narrowest register of this method for sums in `total`."""
        if method == "signed":
            bits = exact_signed_bits(total)
            return cls(method="signed", bits=bits, target_bits=target_bits)
        bits = offset_bits(total, divisor)
        offset = -(1 << (bits - 1)) - total.lo // divisor
        return cls(method="offset", bits=bits, offset=offset, target_bits=target_bits)

    def problem(self, total: Range, divisor: int) -> str | None:
        """Why sums in `total` do not fit this register, or None where they do."""
        if self.bits > MAX_ACCUMULATOR_BITS:
            return f"accumulator must have at most {MAX_ACCUMULATOR_BITS} bits, not {self.bits}"
        needed = Accumulator.exact(total, divisor, self.method)
        if self.bits < needed.bits:
            sums = f"[{total.lo}, {total.hi}]"
            return f"accumulator must have {needed.bits} bits for sums in {sums}, not {self.bits}"
        if self.target_bits is not None and needed.bits > self.target_bits:
            return (
                f"accumulator needs {needed.bits} bits, "
                f"more than the {self.target_bits} that it was trained for"
            )
        if self.method == "signed" and self.offset:
            return f"a signed accumulator has offset 0, not {self.offset}"
        unit = divisor if self.method == "offset" else 1
        lo, hi = total.lo // unit + self.offset, total.hi // unit + self.offset
        half = 1 << (self.bits - 1)
        if self.method == "offset" and not -half <= lo <= hi < half:
            return f"offset {self.offset} puts sums at [{lo}, {hi}], outside {self.bits} bits"
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dense:
    """Integer matrix-vector product plus bias: `weight @ x + bias`.

    `weight` is (out_features, in_features), `bias` (out_features,), both int64.
    """

    name: str
    inputs: tuple[str, ...]
    weight: IntArray
    weight_bits: int
    bias: IntArray
    accumulators: tuple[Accumulator, ...]

    def totals(self, inputs: Range) -> list[Range]:
        """Exact range of every row's sum, bias included, for inputs in `inputs`."""
        return row_ranges(self.weight, inputs, self.bias)

    def divisor(self, row: int) -> int:
        """Give the common divisor of the weights and the bias of a row."""
        return common_divisor(np.append(self.weight[row], self.bias[row]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Threshold:
    """Requantization: `output.lo` plus the number of the channel's thresholds that x reaches.

    `thresholds` is (channels, 2**bits - 1) int64, ascending in each row; channel is axis 0 of x.
    """

    name: str
    inputs: tuple[str, ...]
    thresholds: IntArray
    output: IntType


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten:
    """All elements in one axis, last index fastest."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argmax:
    """Index of the largest element; the lowest index among equals. Output shape (1,)."""

    name: str
    inputs: tuple[str, ...]


Op = Dense | Threshold | Flatten | Argmax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Golden vectors: `x` (samples, *input shape), `y` (samples, *output shape), int64."""

    x: IntArray
    y: IntArray
    labels: IntArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """Nodes in topological order, each naming its inputs; the network's input is named `input`.

    Raises
    ------
    ModelError
        Where the graph does not hold together: one line for every problem found.
    """

    name: str
    input: Input
    nodes: tuple[Op, ...]
    output: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    samples: Samples | None = None
    tensors: Mapping[str, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        tensors = {"input": Tensor(self.input.shape, self.input.type.range)}
        problems = _input_problems(self.input)
        for node in self.nodes:
            found = _wiring_problems(node, tensors)
            if not found:
                found, tensor = _infer(node, tensors[node.inputs[0]])
                if tensor is not None:
                    tensors[node.name] = tensor
            problems += [f"{node.name}: {text}" for text in found]
        if self.output not in {node.name for node in self.nodes}:
            problems.append(f"output: must name a node, not {self.output!r}")
        if problems:
            raise ModelError.collect([f"{self.name}: {problem}" for problem in problems])
        object.__setattr__(self, "tensors", tensors)

    def node(self, name: str) -> Op:
        """Find the node of this name."""
        return next(node for node in self.nodes if node.name == name)

    def source(self, node: Op) -> Tensor:
        """Find the tensor that the node reads."""
        return self.tensors[node.inputs[0]]


def _input_problems(spec: Input) -> list[str]:
    if not spec.shape or any(size < 1 for size in spec.shape):
        return [f"input: shape must have positive sizes, not {spec.shape}"]
    if not np.isfinite(spec.scale) or spec.scale <= 0:
        return [f"input: scale must be positive and finite, not {spec.scale}"]
    return []


def _wiring_problems(node: Op, tensors: Mapping[str, Tensor]) -> list[str]:
    problems = []
    if node.name in tensors:
        problems.append("name must be unique; rename one of the two")
    if len(node.inputs) != 1:
        problems.append(f"must have 1 input, not {len(node.inputs)}")
    unknown = [source for source in node.inputs if source not in tensors]
    if unknown:
        problems.append(
            f"input {unknown[0]!r} must be an earlier, valid node; list nodes in topological order"
        )
    return problems


def _infer(node: Op, source: Tensor) -> tuple[list[str], Tensor | None]:
    """Problems of a node that reads `source`, and the tensor it makes where there are none."""
    match node:
        case Dense():
            return _infer_dense(node, source)
        case Threshold():
            return _infer_threshold(node, source)
        case Flatten():
            return [], Tensor((prod(source.shape),), source.range)
        case Argmax():
            if len(source.shape) != 1:
                return [f"input must have one axis, not shape {source.shape}; flatten it"], None
            return [], Tensor((1,), Range(0, source.shape[0] - 1))
        case _:
            assert_never(node)


def _infer_dense(node: Dense, source: Tensor) -> tuple[list[str], Tensor | None]:
    weight = node.weight
    if weight.ndim != 2 or 0 in weight.shape:
        return [f"weight must be a matrix (out_features, in_features), not {weight.shape}"], None
    problems = _dense_problems(node, source)
    if problems:
        return problems, None
    totals = node.totals(source.range)
    for row, (total, accumulator) in enumerate(zip(totals, node.accumulators, strict=True)):
        problem = accumulator.problem(total, node.divisor(row))
        if problem:
            problems.append(f"channel {row}: {problem}")
        if total.signed_bits > MAX_ACCUMULATOR_BITS:
            problems.append(f"channel {row}: sums must fit {MAX_ACCUMULATOR_BITS} bits")
    whole = Range(min(t.lo for t in totals), max(t.hi for t in totals))
    return problems, None if problems else Tensor((weight.shape[0],), whole)


def _dense_problems(node: Dense, source: Tensor) -> list[str]:
    """List what is wrong before any sum is looked at."""
    problems, weight = [], node.weight
    smallest, largest = int(weight.min()), int(weight.max())
    if source.shape != (weight.shape[1],):
        problems.append(f"in_features must be {source.shape}, not ({weight.shape[1]},)")
    if not source.range.lo <= 0 <= source.range.hi:
        problems.append("the input's range must contain 0, or partial sums are not bounded")
    if not 1 <= node.weight_bits <= MAX_ACCUMULATOR_BITS:
        problems.append(f"weight_bits must be 1 to {MAX_ACCUMULATOR_BITS}, not {node.weight_bits}")
    elif signed_bits(smallest, largest) > node.weight_bits:
        problems.append(
            f"weight must fit weight_bits = {node.weight_bits}, "
            f"not reach from {smallest} to {largest}"
        )
    if node.bias.shape != (weight.shape[0],):
        problems.append(f"bias must have shape ({weight.shape[0]},), not {node.bias.shape}")
    if len(node.accumulators) != weight.shape[0]:
        problems.append(
            f"must have one accumulator a channel, {weight.shape[0]}, not {len(node.accumulators)}"
        )
    return problems


def _infer_threshold(node: Threshold, source: Tensor) -> tuple[list[str], Tensor | None]:
    shape = (source.shape[0], (1 << node.output.bits) - 1)
    if node.thresholds.shape != shape:
        return [f"thresholds must have shape {shape}, not {node.thresholds.shape}"], None
    if (node.thresholds[:, 1:] < node.thresholds[:, :-1]).any():  # a difference could overflow
        return ["thresholds must ascend in every channel"], None
    return [], Tensor(source.shape, node.output.range)

"""The graph: its input, its nodes, and the checks that it holds together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from hwgen.errors import ModelError
from hwgen.ir.dequantization import Dequantization
from hwgen.ir.infer import infer
from hwgen.ir.ops import Add, Argmax, Concat, Op, SumPool2d, Tensor, Threshold
from hwgen.ir.weighted import Conv2d, Dense
from hwgen.numeric import IntArray, IntType

Result = Literal["class", "bits", "sums", "codes"]
BIT = IntType(bits=1, signed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The network's input: integers of `type`, each of the value `scale * integer + offset`."""

    shape: tuple[int, ...]
    type: IntType
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Golden vectors: `x` (samples, *input shape), `y` (samples, *output shape), int64."""

    x: IntArray
    y: IntArray
    labels: IntArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """Nodes in topological order, each naming its inputs; the network's input is named `input`.

    `dequantization` says what the output's integers stand for; a class index, bits that answer yes
    or no, and the sums of a bare matrix have none.

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
    dequantization: Dequantization | None = None
    tensors: Mapping[str, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        tensors = {"input": Tensor(self.input.shape, self.input.type.range)}
        problems = _input_problems(self.input)
        refused: set[str] = set()
        for node in self.nodes:
            if not refused.isdisjoint(node.inputs):  # nothing is known of what it reads
                refused.add(node.name)
                continue
            found = _wiring_problems(node, tensors)
            if not found:
                result = infer(node, [tensors[source] for source in node.inputs])
                if isinstance(result, Tensor):
                    tensors[node.name] = result
                else:
                    found = result
            if found and node.name not in tensors:
                refused.add(node.name)
            problems += [f"{node.name}: {text}" for text in found]
        if self.output not in {node.name for node in self.nodes}:
            problems.append(f"output: must name a node, not {self.output!r}")
        elif self.output in tensors and self.dequantization is not None:
            problem = self.dequantization.problem(tensors[self.output].shape[0])
            problems += [] if problem is None else [f"dequantization: {problem}"]
        if problems:
            raise ModelError.collect([f"{self.name}: {problem}" for problem in problems])
        object.__setattr__(self, "tensors", tensors)

    def node(self, name: str) -> Op:
        """Find the node of this name."""
        return next(node for node in self.nodes if node.name == name)

    @property
    def result(self) -> Result:
        """What leaves the network.

        `class` is the index of the largest, `bits` are answers yes or no, `sums` those of a layer,
        an addition or a pooling, and `codes` what a quantizer gives.
        """
        match self.node(self.output):
            case Argmax():
                return "class"
            case Dense() | Conv2d() | Add() | SumPool2d():
                return "sums"
            case Threshold(output=kind) if kind == BIT and self.dequantization is None:
                return "bits"
            case _:
                return "codes"

    def source(self, node: Op) -> Tensor:
        """Find the tensor that the node reads, its first one where it reads several."""
        return self.tensors[node.inputs[0]]


def _input_problems(spec: Input) -> list[str]:
    if not spec.shape or any(size < 1 for size in spec.shape):
        return [f"input: shape must have positive sizes, not {spec.shape}"]
    if not np.isfinite(spec.scale) or spec.scale <= 0:
        return [f"input: scale must be positive and finite, not {spec.scale}"]
    if not np.isfinite(spec.offset):
        return [f"input: offset must be finite, not {spec.offset}"]
    return []


def _wiring_problems(node: Op, tensors: Mapping[str, Tensor]) -> list[str]:
    problems, count = [], len(node.inputs)
    if node.name in tensors:
        problems.append("name must be unique; rename one of the two")
    if isinstance(node, Concat):
        if count < 2:
            problems.append(f"must have at least 2 inputs, not {count}")
    elif isinstance(node, Add):
        if count != 2:
            problems.append(f"must have 2 inputs, not {count}")
    elif count != 1:
        problems.append(f"must have 1 input, not {count}")
    unknown = [source for source in node.inputs if source not in tensors]
    if unknown:
        problems.append(
            f"input {unknown[0]!r} must be an earlier node; list nodes in topological order"
        )
    return problems

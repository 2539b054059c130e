"""Adder graphs: a constant integer matrix times a vector as shared additions of exact width.

Every node holds one integer, its *stored* value, of exactly known range. Inputs come first, then
adders in topological order. An operand may be shifted left and inverted bit by bit; inversion
costs no adder, only a constant, and the constants are collected until a threshold absorbs them
(`v = unit * stored + constant`), so a subtraction costs what an addition costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hwgen.numeric import IntArray, IntType, Range

MOST_SHIFT = 128  # of an operand: no sum has half as many bits
MOST_VALUES = 1 << 24  # of all nodes that are held at once


class Operand(NamedTuple):
    """A node shifted left by `shift`; `inverted` flips its stored bits first."""

    node: int
    shift: int = 0
    inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adder:
    """`a + b`, or `a - b` where `subtract`; its stored value lies exactly in `[lo, hi]`.

    A `third` operand and a `constant` are added too, all in one carry chain, only where the target
    has adders of three operands: two and a constant, or three.
    """

    a: Operand
    b: Operand
    third: tuple[Operand, ...] = ()
    constant: int = 0
    subtract: bool
    lo: int
    hi: int
    level: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ValueError(f"lo must not exceed hi, and {self.lo} exceeds {self.hi}")
        for operand in (self.a, self.b, *self.third):
            if not 0 <= operand.shift <= MOST_SHIFT:
                raise ValueError(f"shift must lie in 0 to {MOST_SHIFT}, not be {operand.shift}")

    @property
    def range(self) -> Range:
        """Exact range of the stored value."""
        return Range(self.lo, self.hi)

    @property
    def wires(self) -> int:
        """Low bits that are just those of the lowest operand; none where it is subtracted."""
        (low, sign), (second, _) = sorted(self.signed_operands, key=lambda item: item[0].shift)[:2]
        plain = sign > 0 and not low.inverted
        ends = [second.shift if plain else low.shift]
        if self.constant:
            ends.append((self.constant & -self.constant).bit_length() - 1)
        return min(ends)

    @property
    def signed_operands(self) -> tuple[tuple[Operand, int], ...]:
        """Every operand with its sign."""
        third = ((operand, 1) for operand in self.third)
        return ((self.a, 1), (self.b, -1 if self.subtract else 1), *third)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a row ends: its sum is `unit * stored + constant`, or `constant` where node is -1.

    The unit's lane carries the stored value; its low bits only where `wrapped`, which loses
    nothing as long as the stored range spans fewer values than the lane has codes; or, where
    `adjusted`, `sum + align` itself. `lo` and `hi` bound what the lane carries.
    """

    node: int
    unit: int
    constant: int
    wrapped: bool
    adjusted: bool
    align: int
    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ValueError(f"lo must not exceed hi, and {self.lo} exceeds {self.hi}")

    @property
    def range(self) -> Range:
        """Exact range of what the lane carries."""
        return Range(self.lo, self.hi)

    @property
    def adjusts(self) -> bool:
        """Whether making the lane from the stored value takes an adder."""
        return self.adjusted and (self.unit < 0 or self.constant + self.align != 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdderGraph:
    """Inputs, adders and outputs; node n is input n, or adder `n - len(inputs)`.

    `flipped` inputs are signed values whose top bit is inverted, which makes them unsigned.
    """

    inputs: tuple[Range, ...]
    flipped: bool
    adders: tuple[Adder, ...]
    outputs: tuple[Output, ...]

    def __post_init__(self) -> None:
        first = len(self.inputs)
        for index, adder in enumerate(self.adders):
            nodes = [operand.node for operand, _ in adder.signed_operands]
            if not all(0 <= node < first + index for node in nodes):
                raise ValueError(
                    f"adders[{index}]: operands must be inputs or earlier adders, not {nodes}"
                )
        count = first + len(self.adders)
        for index, output in enumerate(self.outputs):
            if not -1 <= output.node < count:
                raise ValueError(
                    f"outputs[{index}]: node must be -1 to {count - 1}, not {output.node}"
                )

    def stored_range(self, node: int) -> Range:
        """Exact range of the stored value of a node."""
        count = len(self.inputs)
        return self.inputs[node] if node < count else self.adders[node - count].range

    def level(self, node: int) -> int:
        """Adders on the longest path from an input to the node, itself included."""
        count = len(self.inputs)
        return 0 if node < count else self.adders[node - count].level

    def depth(self) -> int:
        """Largest level of an output, the adjusting adder included."""
        roots = [output for output in self.outputs if output.node >= 0]
        return max((self.level(root.node) + int(root.adjusts) for root in roots), default=0)


def invert(limits: Range) -> Range:
    """Range of the bitwise complement of a stored value over its own width."""
    ones = complement_constant(limits)
    return Range(ones - limits.hi, ones - limits.lo)


def complement_constant(limits: Range) -> int:
    """Give the sum of a stored value and its complement: `2**width - 1`, or -1 if signed."""
    return -1 if limits.lo < 0 else (1 << limits.bits) - 1


def shifted(limits: Range, shift: int) -> Range:
    """Range after a shift to the left."""
    return Range(limits.lo << shift, limits.hi << shift)


def evaluate(graph: AdderGraph, x: IntArray, input_types: tuple[IntType, ...]) -> IntArray:
    """Give what the lanes carry for natural inputs `x`, (samples, inputs) -> (samples, outputs)."""
    lanes = np.empty((len(x), len(graph.outputs)), np.int64)
    some = max(MOST_VALUES // (len(graph.inputs) + len(graph.adders)), 1)
    for start in range(0, len(x), some):
        lanes[start : start + some] = _evaluated(graph, x[start : start + some], input_types)
    return lanes


def _evaluated(graph: AdderGraph, x: IntArray, input_types: tuple[IntType, ...]) -> IntArray:
    values = [
        x[:, i] + ((1 << (t.bits - 1)) if graph.flipped and t.signed else 0)
        for i, t in enumerate(input_types)
    ]
    for adder in graph.adders:
        total = np.full(len(x), adder.constant, np.int64)
        for operand, sign in adder.signed_operands:
            total += sign * _operand(graph, values, operand)
        values.append(total)
    lanes = np.empty((len(x), len(graph.outputs)), np.int64)
    for i, output in enumerate(graph.outputs):
        stored = values[output.node] if output.node >= 0 else 0
        if output.adjusted:
            lanes[:, i] = stored * output.unit + output.constant + output.align
        else:
            lanes[:, i] = stored & output.hi if output.wrapped else stored
    return lanes


def _operand(graph: AdderGraph, values: list[IntArray], operand: Operand) -> IntArray:
    value = values[operand.node]
    if operand.inverted:
        value = complement_constant(graph.stored_range(operand.node)) - value
    return value << operand.shift

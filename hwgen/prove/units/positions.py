"""Shows what a matrix unit gives at each position of a map: its row, over the taps inside there.

Beside the image a tap is one value, whatever its channel can be. So the unit is shown to be right
for each set of taps that is inside somewhere, over the ranges that belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.ir import Dense
from hwgen.numeric import IntArray, Range
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.units.dense import DenseProof, prove_dense
from hwgen.prove.units.window import Tap
from hwgen.prove.views import Channel, View

NOTHING = Range(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A set of taps inside: each lane's range, and what taps without a lane add to each row."""

    inputs: tuple[Range, ...]
    added: tuple[int, ...]

    def covers(self, other: Case) -> bool:
        """Whether what holds here holds there: as the same sums over ranges that are no wider."""
        return self.added == other.added and all(
            a.lo <= b.lo and b.hi <= a.hi for a, b in zip(self.inputs, other.inputs, strict=True)
        )


def prove_positions(
    module: Module,
    matrix: tuple[IntArray, IntArray],
    view: View,
    lanes: Sequence[Tap],
    channels: Sequence[Channel],
) -> list[DenseProof]:
    """Show each row for every set of taps that is inside somewhere; one proof covers what it can.

    `matrix` is weights (rows, taps, channels) and biases.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    weight, bias = matrix
    shown = np.zeros(weight.shape[1:], bool)
    columns = np.zeros((len(weight), len(lanes)), np.int64)
    for column, lane in enumerate(lanes):
        if lane.channel is None:
            continue
        if shown[lane.tap, lane.channel]:
            raise NotProvedError(f"{module.name}, lane {column}: must show what no other lane does")
        shown[lane.tap, lane.channel] = True
        columns[:, column] = weight[:, lane.tap, lane.channel]
    hidden = np.argwhere((weight != 0).any(axis=0) & ~shown)
    cases = [
        _case(module, weight, bias, lanes, channels, hidden, inside, view.beside or 0)
        for inside in view.classes
    ]
    found: list[DenseProof] = []
    for case in _widest(cases):
        node = Dense(
            name=module.name,
            inputs=(),
            weight=columns,
            weight_bits=1,
            bias=np.array(case.added),
            accumulators=(),
        )
        found.append(prove_dense(module, node, [lane.nets for lane in lanes], case.inputs))
    return found


def _widest(cases: list[Case]) -> list[Case]:
    """Leave out what others cover."""
    kept: list[Case] = []
    for case in sorted(cases, key=lambda c: -sum(limits.span for limits in c.inputs)):
        if not any(other.covers(case) for other in kept):
            kept.append(case)
    return kept


def _case(
    module: Module,
    weight: IntArray,
    bias: IntArray,
    lanes: Sequence[Tap],
    channels: Sequence[Channel],
    hidden: IntArray,
    inside: np.ndarray,
    beside: int,
) -> Case:
    """Give the ranges of a set of taps; what has no lane must be outside, or constant."""
    added = bias.copy()
    for tap, channel in hidden.tolist():
        limits = channels[channel].limits
        if inside[tap] and limits.span:
            raise NotProvedError(
                f"{module.name}: must read channel {channel} at tap {tap} of the window"
            )
        added += weight[:, tap, channel] * (limits.lo if inside[tap] else beside)
    inputs = tuple(_shown(lane, channels, inside, beside) for lane in lanes)
    return Case(inputs=inputs, added=tuple(int(value) for value in added))


def _shown(lane: Tap, channels: Sequence[Channel], inside: np.ndarray, beside: int) -> Range:
    """Give what a lane shows where some taps are inside."""
    if lane.channel is None:
        return NOTHING
    return channels[lane.channel].limits if inside[lane.tap] else Range(beside, beside)

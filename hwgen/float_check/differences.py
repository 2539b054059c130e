"""Whether a code that differs is a tie, lies too near a step for float32, or has no explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from hwgen.float_check.magnitudes import sizes_of
from hwgen.frontend.onnx.arithmetic.functions import Affine, Bounds, Norm
from hwgen.frontend.onnx.tensors.value import Channel, Channels
from hwgen.frontend.onnx.tensors.walk import Quantized
from hwgen.ir import Graph
from hwgen.numeric import IntArray

ULP = Fraction(1, 1 << 23)
STEPS = 16  # roundings of what stands between a sum and a quantizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One quantizer: how many codes were compared, and of those that differ how many are what.

    `tensor` is its output in the file. Each quantizer was given the float run's own codes, so that
    a difference is counted where it arises and nowhere else.
    """

    tensor: str
    elements: int
    ties: int
    near_ties: int
    unexplained: int

    @property
    def differing(self) -> int:
        """How many codes differ."""
        return self.ties + self.near_ties + self.unexplained


def compared(
    graph: Graph,
    quantizer: Quantized,
    values: Mapping[str, IntArray],
    theirs: IntArray,
    read_as: Mapping[str, Channels],
) -> Compared:
    """Compare a quantizer's codes with those of the float run, both (samples, *shape)."""
    mine = values[quantizer.node]
    found = np.argwhere(mine != theirs)
    counts = [0, 0, 0]
    if len(found):
        source = graph.node(quantizer.node).inputs[0] if quantizer.before is not None else ""
        terms, sizes = sizes_of(graph, source, values, read_as) if source else (1, mine)
        known: dict[tuple[int, ...], int] = {}
        for place in map(tuple, found):
            channel = place[1]
            integer = int(values[source][place]) if source else 0
            key = (channel, integer, int(mine[place]), int(theirs[place]), int(sizes[place]))
            if key not in known:
                known[key] = _kind(quantizer, key, terms) if source else 1
            counts[known[key]] += 1
    return Compared(
        tensor=quantizer.tensor,
        elements=int(mine.size),
        ties=counts[0],
        near_ties=counts[1],
        unexplained=counts[2],
    )


def _kind(quantizer: Quantized, key: tuple[int, ...], terms: int) -> int:
    """Say which kind of difference it is: 0 a tie, 1 near one, 2 neither."""
    channel, integer, mine, theirs, size = key
    assert quantizer.before is not None
    means = quantizer.before[channel if len(quantizer.before) > 1 else 0]
    bounds = quantizer.bounds[channel if len(quantizer.bounds) > 1 else 0]
    low, high = sorted((mine, theirs))
    crossed = [_bound(bounds, step - quantizer.lo - 1) for step in (low + 1, high)]
    if any(bound is None for bound in crossed):
        return 2
    steps = [bound for bound in crossed if bound is not None]
    value = means.real(integer)
    if all(step == value for step in steps):
        return 0
    slack = ULP * ((terms + 8) * size + STEPS * (abs(integer) + _shifts(means)))
    ends = sorted((_real(means, integer - slack), _real(means, integer + slack)))
    own = [ULP * STEPS * abs(step) for step in steps]
    near = all(
        ends[0] - extra <= step <= ends[1] + extra for step, extra in zip(steps, own, strict=True)
    )
    return 1 if near else 2


def _real(means: Channel, place: Fraction) -> Fraction:
    """Give the value between two integers."""
    moved = Channel(means.scale, means.scale * place + means.offset, means.functions)
    return moved.real(0)


def _shifts(means: Channel) -> Fraction:
    """Give the size of what is added behind a sum, in units of its integers."""
    scale, total = abs(means.scale), abs(means.offset)
    for function in means.functions:
        match function:
            case Norm(mean=mean, square=square, gamma=gamma, beta=beta) if gamma:
                total += abs(mean) + abs(beta / gamma) * (square + 1)
            case Affine(factor=factor, shift=shift) if factor:
                total += abs(shift / factor)
            case _:
                pass
    return total / scale if scale else Fraction(0)


def _bound(bounds: Bounds, index: int) -> Fraction | None:
    """Give a bound by its number, None for one that is always or never reached."""
    index -= bounds.always
    for run in bounds.runs:
        if 0 <= index < run.count:
            return run.first + index * run.step
        index -= run.count
    return None

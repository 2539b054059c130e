"""Inputs that drive the sums of a layer to their exact ends, in as few vectors as is easy."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np

from hwgen.numeric import IntArray, Range
from hwgen.plan.layer import Layer
from hwgen.plan.stages.stage import PADDING

OPEN_VECTORS = 8  # that a row's inputs are tried to fit into, beside an equal one
OPEN_PLACES = 4  # of a window in a frame
MOST_FRAMES = 16


Ends = tuple[IntArray, IntArray]  # the lowest and the highest that each column can be
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def column_ends(layer: Layer) -> list[Ends]:
    """Give what columns can be together: one pair of ends, or several that are never mixed.

    The taps of a window are inside the image together as they are at some position. Beside it a tap
    has one value; where that is its channel's too, what can be with it outside can be with it
    inside.
    """
    window = layer.window
    if window is None:
        return [_ends(layer.inputs)]
    own = tuple(layer.channels[tap.lane] for tap in window.taps)
    (lo, hi), outside = _ends(own), np.array(window.outside)
    within = (lo <= outside) & (outside <= hi)
    classes = np.unique(np.stack(list(window.classes())), axis=0)
    kept = [
        inside
        for index, inside in enumerate(classes)
        if not any(
            (inside <= other).all() and within[other & ~inside].all()
            for place, other in enumerate(classes)
            if place != index
        )
    ]
    return [(np.where(inside, lo, outside), np.where(inside, hi, outside)) for inside in kept]


def _ends(ranges: tuple[Range, ...]) -> Ends:
    lo, hi = ([getattr(limits, end) for limits in ranges] for end in ("lo", "hi"))
    return np.array(lo, np.int64), np.array(hi, np.int64)


def random_cases(layer: Layer, count: int, rng: np.random.Generator) -> IntArray:
    """Give vectors that columns can be: (count, columns)."""
    ends = column_ends(layer)
    if len(ends) == 1:
        return rng.integers(ends[0][0], ends[0][1] + 1, (count, layer.columns))
    chosen = rng.integers(0, len(ends), count)
    return np.stack([rng.integers(ends[k][0], ends[k][1] + 1) for k in chosen])


def worst_cases(layer: Layer, rng: np.random.Generator) -> IntArray:
    """Give vectors among which every row's sum reaches its exact minimum and its maximum.

    A vector serves all rows whose inputs agree; inputs that none of them reads are random. Shape
    (cases, columns), two cases a row at the most.
    """
    ends = column_ends(layer)
    found = [_Cases(columns=layer.columns, ends=pair) for pair in ends]
    low, high = _best(layer, ends)
    for weights, lowest, highest in zip(layer.weight, low, high, strict=True):
        found[lowest].add(weights, rng, up=False)
        found[highest].add(weights, rng, up=True)
    cases = [case for part in found for case in part.cases]
    return np.array(cases, np.int64).reshape(-1, layer.columns)


def _best(layer: Layer, ends: list[Ends]) -> tuple[list[int], list[int]]:
    """Give of each row the ends with which its sum is the lowest, and the highest."""
    if len(ends) == 1:
        return [0] * layer.rows, [0] * layer.rows
    sums = [(layer.weight * lo, layer.weight * hi) for lo, hi in ends]
    lowest = np.stack([np.minimum(*pair).sum(axis=1) for pair in sums])
    highest = np.stack([np.maximum(*pair).sum(axis=1) for pair in sums])
    return lowest.argmin(axis=0).tolist(), highest.argmax(axis=0).tolist()


@dataclass(slots=True)
class _Cases:
    """Vectors, and which of their elements some row has fixed."""

    columns: int
    ends: Ends
    cases: list[IntArray] = field(default_factory=list)
    fixed: list[Flags] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)

    def add(self, weights: IntArray, rng: np.random.Generator, *, up: bool) -> None:
        """Let a row's sum reach an end in some vector."""
        (lo, hi), columns = self.ends, np.flatnonzero(weights)
        rises = weights[columns] > 0
        ends = np.where(rises == up, hi[columns], lo[columns])
        key = columns.tobytes() + ends.tobytes()
        if key in self.known:
            return
        self.known.add(key)
        last = len(self.cases) - 1
        for place in range(last, max(last - OPEN_VECTORS, -1), -1):
            if (~self.fixed[place][columns] | (self.cases[place][columns] == ends)).all():
                break
        else:
            place = len(self.cases)
            self.cases.append(rng.integers(lo, hi + 1))
            self.fixed.append(np.zeros(self.columns, np.bool_))
        self.cases[place][columns] = ends
        self.fixed[place][columns] = True


def worst_frames(layer: Layer, rng: np.random.Generator) -> IntArray:
    """Give maps in which windows of each class of positions drive sums to both exact ends.

    A class is a set of taps inside the image. Windows that do not disagree share a frame, of
    `MOST_FRAMES` at the most; what no window fixes is random. Shape (frames, elements), in the
    order (channel, row, column).
    """
    assert layer.window is not None
    sources, area = layer.window.sources(), prod(layer.window.image)
    low = np.array([limits.lo for limits in layer.channels]).repeat(area)
    high = np.array([limits.hi for limits in layer.channels]).repeat(area)

    def blank() -> _Frame:
        return _Frame(values=rng.integers(low, high + 1), fixed=np.zeros(len(low), np.bool_))

    classes, frames = _by_class(sources), [blank()]
    for row in rng.permutation(layer.rows):
        columns = np.flatnonzero(layer.weight[row])
        rises = layer.weight[row, columns] > 0
        for positions, up in product(classes, (True, False)):
            places = rng.permutation(positions)[:OPEN_PLACES]
            seen = [sources[place, columns] for place in places]
            ends = [np.where(rises == up, high[elements], low[elements]) for elements in seen]
            if any(
                frame.take(*case)
                for frame in frames[-OPEN_VECTORS:]
                for case in zip(seen, ends, strict=True)
            ):
                continue
            if len(frames) == MOST_FRAMES:
                break
            frames.append(blank())
            frames[-1].take(seen[0], ends[0])
    return np.stack([frame.values for frame in frames])


@dataclass(slots=True)
class _Frame:
    """A map, and which of its elements some window has fixed."""

    values: IntArray
    fixed: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def take(self, elements: IntArray, ends: IntArray) -> bool:
        """Fix the elements of a window, those outside the image aside, if none is another yet."""
        inside = elements != PADDING
        elements, ends = elements[inside], ends[inside]
        if (self.fixed[elements] & (self.values[elements] != ends)).any():
            return False
        self.values[elements], self.fixed[elements] = ends, True
        return True


def _by_class(sources: IntArray) -> list[IntArray]:
    """Positions with the same taps inside, together."""
    _, owners = np.unique(sources != PADDING, axis=0, return_inverse=True)
    return [np.flatnonzero(owners == owner) for owner in range(int(owners.max()) + 1)]

"""Inputs that drive the sums of a layer to their exact ends, in as few vectors as is easy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.layer import Layer
from hwgen.plan.stages.stage import PADDING

OPEN_VECTORS = 8  # that a row's inputs are tried to fit into, beside an equal one
OPEN_PLACES = 4  # of a window in a frame
MOST_FRAMES = 16


def worst_cases(layer: Layer, rng: np.random.Generator) -> IntArray:
    """Give vectors among which every row's sum reaches its exact minimum and its maximum.

    A vector serves all rows whose inputs agree; inputs that none of them reads are random. Shape
    (cases, columns), two cases a row at the most.
    """
    lo = np.array([limits.lo for limits in layer.inputs])
    hi = np.array([limits.hi for limits in layer.inputs])
    cases: list[IntArray] = []
    fixed: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []
    known: set[bytes] = set()
    for weights in layer.weight:
        columns = np.flatnonzero(weights)
        rises = weights[columns] > 0
        low, high = lo[columns], hi[columns]
        for ends in (np.where(rises, low, high), np.where(rises, high, low)):
            key = columns.tobytes() + ends.tobytes()
            if key in known:
                continue
            known.add(key)
            last = len(cases) - 1
            for place in range(last, max(last - OPEN_VECTORS, -1), -1):
                if (~fixed[place][columns] | (cases[place][columns] == ends)).all():
                    break
            else:
                place = len(cases)
                cases.append(rng.integers(lo, hi + 1))
                fixed.append(np.zeros(layer.columns, np.bool_))
            cases[place][columns] = ends
            fixed[place][columns] = True
    return np.array(cases, np.int64).reshape(-1, layer.columns)


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

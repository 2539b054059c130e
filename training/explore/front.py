"""Measured networks, and those that none is better than for as few LUTs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from training.recipe import Recipe
from training.sweep.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A recipe as the search measured it: means over seeds, on the samples held out.

    `luts` are with block RAMs at their price, so that there is one number to compare.
    """

    recipe: Recipe
    loss: float
    accuracy: float
    luts: float


def point(recipe: Recipe, rows: Sequence[Row]) -> Point:
    """Give the means of rows that differ in their seed alone."""
    return Point(
        recipe=recipe,
        loss=fmean(row["held_out_loss"] for row in rows),
        accuracy=fmean(row["score_integer"] for row in rows),
        luts=math.exp(fmean(math.log(row["priced_luts"]) for row in rows)),
    )


def front(points: Sequence[Point], most: float) -> list[Point]:
    """Give the points of at most so many LUTs whose loss is below that of all smaller ones."""
    kept: list[Point] = []
    for candidate in sorted(points, key=lambda p: (p.luts, p.loss)):
        if candidate.luts <= most and (not kept or candidate.loss < kept[-1].loss):
            kept.append(candidate)
    return kept


def spread(points: Sequence[Point], count: int) -> list[Point]:
    """Choose points of a front, the largest among them, about evenly in the logarithm of LUTs."""
    chosen = [points[-1]] if points else []
    if len(points) > 1 and count > 1:
        low, high = math.log(points[0].luts), math.log(points[-1].luts)
        for number in range(count - 1):
            goal = low + (high - low) * number / (count - 1)
            nearest = min(points[:-1], key=lambda p: abs(math.log(p.luts) - goal))
            if nearest not in chosen:
                chosen.append(nearest)
    return sorted(chosen, key=lambda p: p.luts)

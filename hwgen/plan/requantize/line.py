"""Finds the lines `(m * x + b) >> s` that pass through a staircase, in exact integers.

A staircase of thresholds t[k] from code g[k-1] to g[k], k = 1 to n, is `(m * x + b) >> s` between
its ends if and only if, for all k, `2**s * g[k] <= m * t[k] + b` and
`m * (t[k] - 1) + b < 2**s * (g[k-1] + 1)`: the line lies on or above the points (t[k], g[k]) and
below the points (t[k] - 1, g[k-1] + 1). Of either only the corners of their convex hull matter,
a few dozen of 65,535, so that sums of any width are decided by some comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

Point = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """What a line must pass: on or above each point of `lower`, below each of `upper`."""

    lower: tuple[Point, ...]
    upper: tuple[Point, ...]

    @classmethod
    def of(cls, places: list[int], codes: list[int]) -> Corridor:
        """Give the corridor of a staircase whose codes rise at ascending places."""
        return cls.between(
            zip(places, codes[1:], strict=True),
            ((x - 1, code + 1) for x, code in zip(places, codes[:-1], strict=True)),
        )

    @classmethod
    def between(cls, lower: Iterable[Point], upper: Iterable[Point]) -> Corridor:
        """Give the corridor of points in ascending order that a line must reach, or stay below."""
        above = _hull((x, -y) for x, y in upper)
        return cls(lower=_hull(lower), upper=tuple((x, -y) for x, y in above))

    def slopes(self) -> tuple[Fraction, Fraction] | None:
        """Give what the slope of a line must lie between, None where there is no rising line."""
        below, above = self.limits()
        return None if above is None or below >= above else (below, above)

    def limits(self) -> tuple[Fraction, Fraction | None]:
        """Give the ends of the slopes that are not negative; None where they have no end."""
        below, above = Fraction(0), None
        for x, y in self.lower:
            for other_x, other_y in self.upper:
                run, rise = x - other_x, y - other_y
                if run > 0:
                    below = max(below, Fraction(rise, run))
                elif run < 0:
                    slope = Fraction(rise, run)
                    above = slope if above is None else min(above, slope)
        return below, above

    def constants(self, multiplier: int, shift: int) -> tuple[int, int] | None:
        """Give the least and greatest constant of a multiplier, None where there is none."""
        low = max((y << shift) - multiplier * x for x, y in self.lower)
        high = min((y << shift) - multiplier * x for x, y in self.upper) - 1
        return (low, high) if low <= high else None


def _hull(points: Iterable[Point]) -> tuple[Point, ...]:
    """Give the corners of the upper hull of points in ascending order."""
    corners: list[Point] = []
    for x, y in points:
        while len(corners) > 1:
            (x1, y1), (x2, y2) = corners[-2:]
            if (y2 - y1) * (x - x1) > (y - y1) * (x2 - x1):
                break
            corners.pop()
        corners.append((x, y))
    return tuple(corners)

"""What the words of a ring are made of: planes, columns side by side, columns beyond the image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStep:
    """What a column of the map is to the ring.

    Attributes
    ----------
    plane
        Its plane.
    group
        The group of windows whose words it completes, None for none.
    """

    plane: int
    group: int | None


@dataclass(frozen=True, kw_only=True)
class RingColumns:
    """Columns of a map of `size` columns and of `windows` windows in a row.

    Attributes
    ----------
    kernel, stride, origin
        Of the windows; column 0 of the first one is column `origin` of the map.
    pixels
        Windows side by side that are read together.
    together
        Columns that come together, those of a channel one after another.
    beside
        Of these, columns that come in a beat; more than one where no stride cuts columns.
    """

    size: int
    windows: int
    kernel: int
    stride: int
    origin: int
    pixels: int
    together: int
    beside: int = 1

    @property
    def planes(self) -> int:
        """Planes that some tap sees."""
        return min(self.stride, self.kernel)

    @property
    def shifts(self) -> int:
        """Taps of one plane at the most: shifts within a word."""
        return -(-self.kernel // self.stride)

    def shifts_of(self, plane: int) -> int:
        """Give the taps of one plane."""
        return -(-(self.kernel - plane) // self.stride)

    @property
    def span(self) -> int:
        """Columns of a word."""
        return self.pixels + self.shifts - 1

    @property
    def groups(self) -> int:
        """Groups of windows in a row."""
        return self.windows // self.pixels

    @property
    def padded(self) -> bool:
        """Whether windows see columns left of the image."""
        return self.origin < 0

    @cached_property
    def beyond(self) -> int:
        """Columns right of the image that windows see."""
        last = (self.windows - 1) * self.stride + self.kernel - 1
        return max(last + self.origin - (self.size - 1), 0)

    @property
    def beyond_at_once(self) -> int:
        """Columns beyond the image that are filled between two words of a channel."""
        return -(-min(self.beyond, self.together) // self.beside) * self.beside

    @property
    def beyond_groups(self) -> int:
        """How often they are."""
        return -(-self.beyond // self.beyond_at_once) if self.beyond else 0

    @property
    def count(self) -> int:
        """Columns of steps: those of the image and those beyond."""
        return self.size + self.beyond_groups * self.beyond_at_once

    @property
    def ending(self) -> int:
        """Which of the columns beside one another completes a word."""
        return (self.origin + self.span - 1) % self.beside

    @property
    def waiting(self) -> int:
        """Columns of a word that come in beats before the one that completes it."""
        return max(self.span - 1 - self.ending, 0)

    @cached_property
    def steps(self) -> tuple[ColumnStep | None, ...]:
        """What each column is; None where no window sees it."""
        stride, kernel = self.stride, self.kernel
        found: list[ColumnStep | None] = []
        for column in range(self.count):
            place, plane = divmod(column - self.origin, stride)
            first = self.pixels + self.shifts_of(plane) - 2 if plane < kernel else 0
            group, rest = divmod(place - first, self.pixels)
            if place < 0 or plane >= kernel or group >= self.groups:
                found.append(None)
                continue
            whole = rest == 0 and group >= 0
            found.append(ColumnStep(plane=plane, group=group if whole else None))
        return tuple(found)

"""Which rows of a map a ring stores, where they lie, and when windows have what they see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise


@dataclass(frozen=True, kw_only=True)
class RingRows:
    """Rows of a map of `size` rows and of `windows` rows of windows.

    Attributes
    ----------
    kernel, stride, origin
        Of the windows; row 0 of the first one is row `origin` of the map.
    spare
        Slots beyond those that full rate needs.
    """

    size: int
    windows: int
    kernel: int
    stride: int
    origin: int
    spare: int

    @property
    def advance(self) -> int:
        """Stored rows between windows one above the other."""
        return min(self.stride, self.kernel)

    @cached_property
    def stored(self) -> tuple[bool, ...]:
        """Whether each row of the image is stored."""
        last = (self.windows - 1) * self.stride + self.kernel - 1
        places = (row - self.origin for row in range(self.size))
        stride, kernel = self.stride, self.kernel
        return tuple(0 <= place <= last and place % stride < kernel for place in places)

    @property
    def count(self) -> int:
        """Rows of a frame that are stored."""
        return sum(self.stored)

    @cached_property
    def lead(self) -> int:
        """Rows of padding above the first row that is stored."""
        place = self.stored.index(True) - self.origin
        stride = self.stride
        return place // stride * self.advance + place % stride if stride > self.advance else place

    def _freed(self, y: int) -> int:
        """Give the stored rows that no window below row `y` of windows sees."""
        if y == self.windows - 1:
            return self.count
        return min(max((y + 1) * self.advance - self.lead, 0), self.count)

    def _needed(self, y: int) -> int:
        """Give the stored rows that the windows of row `y` and those above see."""
        return min(max(y * self.advance + self.kernel - self.lead, 0), self.count)

    @cached_property
    def dropped(self) -> tuple[int, ...]:
        """Rows that are given free behind each row of windows."""
        freed = [0, *(self._freed(y) for y in range(self.windows))]
        return tuple(late - early for early, late in pairwise(freed))

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """Rows that have to be there for each row of windows, beyond those given free before."""
        freed = [0, *(self._freed(y) for y in range(self.windows))]
        return tuple(max(self._needed(y) - freed[y], 0) for y in range(self.windows))

    @cached_property
    def slots(self) -> int:
        """Rows of the ring: those that are read, and those that the next windows see too."""
        wanted = self.wanted
        later = [
            dropped + following
            for dropped, following in zip(self.dropped, (*wanted[1:], wanted[0]), strict=True)
        ]
        return max(*wanted, *later, 1) + self.spare

    def outside(self, u: int) -> tuple[bool, ...]:
        """Whether row `u` of each row of windows is padding."""
        rows = (y * self.advance + u - self.lead for y in range(self.windows))
        return tuple(not 0 <= row < self.count for row in rows)

    @property
    def first_slot(self) -> int:
        """Slot of row 0 of the first windows, were there a row."""
        return -self.lead % self.slots

    @property
    def frame_advance(self) -> int:
        """Slots from the last windows of a frame to the first ones of the next."""
        return (self.count - (self.windows - 1) * self.advance) % self.slots

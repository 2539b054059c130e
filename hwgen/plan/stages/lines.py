"""The rows of a map in a ring, which a folded convolution reads in place, and what lies where.

A word of the ring holds of each channel that comes in a beat the codes of neighbouring columns:
as many as one tap of `pixels` windows side by side sees, and those that the other taps of the same
*plane* see beside them. A plane is the columns that are congruent modulo the stride, so that
windows side by side see neighbours in it. Tap (u, v) of a group of windows is one word, and one
shift within it. Rows are counted from the first one that a window sees, padding included; those
that no window sees are not stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import lcm

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.stream import Stream
from hwgen.plan.stages.window import Tap


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Windows that a folded unit reads where their pixels lie.

    Attributes
    ----------
    kernel, stride
        Rows and columns.
    origin
        Place of tap (0, 0) of the first window in the image.
    taps
        Of each column of the matrix; `Tap.lane` is the channel.
    spare
        Rows of the ring beyond those that are read or filled: a slot is free some cycles after its
        last read.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    origin: tuple[int, int]
    taps: tuple[Tap, ...]
    spare: int = 0


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


def bits_of(count: int) -> int:
    """Bits that count so many."""
    return (count - 1).bit_length()


@dataclass(frozen=True)
class LineShape:
    """The ring between the stream of a map and the windows of its convolution."""

    inputs: Stream
    outputs: Stream
    lines: Lines

    @cached_property
    def _is_pointwise(self) -> bool:
        lines = self.lines
        same = self.inputs.image == self.outputs.image
        return same and (lines.kernel, lines.stride, lines.origin) == ((1, 1), (1, 1), (0, 0))

    def _as_read(self, stream: Stream) -> tuple[int, int]:
        """Rows and columns of a map; of one that is read pixel by pixel as short as can be."""
        height, width = stream.image
        if not self._is_pointwise:
            return height, width
        row = lcm(self.inputs.pixels, self.outputs.pixels)
        return height * width // row, row

    @property
    def image(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        return self._as_read(self.inputs)

    @property
    def windows(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        return self._as_read(self.outputs)

    @property
    def pixels(self) -> int:
        """Windows side by side that are read together."""
        return self.outputs.pixels

    @property
    def lanes(self) -> int:
        """Channels that come in a beat, and lie in a word."""
        return len(self.inputs.lanes)

    @property
    def element_bits(self) -> int:
        """Bits of a code."""
        return max(lane.bits for lane in self.inputs.lanes)

    @property
    def words(self) -> int:
        """Beats of a pixel."""
        return len(self.inputs.order) // self.lanes // self.inputs.pixels

    # ---- rows ----

    @property
    def advance(self) -> int:
        """Stored rows between windows one above the other."""
        return min(self.lines.stride[0], self.lines.kernel[0])

    @cached_property
    def stored(self) -> tuple[bool, ...]:
        """Whether each row of the image is stored."""
        last = (self.windows[0] - 1) * self.lines.stride[0] + self.lines.kernel[0] - 1
        places = (row - self.lines.origin[0] for row in range(self.image[0]))
        stride, kernel = self.lines.stride[0], self.lines.kernel[0]
        return tuple(0 <= place <= last and place % stride < kernel for place in places)

    @property
    def rows(self) -> int:
        """Rows of a frame that are stored."""
        return sum(self.stored)

    @cached_property
    def lead(self) -> int:
        """Rows of padding above the first row that is stored."""
        place = self.stored.index(True) - self.lines.origin[0]
        stride = self.lines.stride[0]
        return place // stride * self.advance + place % stride if stride > self.advance else place

    def _freed(self, y: int) -> int:
        """Give the stored rows that no window below row `y` of windows sees."""
        if y == self.windows[0] - 1:
            return self.rows
        return min(max((y + 1) * self.advance - self.lead, 0), self.rows)

    def _needed(self, y: int) -> int:
        """Give the stored rows that the windows of row `y` and those above see."""
        return min(max(y * self.advance + self.lines.kernel[0] - self.lead, 0), self.rows)

    @cached_property
    def dropped(self) -> tuple[int, ...]:
        """Rows that are given free behind each row of windows."""
        freed = [0, *(self._freed(y) for y in range(self.windows[0]))]
        return tuple(late - early for early, late in pairwise(freed))

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """Rows that have to be there for each row of windows, beyond those given free before."""
        freed = [0, *(self._freed(y) for y in range(self.windows[0]))]
        return tuple(max(self._needed(y) - freed[y], 0) for y in range(self.windows[0]))

    @cached_property
    def slots(self) -> int:
        """Rows of the ring: those that are read, and those that the next windows see too."""
        wanted = self.wanted
        later = [
            dropped + following
            for dropped, following in zip(self.dropped, (*wanted[1:], wanted[0]), strict=True)
        ]
        return max(*wanted, *later, 1) + self.lines.spare

    def outside(self, u: int) -> tuple[bool, ...]:
        """Whether row `u` of each row of windows is padding."""
        rows = (y * self.advance + u - self.lead for y in range(self.windows[0]))
        return tuple(not 0 <= row < self.rows for row in rows)

    @property
    def first_slot(self) -> int:
        """Slot of row 0 of the first windows, were there a row."""
        return -self.lead % self.slots

    @property
    def frame_advance(self) -> int:
        """Slots from the last windows of a frame to the first ones of the next."""
        return (self.rows - (self.windows[0] - 1) * self.advance) % self.slots

    # ---- columns ----

    @property
    def planes(self) -> int:
        """Planes that some tap sees."""
        return min(self.lines.stride[1], self.lines.kernel[1])

    @property
    def shifts(self) -> int:
        """Taps of one plane at the most: shifts within a word."""
        return -(-self.lines.kernel[1] // self.lines.stride[1])

    def _shifts_of(self, plane: int) -> int:
        return -(-(self.lines.kernel[1] - plane) // self.lines.stride[1])

    @property
    def span(self) -> int:
        """Columns of a word."""
        return self.pixels + self.shifts - 1

    @property
    def groups(self) -> int:
        """Groups of windows in a row."""
        return self.windows[1] // self.pixels

    @property
    def padded(self) -> bool:
        """Whether windows see columns left of the image."""
        return self.lines.origin[1] < 0

    @cached_property
    def beyond(self) -> int:
        """Columns right of the image that windows see."""
        last = (self.windows[1] - 1) * self.lines.stride[1] + self.lines.kernel[1] - 1
        return max(last + self.lines.origin[1] - (self.image[1] - 1), 0)

    @property
    def beyond_at_once(self) -> int:
        """Columns beyond the image that are filled between two words of a channel."""
        return min(self.beyond, self.inputs.pixels)

    @property
    def beyond_groups(self) -> int:
        """How often they are."""
        return -(-self.beyond // self.beyond_at_once) if self.beyond else 0

    @property
    def columns(self) -> int:
        """Columns of steps: those of the image and those beyond."""
        return self.image[1] + self.beyond_groups * self.beyond_at_once

    @cached_property
    def column_steps(self) -> tuple[ColumnStep | None, ...]:
        """What each column is; None where no window sees it."""
        stride, kernel = self.lines.stride[1], self.lines.kernel[1]
        found: list[ColumnStep | None] = []
        for column in range(self.columns):
            place, plane = divmod(column - self.lines.origin[1], stride)
            first = self.pixels + self._shifts_of(plane) - 2 if plane < kernel else 0
            group, rest = divmod(place - first, self.pixels)
            if place < 0 or plane >= kernel or group >= self.groups:
                found.append(None)
                continue
            whole = rest == 0 and group >= 0
            found.append(ColumnStep(plane=plane, group=group if whole else None))
        return tuple(found)

    @property
    def row_beats(self) -> int:
        """Beats of a row."""
        return self.image[1] * self.words

    @property
    def row_steps(self) -> int:
        """Steps that fill a stored row."""
        return self.columns * self.words

    @property
    def frame_steps(self) -> int:
        """Steps that take a frame in."""
        skipped = self.image[0] - self.rows
        return self.rows * self.row_steps + skipped * self.row_beats

    # ---- addresses ----

    @property
    def depth(self) -> int:
        """Words of the ring."""
        return self.slots << self.slot_place

    @property
    def width(self) -> int:
        """Bits of a word."""
        return self.lanes * self.span * self.element_bits

    @property
    def group_place(self) -> int:
        """Lowest bit of the group in an address; below are the beat of a pixel and the plane."""
        return bits_of(self.words) + bits_of(self.planes)

    @property
    def slot_place(self) -> int:
        """Lowest bit of the slot in an address."""
        return self.group_place + bits_of(self.groups)

    @property
    def assembled(self) -> tuple[int, int]:
        """Words and bits of what holds the columns of words that are not whole yet."""
        depth = 1 << self.group_place
        return depth, self.lanes * (self.span - 1) * self.element_bits

    @property
    def place_fields(self) -> tuple[int, int, int, int]:
        """Bits of a tap's shift, its lane, its word and plane, and its row."""
        return (
            bits_of(self.shifts),
            bits_of(self.lanes),
            self.group_place,
            bits_of(self.lines.kernel[0]),
        )

    @property
    def place_bits(self) -> int:
        """Bits that name a tap."""
        return max(sum(self.place_fields), 1)

    def places(self, slots: IntArray) -> IntArray:
        """Give the names of taps: `place_fields`, the first in the lowest bits."""
        table = np.array([self._place(tap) for tap in self.lines.taps], np.int64)
        found: IntArray = table[slots]
        return found

    def _place(self, tap: Tap) -> int:
        word, lane = self._channels[tap.lane]
        shift, plane = divmod(tap.v, self.lines.stride[1])
        shift += self.shifts - self._shifts_of(plane)
        values = (shift, lane, plane << bits_of(self.words) | word, tap.u)
        place = start = 0
        for value, bits in zip(values, self.place_fields, strict=True):
            place |= value << start
            start += bits
        return place

    @cached_property
    def _channels(self) -> dict[int, tuple[int, int]]:
        """Give the beat of a pixel and the lane in which each channel comes."""
        return {channel: divmod(k, self.lanes) for k, channel in self._of_a_pixel()}

    def _of_a_pixel(self) -> Iterator[tuple[int, int]]:
        pixels = self.inputs.pixels
        for k in range(self.words * self.lanes):
            word, lane = divmod(k, self.lanes)
            element = self.inputs.order[word * pixels * self.lanes + lane]
            if element >= 0:
                yield k, element // pixels

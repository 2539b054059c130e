"""The rows of a map in a ring, which a folded convolution reads in place, and what lies where.

A word of the ring holds of each channel that comes in a beat the codes of neighbouring columns:
as many as one tap of `pixels` windows side by side sees, and those that the other taps of the same
*plane* see beside them. A plane is the columns that are congruent modulo the stride, so that
windows side by side see neighbours in it. Tap (u, v) of a group of windows is one word, and one
shift within it. Rows are counted from the first one that a window sees, padding included; those
that no window sees are not stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import lcm

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.ring_columns import RingColumns
from hwgen.plan.stages.ring_rows import RingRows
from hwgen.plan.stages.ring_shares import Share, words_of
from hwgen.plan.stages.stream import PADDING, Stream
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
    beside
        What a window sees outside the image.
    spare
        Rows of the ring beyond those that are read or filled: a slot is free some cycles after its
        last read.
    split
        Each copy of the ring stores only the channels that its reader reads.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    origin: tuple[int, int]
    taps: tuple[Tap, ...]
    beside: int = 0
    spare: int = 0
    split: bool = False


def bits_of(count: int) -> int:
    """Bits that count so many."""
    return (count - 1).bit_length()


@dataclass(frozen=True)
class LineShape:
    """The ring between the stream of a map and the windows of its convolution.

    `shares` are what copies of it store, nothing where all of them store the whole map.
    """

    inputs: Stream
    outputs: Stream
    lines: Lines
    shares: tuple[Share, ...] = ()

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

    @cached_property
    def kept(self) -> tuple[Share, ...]:
        """Give the different shares."""
        return self.shares or ((tuple(range(self.inputs.channels)),) * self.beats,)

    @cached_property
    def lanes(self) -> int:
        """Channels that lie in a word."""
        return max(1, *(len(lanes) for share in self.kept for lanes in share))

    @property
    def element_bits(self) -> int:
        """Bits of a code."""
        return max(lane.bits for lane in self.inputs.lanes)

    @property
    def beside(self) -> int:
        """The code outside the image, as `element_bits` bits."""
        return self.lines.beside % (1 << self.element_bits)

    @property
    def beats(self) -> int:
        """Beats of a pixel, or of those beside one another."""
        return self.inputs.beats_each // self.inputs.copies

    @cached_property
    def words(self) -> int:
        """Words of a pixel: beats of which a copy stores something."""
        return max(1, *(sum(map(bool, share)) for share in self.kept))

    @cached_property
    def rows(self) -> RingRows:
        """Give what is stored of the rows, and when they are there."""
        lines = self.lines
        return RingRows(
            size=self.image[0],
            windows=self.windows[0],
            kernel=lines.kernel[0],
            stride=lines.stride[0],
            origin=lines.origin[0],
            spare=lines.spare,
        )

    @cached_property
    def columns(self) -> RingColumns:
        """Give what words are made of, column by column."""
        lines = self.lines
        return RingColumns(
            size=self.image[1],
            windows=self.windows[1],
            kernel=lines.kernel[1],
            stride=lines.stride[1],
            origin=lines.origin[1],
            pixels=self.pixels,
            together=self.inputs.pixels,
            beside=self.inputs.beside,
        )

    @property
    def row_beats(self) -> int:
        """Beats of a row."""
        return self.image[1] // self.inputs.beside * self.beats

    @property
    def row_steps(self) -> int:
        """Steps that fill a stored row."""
        return self.columns.count // self.inputs.beside * self.beats

    @property
    def frame_steps(self) -> int:
        """Steps that take a frame in."""
        skipped = self.image[0] - self.rows.count
        return self.rows.count * self.row_steps + skipped * self.row_beats

    @property
    def depth(self) -> int:
        """Words of the ring."""
        return self.rows.slots << self.slot_place

    @property
    def width(self) -> int:
        """Bits of a word."""
        return self.lanes * self.columns.span * self.element_bits

    @property
    def group_place(self) -> int:
        """Lowest bit of the group in an address; below are the beat of a pixel and the plane."""
        return bits_of(self.words) + bits_of(self.columns.planes)

    @property
    def slot_place(self) -> int:
        """Lowest bit of the slot in an address."""
        return self.group_place + bits_of(self.columns.groups)

    @property
    def assembled(self) -> tuple[int, int]:
        """Words and bits of what holds the columns of words that are not whole yet."""
        depth = 1 << self.group_place
        return depth, self.lanes * self.columns.waiting * self.element_bits

    @property
    def place_fields(self) -> tuple[int, int, int, int]:
        """Bits of a tap's shift, its lane, its word and plane, and its row."""
        return (
            bits_of(self.columns.shifts),
            bits_of(self.lanes),
            self.group_place,
            bits_of(self.lines.kernel[0]),
        )

    @property
    def place_bits(self) -> int:
        """Bits that name a tap."""
        return max(sum(self.place_fields), 1)

    def places(self, slots: IntArray, share: int = 0) -> IntArray:
        """Give the names of taps in a share: `place_fields`, the first in the lowest bits.

        Those of channels that are not stored, which no weight reads, are any.
        """
        own = self.kept[share]
        words = words_of(own)
        where = {
            channel: (words[beat], own[beat].index(lane))
            for channel, (beat, lane) in self.channels.items()
            if lane in own[beat]
        }
        table = [self._place(tap, *where.get(tap.lane, (0, 0))) for tap in self.lines.taps]
        found: IntArray = np.array(table, np.int64)[slots]
        return found

    def _place(self, tap: Tap, word: int | None, lane: int) -> int:
        assert word is not None
        shift, plane = divmod(tap.v, self.lines.stride[1])
        shift += self.columns.shifts - self.columns.shifts_of(plane)
        values = (shift, lane, plane << bits_of(self.words) | word, tap.u)
        place = start = 0
        for value, bits in zip(values, self.place_fields, strict=True):
            place |= value << start
            start += bits
        return place

    @cached_property
    def channels(self) -> dict[int, tuple[int, int]]:
        """Give the beat of a pixel and the lane in which each channel comes."""
        stream = self.inputs
        first = len(stream.lanes) * stream.copies
        return {
            stream.order[beat * first + lane] // stream.pixels: (beat, lane)
            for beat in range(self.beats)
            for lane in range(stream.channels)
            if stream.order[beat * first + lane] != PADDING
        }

"""Windows of a map: which pixels of the image they see, and which of their taps ever see one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from hwgen.ir.padding import Padding, sides, windows_of
from hwgen.numeric import IntArray, Range
from hwgen.plan.stages.folded import FoldedDense
from hwgen.plan.stages.lines import Lines
from hwgen.plan.stages.stream import PADDING
from hwgen.plan.stages.window import Tap, WindowBuffer

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Windows along rows or columns: window i has its tap k at pixel `i * stride + origin + k`."""

    size: int
    count: int
    kernel: int
    stride: int
    origin: int

    @property
    def pixels(self) -> IntArray:
        """Pixel of each tap of each window, or -1 outside the image: (count, kernel)."""
        first = np.arange(self.count)[:, None] * self.stride + self.origin
        found = first + np.arange(self.kernel)
        return np.where((found < 0) | (found >= self.size), PADDING, found)

    @property
    def classes(self) -> Flags:
        """The different sets of taps that are inside: (classes, kernel)."""
        return np.unique(self.pixels != PADDING, axis=0)

    @property
    def steps(self) -> int:
        """Places that a tape of pixels moves by: those of the image, or more between windows."""
        return max(self.size, (self.count - 1) * self.stride + 1)

    def cut(self, first: int, last: int) -> Axis:
        """Leave only taps `first` to `last`, and more behind until window 0 ends in the image."""
        origin = self.origin + first
        kernel = max(last - first + 1, 1 - origin)
        return Axis(
            size=self.size, count=self.count, kernel=kernel, stride=self.stride, origin=origin
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The windows of a layer, a tap a column of its matrix; `Tap.lane` is the channel.

    A window of one tap that sees every pixel once is *pointwise*: it is the pixel itself.
    `beside` is what each channel shows outside the image; () where that is 0.
    """

    rows: Axis
    columns: Axis
    taps: tuple[Tap, ...]
    beside: tuple[int, ...] = ()

    @property
    def image(self) -> tuple[int, int]:
        """Height and width of the map that is seen."""
        return self.rows.size, self.columns.size

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        return self.rows.count, self.columns.count

    @property
    def is_pointwise(self) -> bool:
        """Whether every window is one whole pixel, in the order in which pixels come."""
        return (
            self.rows.kernel == self.columns.kernel == 1
            and self.image == self.outputs
            and self.rows.origin == self.columns.origin == 0
        )

    @property
    def outside(self) -> tuple[int, ...]:
        """What each tap shows where it is outside the image."""
        return tuple(self.beside[tap.lane] if self.beside else 0 for tap in self.taps)

    def classes(self) -> Iterator[Flags]:
        """Give the different sets of taps that are inside the image, each (taps,)."""
        us = [tap.u for tap in self.taps]
        vs = [tap.v for tap in self.taps]
        for rows, columns in product(self.rows.classes, self.columns.classes):
            yield rows[us] & columns[vs]

    def sources(self) -> IntArray:
        """Element of the map, (channel, row, column) in one number, of each tap of each position.

        (positions, taps), -1 outside the image.
        """
        us, vs, channels = np.array(self.taps).T
        rows = self.rows.pixels[:, us][:, None, :]
        columns = self.columns.pixels[:, vs][None, :, :]
        height, width = self.image
        found = (channels * height + rows) * width + columns
        outside = (rows == PADDING) | (columns == PADDING)
        return np.where(outside, PADDING, found).reshape(-1, len(self.taps))


def window_of(stage: WindowBuffer | FoldedDense, shape: WindowBuffer | Lines) -> Window:
    """Give the windows of `shape` that a stage shows, or reads; `Tap.lane` is as there."""
    axes = [
        Axis(size=size, count=count, kernel=kernel, stride=stride, origin=origin)
        for size, count, kernel, stride, origin in zip(
            stage.inputs.image,
            stage.outputs.image,
            shape.kernel,
            shape.stride,
            shape.origin,
            strict=True,
        )
    ]
    beside = shape.beside
    if isinstance(beside, int):
        beside = _of_all(beside, 1 + max(tap.lane for tap in shape.taps))
    return Window(rows=axes[0], columns=axes[1], taps=shape.taps, beside=beside)


def _of_all(value: int, channels: int) -> tuple[int, ...]:
    """Give what each channel shows outside, where that is one value."""
    return (value,) * channels if value else ()


def full_window(
    image: tuple[int, int],
    channels: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding = (0, 0),
    beside: int = 0,
) -> Window:
    """Give windows with all taps, in the order (row, column, channel), and `beside` outside."""
    counts = windows_of(image, kernel, stride, padding)
    axes = [
        Axis(size=size, count=count, kernel=k, stride=s, origin=-p)
        for size, count, k, s, p in zip(
            image, counts, kernel, stride, sides(padding)[:2], strict=True
        )
    ]
    taps = tuple(
        Tap(u, v, channel)
        for u, v, channel in product(range(kernel[0]), range(kernel[1]), range(channels))
    )
    values = _of_all(beside, channels)
    return Window(rows=axes[0], columns=axes[1], taps=taps, beside=values)


def cut_window(window: Window, kept: IntArray) -> Window:
    """Leave only some taps, (kept,), and the rows and columns between the outermost of them."""
    taps = [window.taps[int(k)] for k in kept]
    us, vs = [tap.u for tap in taps], [tap.v for tap in taps]
    top, left = min(us), min(vs)
    return Window(
        rows=window.rows.cut(top, max(us)),
        columns=window.columns.cut(left, max(vs)),
        taps=tuple(Tap(tap.u - top, tap.v - left, tap.lane) for tap in taps),
        beside=window.beside,
    )


def tap_ranges(window: Window, channels: tuple[Range, ...]) -> tuple[Range, ...]:
    """Give what each tap can show: its channel's values, and what is outside where it ever is."""
    always = np.logical_and.reduce(list(window.classes()))
    return tuple(
        channels[tap.lane] if inside else channels[tap.lane].union(Range(value, value))
        for tap, inside, value in zip(window.taps, always, window.outside, strict=True)
    )


def lines_of(window: Window | None, image: tuple[int, int]) -> Lines | None:
    """Give the windows that a folded layer reads in rows of a map; None where it reads a vector."""
    if window is None or image == (1, 1) == window.outputs:
        return None
    return Lines(
        kernel=(window.rows.kernel, window.columns.kernel),
        stride=(window.rows.stride, window.columns.stride),
        origin=(window.rows.origin, window.columns.origin),
        taps=window.taps,
        beside=window.beside[0] if window.beside else 0,
    )

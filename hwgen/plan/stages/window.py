"""Stages that see more of a map than one position: windows of a convolution, and poolings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from hwgen.numeric import Range
from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.plan.stages.stream import Stream

PoolKind = Literal["max", "sum"]
LEAST_QUEUE = 3  # pixels: a shorter queue does not pass one a cycle


class Tap(NamedTuple):
    """An output lane of a window: its row and column in the window, and the input lane it shows."""

    u: int
    v: int
    lane: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowBuffer:
    """Shows of each output position the pixels around it: a tape of pixels, tapped in many places.

    A pixel comes a beat. All that came before lie on a tape that moves a place a *step*: tap (u, v)
    of a window of (kh, kw) is the pixel of `(kh - 1 - u) * row_steps + kw - 1 - v` steps ago. The
    window of output position (y, x) has its tap (u, v) at pixel (y * sy + oy + u, x * sx + ox + v),
    (oy, ox) being `origin`; outside the image a lane shows its value `beside`. Nothing is stored
    twice, and columns and rows outside the image take no step: on the tape the next row, or the
    next frame, lies there.

    The last windows of a frame may need `tail` steps more. The next frame's first pixels take them
    where so many wait in the queue; else the tape runs on alone, and the queue fills.

    Attributes
    ----------
    inputs, outputs
        A pixel a beat; a window a beat, one lane a tap.
    origin
        Place of tap (0, 0) of the first window. The window's last tap is in the image there.
    taps
        Of each output lane.
    queue
        Pixels that can wait, at least those of the tail; 0 for none, where there is no tail.
    memory
        Where the rows lie, and the queue.
    beside
        What each input lane shows outside the image, which its type holds; () where that is 0.
    """

    name: str
    inputs: Stream
    outputs: Stream
    kernel: tuple[int, int]
    stride: tuple[int, int]
    origin: tuple[int, int]
    taps: tuple[Tap, ...]
    queue: int
    memory: MemoryKind
    beside: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.beside and len(self.beside) != len(self.inputs.lanes):
            raise ValueError(f"{self.name}: beside must be as many as input lanes")
        for end, size in zip(self.first_end, self.inputs.image, strict=True):
            if not 0 <= end < size:
                raise ValueError(f"{self.name}: the first window must end in the image")
        least = max(self.tail, LEAST_QUEUE) if self.tail else 0
        if self.queue < least:
            raise ValueError(f"{self.name}: queue must be at least {least}, not {self.queue}")
        if len(self.taps) != len(self.outputs.lanes):
            raise ValueError(f"{self.name}: taps must be as many as output lanes")
        lanes = len(self.inputs.lanes)
        if not all(0 <= tap.lane < lanes for tap in self.taps):
            raise ValueError(f"{self.name}: taps must show input lanes 0 to {lanes - 1}")

    @property
    def first_end(self) -> tuple[int, int]:
        """Row and column of the last tap of the first window."""
        return self.origin[0] + self.kernel[0] - 1, self.origin[1] + self.kernel[1] - 1

    @property
    def row_steps(self) -> int:
        """Steps a row: the columns of the image, or of windows where these are more."""
        return max(self.inputs.image[1], (self.outputs.image[1] - 1) * self.stride[1] + 1)

    @property
    def rows(self) -> int:
        """Rows of steps a frame."""
        return max(self.inputs.image[0], (self.outputs.image[0] - 1) * self.stride[0] + 1)

    @property
    def steps(self) -> int:
        """Steps a frame."""
        return self.rows * self.row_steps

    def end(self, y: int, x: int) -> int:
        """Step of a frame at which the window of output position (y, x) is whole."""
        rows, columns = self.first_end
        return (y * self.stride[0] + rows) * self.row_steps + x * self.stride[1] + columns

    @property
    def tail(self) -> int:
        """Steps behind a frame's own until its last window is whole."""
        height, width = self.outputs.image
        return max(self.end(height - 1, width - 1) + 1 - self.steps, 0)

    @property
    def delayed(self) -> tuple[int, ...]:
        """Of each input lane, how many rows of it are stored: as far up as a tap of it lies."""
        rows = [0] * len(self.inputs.lanes)
        for tap in self.taps:
            rows[tap.lane] = max(rows[tap.lane], self.kernel[0] - 1 - tap.u)
        return tuple(rows)

    @property
    def column_bits(self) -> int:
        """Bits of a word of the memory of rows: all that is stored of a column."""
        pairs = zip(self.delayed, self.inputs.lanes, strict=True)
        return sum(rows * lane.bits for rows, lane in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPool:
    """Largest pixel or sum of pixels of windows that do not overlap, a beat a cycle.

    What has come of a window's row is kept in a register a channel, what has come of its rows
    above in a memory with a word a window. Where a pixel comes in several beats, a memory with a
    word for each beat of a window keeps both. Rows and columns of no window are dropped.
    """

    name: str
    inputs: Stream
    outputs: Stream
    kind: PoolKind
    kernel: tuple[int, int]
    stride: tuple[int, int]
    memory: MemoryKind

    def __post_init__(self) -> None:
        axes = zip(self.kernel, self.stride, self.outputs.image, strict=True)
        if any(kernel > stride and count > 1 for kernel, stride, count in axes):
            raise ValueError(f"{self.name}: windows must not overlap")
        if (self.inputs.order, self.inputs.pixels) != (self.outputs.order, 1):
            raise ValueError(f"{self.name}: outputs must carry what comes, pixel by pixel")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMax:
    """Largest of the taps of each channel of a window, by a tree of comparisons.

    `sources[lane]` are the input lanes of an output lane.
    """

    name: str
    inputs: Stream
    outputs: Stream
    sources: tuple[tuple[int, ...], ...]

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return 1


def pooled_range(kind: PoolKind, limits: Range, pixels: int) -> Range:
    """Exact range of a pooling of so many pixels of `limits`."""
    return limits if kind == "max" else Range(limits.lo * pixels, limits.hi * pixels)

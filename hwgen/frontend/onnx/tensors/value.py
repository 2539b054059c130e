"""What is known of a tensor of the file: integers of the network, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from hwgen.frontend.onnx.arithmetic.functions import (
    Affine,
    Bounds,
    Clip,
    Function,
    Norm,
    before,
    direction,
    image,
)
from hwgen.frontend.onnx.arithmetic.roots import rational_root
from hwgen.numeric import IntArray

ONE = Fraction(1)
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Channel:
    """The real value of a channel: `functions`, in their order, of `scale * integer + offset`."""

    scale: Fraction = ONE
    offset: Fraction = ZERO
    functions: tuple[Function, ...] = ()

    def then(self, function: Function) -> Channel:
        """Give the channel behind one more function."""
        if isinstance(function, Norm):
            deviation = rational_root(function.square)
            if deviation is not None:
                factor = function.gamma / deviation
                return self.then(Affine(factor, function.beta - function.mean * factor))
        if not isinstance(function, Affine):
            return replace(self, functions=(*self.functions, function))
        if not self.functions:
            offset = self.offset * function.factor + function.shift
            return replace(self, scale=self.scale * function.factor, offset=offset)
        *others, last = self.functions
        if isinstance(last, Affine):
            both = Affine(
                last.factor * function.factor, last.shift * function.factor + function.shift
            )
            return replace(self, functions=(*others, both))
        return replace(self, functions=(*self.functions, function))

    def clipped(self, clip: Clip, lo: int, hi: int) -> Channel:
        """Give the channel behind a clip, which is left out where integers in [lo, hi] miss it."""
        if not self.functions:
            ends = sorted((self.scale * lo + self.offset, self.scale * hi + self.offset))
            low = clip.lo if clip.lo is not None and clip.lo > ends[0] else None
            high = clip.hi if clip.hi is not None and clip.hi < ends[1] else None
            clip = Clip(low, high)
        return self if clip == Clip(None, None) else self.then(clip)

    def real(self, integer: int) -> Fraction:
        """Give the value of an integer, about where a function is irrational."""
        value = self.scale * integer + self.offset
        for function in self.functions:
            value = image(function, value)
        return value

    @property
    def direction(self) -> int:
        """Whether the value rises (1) or falls (-1) with the integer, or is constant (0)."""
        found = (self.scale > 0) - (self.scale < 0)
        for function in self.functions:
            found *= direction(function)
        return found

    def bounds_on_integer(self, bounds: Bounds, digits: int, ends: Iterable[bool]) -> Bounds:
        """Turn bounds on the value into bounds on `sign` times the integer.

        `ends` has, for each function, which end of its bracket to take.
        """
        for function, upper in zip(reversed(self.functions), ends, strict=True):
            bounds = before(function, bounds, digits, upper)
        return before(Affine(self.scale, self.offset), bounds, digits, False)


Channels = tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Value:
    """A tensor that depends on the input.

    Attributes
    ----------
    node
        The node of the network whose integers it has; None before the first quantizer, where its
        numbers are those of the file's input, and reals.
    shape
        Shape of that node's output.
    where
        Of the file's shape (a batch of one sample): the place of each element in the node's output,
        last index fastest; -1 is an element that a padding put there.
    channels
        One for all, or one a channel, channel being axis 0 of `shape`.
    pad
        The value of padded elements.
    shared
        Whether anything else reads the same integers.
    trail
        The file's nodes that nothing of the network stands for yet.
    resized
        What must hold of the last resize by a factor that is not whole: no map can be read behind.
    """

    node: str | None
    shape: tuple[int, ...]
    where: IntArray
    channels: Channels
    pad: Fraction | None = None
    shared: bool = False
    trail: tuple[str, ...] = ()
    resized: str = ""

    @property
    def plane(self) -> int:
        """Elements of a channel."""
        return int(np.prod(self.shape[1:], dtype=np.int64))

    @property
    def is_plain(self) -> bool:
        """Whether no function stands between the integers and the value but scale and offset."""
        return not any(channel.functions for channel in self.channels)

    def channel(self, index: int) -> Channel:
        """Give one channel."""
        return self.channels[index if len(self.channels) > 1 else 0]

    def each(self, change: Callable[[Channel], Channel]) -> Value:
        """Give the value with every channel changed."""
        return replace(self, channels=one_if_equal(map(change, self.channels)))

    def zipped(self, functions: list[Function]) -> Value:
        """Give the value behind functions, one for all channels or one each."""
        count = max(len(self.channels), len(functions))
        pick = functions if len(functions) > 1 else functions * count
        behind = (self.channel(index).then(pick[index]) for index in range(count))
        return replace(self, channels=one_if_equal(behind))


def one_if_equal(channels: Iterable[Channel]) -> Channels:
    """Give one channel where all are equal."""
    found = tuple(channels)
    return found[:1] if all(channel == found[0] for channel in found) else found


def whole_map(shape: tuple[int, ...]) -> IntArray:
    """Give the places of a tensor's elements, as they lie."""
    return np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64).reshape(shape)

"""What the beats of a stream carry: elements of a layer's input, or sums of its rows.

Each statement is about one lane of one beat of a vector and holds for every vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form, bit, linear_form
from hwgen.prove.forms.turns import MOST_TRIED
from hwgen.prove.forms.values import UNKNOWN, CaseBit, Part, Source, Value
from hwgen.prove.netlist.boolean import packed
from hwgen.prove.netlist.netlist import Module

T = TypeVar("T")
NO_NUMBER = Range(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """The low bits of an input element."""

    column: int
    limits: Range
    bits: int

    def leaf(self, source: Source, first: int, place: int) -> Sequence[Value]:
        """Give the bits as those of a linear form of the inputs, its vector's from `first` on."""
        limits = self.limits
        column = first + self.column
        form = Form({column: 1} if limits.span else {}, 0 if limits.span else limits.lo, limits)
        return [bit(form, index) for index in range(self.bits)]

    def shifted(self, amount: int) -> Element | None:
        """Give the element plus a constant: none but zero, which is what all lanes have."""
        return None if amount else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row's sum as a function of s: `factor * s + constant`."""

    index: int
    factor: int
    constant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The low bits of `factor * s + constant`, where s is the sum of one or more rows, scaled."""

    steps: Range
    factor: int
    constant: int
    rows: tuple[Row, ...]
    bits: int

    @property
    def limits(self) -> Range:
        """Range of what the lane carries."""
        ends = [self.factor * s + self.constant for s in (self.steps.lo, self.steps.hi)]
        return Range(min(ends), max(ends))

    def row(self, index: int) -> Row | None:
        """Give a row of these, if it is one."""
        return next((row for row in self.rows if row.index == index), None)

    @property
    def is_wide(self) -> bool:
        """Whether s has too many values to write each of them down."""
        return self.steps.span >= MOST_TRIED

    def leaf(self, source: Source, first: int, place: int) -> Sequence[Value]:
        """Give the bits as functions of s: its values one by one, or those of a linear form.

        In the form s is input `first + place`.
        """
        if self.is_wide:
            column = first + place
            form = linear_form({column: self.factor}, self.constant, {column: self.steps})
            return [bit(form, index) for index in range(self.bits)]
        count = self.steps.span + 1
        ones = (1 << count) - 1
        masks = _masks(self.steps, self.factor, self.constant, self.bits)
        return [int(m != 0) if m in (0, ones) else CaseBit(source, m, count) for m in masks]

    def shifted(self, amount: int) -> Total:
        """Give the total plus a constant."""
        return replace(self, constant=self.constant + amount)


@lru_cache(maxsize=1 << 10)
def _masks(steps: Range, factor: int, constant: int, bits: int) -> tuple[int, ...]:
    """Give each bit of `factor * s + constant`, for all s from the lowest on."""
    carried = np.arange(steps.lo, steps.hi + 1) * factor + constant
    return tuple(packed(carried >> index & 1) for index in range(bits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A word that is the same for every vector, as an unsigned number."""

    value: int
    bits: int

    @property
    def limits(self) -> Range:
        """The one value."""
        return Range(self.value, self.value)

    def leaf(self, source: Source, first: int, place: int) -> Sequence[Value]:
        """Give the bits."""
        return [self.value >> index & 1 for index in range(self.bits)]

    def shifted(self, amount: int) -> Constant:
        """Give the number plus another."""
        return replace(self, value=self.value + amount)


Content = Element | Total | Constant


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """Bits of each lane, and for every beat of a vector what its lanes carry, None for unknown."""

    lanes: tuple[int, ...]
    beats: tuple[tuple[Content | None, ...], ...]

    def wide_sums(self) -> list[Range]:
        """Give the range of what each sum of many values is a function of, by place of a vector.

        0 alone for what is not read as a number.
        """
        return [
            c.steps if isinstance(c, Total) and c.is_wide else NO_NUMBER for c in self.natural()
        ]

    def natural(self) -> list[Content | None]:
        """Give the contents in the order of beats and lanes."""
        return [content for beat in self.beats for content in beat]

    def values(self, columns: int) -> Callable[[int, int], Sequence[Value]]:
        """Give payloads by vector and beat: forms of elements, functions of sums."""

        def payload(vector: int, beat: int) -> Sequence[Value]:
            found: list[Value] = []
            for lane, content in enumerate(self.beats[beat]):
                source = Source(vector, beat, lane)
                unknown = [UNKNOWN] * self.lanes[lane]
                place = beat * len(self.lanes) + lane
                found += (
                    unknown if content is None else content.leaf(source, vector * columns, place)
                )
            return found

        return payload

    def parts(self, vector: int, beat: int) -> Sequence[Value]:
        """Give a payload as parts of itself."""
        return [
            Part(Source(vector, beat, lane), place) if content is not None else UNKNOWN
            for lane, content in enumerate(self.beats[beat])
            for place in range(self.lanes[lane])
        ]


def resized(content: Content, bits: int, *, signed: bool) -> Content | None:
    """Give what a lane of another width carries, or None where that is no such content."""
    limits, half = content.limits, 1 << content.bits >> 1
    if bits <= content.bits:
        size, low = 1 << bits, limits.lo
        fits = (low >= 0 and limits.hi < size) or (low >= -size >> 1 and limits.hi < size >> 1)
        return replace(content, bits=bits) if fits else None
    offset = 0
    if signed and limits.hi >= half:
        offset = -2 * half
    if not signed and limits.lo < 0:
        offset = 2 * half
    lo, hi = (limits.lo + offset, limits.hi + offset)
    fits = (-half <= lo and hi < half) if signed else (lo >= 0 and hi < 2 * half)
    moved = content.shifted(offset) if fits else None
    return None if moved is None else replace(moved, bits=bits)


def words_of(module: Module) -> list[int]:
    """Give the bits of the lanes that a unit sends.

    Raises
    ------
    NotProvedError
        Where the lanes are not the whole payload, in order.
    """
    count = 0
    while f"o__payload.e{count}" in module.names:
        count += 1
    return [len(lane) for lane in module.lanes("o__payload", count)]


def cut(payload: Sequence[T], lanes: Sequence[int]) -> list[tuple[T, ...]]:
    """Cut a payload into its lanes."""
    found, start = [], 0
    for width in lanes:
        found.append(tuple(payload[start : start + width]))
        start += width
    return found

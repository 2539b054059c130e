"""What the lanes of a stream are of a map: its elements, in any beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwgen.ir import PixelShuffle, UpsampleNearest
from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form
from hwgen.prove.frames.rows import Frame
from hwgen.prove.machine.streams import Constant, Content, Element, Stream, Total
from hwgen.prove.netlist.netlist import NotProvedError


def is_element(content: Content | None, limits: Range, column: int) -> bool:
    """Whether a lane is an element, or the constant that this is."""
    match content:
        case Element():
            return content.limits == limits and (not limits.span or content.column == column)
        case Constant():
            return not limits.span and (content.value - limits.lo) % (1 << content.bits) == 0
    return False


def enlarged(
    node: UpsampleNearest | PixelShuffle, stream: Stream, frame: Frame
) -> tuple[Stream, Frame]:
    """Go on with the elements of a larger map, each of which is one of the smaller map."""
    factor, (height, width) = node.factor, frame.image
    rows, columns = np.arange(height * factor), np.arange(width * factor)
    pixels = rows[:, None] // factor * width + columns // factor
    channels = np.arange(frame.channels)[:, None, None]
    if isinstance(node, PixelShuffle):
        square = factor * factor
        phases = rows[:, None] % factor * factor + columns % factor
        channels = channels[: frame.channels // square] * square + phases
    sources = (channels * frame.positions + pixels).reshape(-1).tolist()
    first: dict[int, int] = {}
    alias = [first.setdefault(frame.alias[k], index) for index, k in enumerate(sources)]

    def moved(content: Content | None) -> Content | None:
        if not isinstance(content, Element):
            return content if isinstance(content, Constant) else None
        column = first.get(content.column)
        if column is None:
            return None if content.limits.span else content
        return replace(content, column=column)

    beats = tuple(tuple(moved(content) for content in beat) for beat in stream.beats)
    limits = tuple(frame.limits[k] for k in sources)
    image = height * factor, width * factor
    return replace(stream, beats=beats), Frame(image=image, limits=limits, alias=tuple(alias))


def side_by_side(parts: Sequence[tuple[Stream, Frame]], name: str) -> tuple[Stream, Frame]:
    """Go on with maps of one size as one: the channels of each behind those of the one before.

    Raises
    ------
    NotProvedError
        Where their beats are not as many, naming the unit that reads them.
    """
    if len({(len(stream.beats), frame.image) for stream, frame in parts}) > 1:
        raise NotProvedError(f"{name}: must read streams of as many beats, of one image")
    lanes: list[int] = []
    limits: list[Range] = []
    alias: list[int] = []
    beats: list[list[Content | None]] = [[] for _ in parts[0][0].beats]
    for stream, frame in parts:
        start = len(limits)
        lanes += stream.lanes
        alias += [start + column for column in frame.alias]
        limits += frame.limits
        for beat, own in zip(beats, stream.beats, strict=True):
            beat += [
                replace(content, column=start + content.column)
                if isinstance(content, Element)
                else content
                for content in own
            ]
    joined = Stream(lanes=tuple(lanes), beats=tuple(map(tuple, beats)))
    return joined, Frame(image=parts[0][1].image, limits=tuple(limits), alias=tuple(alias))


def sums_themselves(
    stream: Stream, image: tuple[int, int], rows: Sequence[Form]
) -> tuple[Stream, Frame]:
    """Go on with sums as the elements of a map; those that come in another code are unknown."""
    limits = tuple(form.limits for form in rows)
    first: dict[object, int] = {}
    alias = [
        first.setdefault((frozenset(form.coefficients.items()), form.constant), index)
        for index, form in enumerate(rows)
    ]

    def itself(content: Content | None) -> Content | None:
        if not isinstance(content, Total):
            return content
        size = 1 << content.bits
        for row in content.rows:
            alike = (row.factor - content.factor) % size == 0
            if alike and (row.constant - content.constant) % size == 0:
                column = alias[row.index]
                return Element(column=column, limits=limits[column], bits=content.bits)
        return None

    beats = tuple(tuple(itself(content) for content in beat) for beat in stream.beats)
    return replace(stream, beats=beats), Frame(image=image, limits=limits, alias=tuple(alias))

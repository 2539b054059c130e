"""What the lanes of a stream are of a map: its elements, in any beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form
from hwgen.prove.frames.rows import Frame
from hwgen.prove.machine.streams import Constant, Content, Element, Stream, Total


def is_element(content: Content | None, limits: Range, column: int) -> bool:
    """Whether a lane is an element, or the constant that this is."""
    match content:
        case Element():
            return content.limits == limits and (not limits.span or content.column == column)
        case Constant():
            return not limits.span and (content.value - limits.lo) % (1 << content.bits) == 0
    return False


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

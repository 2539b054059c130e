"""What poolings give of a map whose pixels come in several beats."""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.numeric import Range
from hwgen.prove.frames.rows import Frame
from hwgen.prove.machine.streams import Constant, Content, Element, Stream
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.units.pool_words import Kind
from hwgen.prove.views import Channel, View

Term = tuple[str, int]  # a column, or a constant


class PooledFrame:
    """The windows of a map, pooled, and the beats that they come in.

    Parameters
    ----------
    name
        Of the unit.
    kind, view
        What is pooled.
    stream, frame
        What enters the unit, and what is known of its elements.

    Raises
    ------
    NotProvedError
        Where pixels do not come in as many beats each.
    """

    def __init__(self, name: str, kind: Kind, view: View, stream: Stream, frame: Frame) -> None:
        self.name, self.kind, self.view = name, kind, view
        self._stream, self._before = stream, frame
        self.beats_each, rest = divmod(len(stream.beats), frame.positions)
        if rest:
            raise NotProvedError(f"{name}: must read pixels that come in as many beats each")
        self._signed = any(limits.lo < 0 for limits in frame.limits)
        windows = view.pixels.tolist()
        keys = [
            tuple(sorted(self._of_column(start + pixel) for pixel in window))
            for start in range(0, len(frame.limits), frame.positions)
            for window in windows
        ]
        self._first: dict[tuple[Term, ...], int] = {}
        alias = [self._first.setdefault(key, index) for index, key in enumerate(keys)]
        limits = [self._pooled([self._limits(term) for term in key]) for key in keys]
        self.frame = Frame(image=view.outputs, limits=tuple(limits), alias=tuple(alias))

    def lanes(self) -> list[Channel]:
        """Give the range of what comes in each lane."""
        found = []
        for lane, bits in enumerate(self._stream.lanes):
            terms = [self._term(beat[lane]) for beat in self._stream.beats]
            known = [self._limits(term) for term in terms if term is not None]
            least = -(1 << bits >> 1) if self._signed else 0
            anything = Range(least, least + (1 << bits) - 1)
            limits = Range.covering(known) if known else anything
            found.append(Channel(limits=limits, bits=bits))
        return found

    def stream(self, widths: Sequence[int]) -> Stream:
        """Give what leaves, in lanes of so many bits.

        Raises
        ------
        NotProvedError
            Where a lane is too narrow.
        """
        beats = []
        for window in self.view.pixels.tolist():
            for beat in range(self.beats_each):
                own = [self._stream.beats[pixel * self.beats_each + beat] for pixel in window]
                lanes = zip(*own, strict=True)
                beats.append(tuple(self._content(c, w) for c, w in zip(lanes, widths, strict=True)))
        return Stream(lanes=tuple(widths), beats=tuple(beats))

    def _content(self, contents: Sequence[Content | None], width: int) -> Content | None:
        terms = [term for term in map(self._term, contents) if term is not None]
        if len(terms) < len(contents):
            return None
        limits = self._pooled([self._limits(term) for term in terms])
        if limits.type.bits > width:
            raise NotProvedError(f"{self.name}: must hold {limits}")
        if not limits.span:
            return Constant(value=limits.lo % (1 << width), bits=width)
        column = self._first.get(tuple(sorted(terms)))
        return None if column is None else Element(column=column, limits=limits, bits=width)

    def _pooled(self, limits: Sequence[Range]) -> Range:
        total = max if self.kind == "max" else sum
        return Range(total(r.lo for r in limits), total(r.hi for r in limits))

    def _of_column(self, column: int) -> Term:
        limits = self._before.limits[column]
        return ("element", self._before.alias[column]) if limits.span else ("constant", limits.lo)

    def _term(self, content: Content | None) -> Term | None:
        """Give what a lane carries as a term of a window; None where that is unknown."""
        if isinstance(content, Element):
            limits = content.limits
            return ("element", content.column) if limits.span else ("constant", limits.lo)
        if not isinstance(content, Constant):
            return None
        size = 1 << content.bits
        value = content.value % size
        return "constant", value - size if self._signed and value >= size // 2 else value

    def _limits(self, term: Term) -> Range:
        kind, number = term
        return Range(number, number) if kind == "constant" else self._before.limits[number]

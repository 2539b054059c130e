"""A few shapes of SVG, a scale and an axis: all that the plots of a report need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hwgen.report.markup import Markup, tag

WIDTH = 360.0  # of every plot, in its own units; about one CSS pixel on a phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Maps values from `low` to `high` onto lengths from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.start + share * (self.end - self.start)


def ticks(high: float, most: int = 5) -> list[int]:
    """Whole round numbers from 0 up to `high`, at most `most` of them after the zero."""
    step, factors = 1, (2, 5, 10)
    base, index = 1, 0
    while high / step > most:
        step = base * factors[index]
        index += 1
        if index == len(factors):
            base, index = step, 0
    return list(range(0, int(high) + 1, step))


def rect(
    x: float, y: float, width: float, height: float, kind: str, title: str | None = None
) -> Markup:
    """Draw a filled box; `title` is shown where a pointer rests on it."""
    place = {"x": _n(x), "y": _n(y), "width": _n(max(width, 0.0)), "height": _n(max(height, 0.0))}
    if title is None:
        return tag(f"rect.{kind}", attributes=place)
    return tag(f"rect.{kind}", tag("title", title), attributes=place)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Draw a straight line."""
    ends = {"x1": _n(x1), "y1": _n(y1), "x2": _n(x2), "y2": _n(y2)}
    return tag(f"line.{kind}", attributes=ends)


def text(x: float, y: float, content: str, kind: str = "label", anchor: str = "start") -> Markup:
    """Draw text with its base line at `y`; `anchor` is start, middle or end."""
    place = {"x": _n(x), "y": _n(y), "text-anchor": anchor}
    return tag(f"text.{kind}", content, attributes=place)


def bottom_axis(scale: Scale, values: Iterable[int], y: float, unit: str, top: float) -> Markup:
    """Draw ticks with numbers below `y`, faint lines up to `top`, and the unit under the middle."""
    parts = []
    for value in values:
        x = scale.at(value)
        parts.append(line(x, top, x, y, "grid"))
        parts.append(text(x, y + 13, f"{value:,}", "tick", "middle"))
    parts.append(text((scale.start + scale.end) / 2, y + 28, unit, "tick", "middle"))
    return Markup("".join(parts))


def plot(ident: str, height: float, title: str, description: str, *shapes: Markup) -> Markup:
    """Draw a whole plot with the name and the description that a screen reader reads.

    Parameters
    ----------
    ident
        Unique on the page.
    height
        In units of which the plot is `WIDTH` wide.
    """
    attributes = {
        "viewBox": f"0 0 {_n(WIDTH)} {_n(height)}",
        "role": "img",
        "aria-labelledby": f"{ident}-title {ident}-description",
    }
    return tag(
        "svg",
        tag("title", title, attributes={"id": f"{ident}-title"}),
        tag("desc", description, attributes={"id": f"{ident}-description"}),
        *shapes,
        attributes=attributes,
    )


def fit(label: str, characters: int) -> str:
    """Cut a label to so many characters and mark the cut."""
    return label if len(label) <= characters else label[: characters - 1] + "…"


def _n(value: float) -> str:
    """Write a coordinate with two digits and no needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")

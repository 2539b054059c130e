"""HTML and SVG text built so that nothing is forgotten: every plain string is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

TIMES = "\N{MULTIPLICATION SIGN}"
UNIT_SPACE = "\N{NO-BREAK SPACE}"


class Markup(str):
    """Text that is markup already; only `tag` and `join` make it."""

    __slots__ = ()


Content = str  # escaped, unless it is Markup


def tag(selector: str, *children: Content, attributes: Mapping[str, str] | None = None) -> Markup:
    """One element.

    Parameters
    ----------
    selector
        The element and its classes: `td.number`.
    children
        Plain strings are escaped; `Markup` is taken as it is.
    attributes
        Values are escaped.
    """
    name, *classes = selector.split(".")
    given = {"class": " ".join(classes)} if classes else {}
    given |= attributes or {}
    shown = "".join(f' {key}="{escape(value)}"' for key, value in given.items())
    if not children:
        return Markup(f"<{name}{shown}/>" if name in _EMPTY else f"<{name}{shown}></{name}>")
    return Markup(f"<{name}{shown}>{join(children)}</{name}>")


_EMPTY = {"meta", "br", "img", "rect", "line"}


def join(parts: Iterable[Content], separator: str = "") -> Markup:
    """Concatenate, escaping what is not markup."""
    return Markup(separator.join(p if isinstance(p, Markup) else escape(p) for p in parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; numbers are aligned to the right."""

    title: Content
    number: bool = True


def table(caption: Content, columns: Sequence[Column], rows: Iterable[Sequence[Content]]) -> Markup:
    """Make a table whose first cell of every row is its header; it scrolls where it must."""
    kinds = ["number" if column.number else "word" for column in columns]
    heads = [
        tag(f"th.{kind}", column.title, attributes={"scope": "col"})
        for column, kind in zip(columns, kinds, strict=True)
    ]
    lines = []
    for first, *rest in rows:
        cells = [tag(f"th.{kinds[0]}", first, attributes={"scope": "row"})]
        cells += [tag(f"td.{k}", cell) for k, cell in zip(kinds[1:], rest, strict=True)]
        lines.append(tag("tr", *cells))
    whole = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", join(lines, "\n")),
    )
    label = {"tabindex": "0", "role": "region", "aria-label": str(caption)}
    return tag("div.scroll", whole, attributes=label)


def command(text: str) -> Markup:
    """Show a command to type."""
    return tag("code", text)


def count(value: int) -> str:
    """Write an integer with thousands apart: 12,345, and a true minus sign."""
    return f"{value:,}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """Write a share as a percentage with one digit."""
    return f"{100 * share:.1f}{UNIT_SPACE}%".replace("-", "\N{MINUS SIGN}")


def change(value: float, reference: float) -> str:
    """By how much `value` differs from `reference`, in percent, with its sign."""
    share = round(100 * (value / reference - 1))
    sign = "\N{MINUS SIGN}" if share < 0 else "+" if share else "\N{PLUS-MINUS SIGN}"
    return f"{sign}{abs(share)}{UNIT_SPACE}%"


def megahertz(value: float) -> str:
    """Write a clock frequency."""
    return f"{value:.1f}{UNIT_SPACE}MHz"


def duration(nanoseconds: float) -> str:
    """Write a time in the unit that suits it."""
    for limit, divisor, unit in ((1e3, 1.0, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if nanoseconds < limit:
            return f"{nanoseconds / divisor:.3g}{UNIT_SPACE}{unit}"
    return f"{nanoseconds / 1e9:.3g}{UNIT_SPACE}s"


def rate(per_second: float) -> str:
    """Write samples a second in the unit that suits it."""
    for limit, divisor, unit in ((1e6, 1e3, "thousand"), (1e12, 1e6, "million")):
        if per_second < limit:
            return f"{per_second / divisor:.3g}{UNIT_SPACE}{unit}"
    return f"{per_second:.3g}"

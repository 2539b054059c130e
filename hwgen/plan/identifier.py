"""Names of modules and files: legal in every tool, whatever a network or a layer is called.

An identifier has letters, digits and single underscores, begins with a letter and ends with none.
Two underscores join a whole and its part, so that no part of one design is called as another
design or a part of it: stage `c` of `a_b` is `a_b__c`, and stage `b_c` of `a` is `a__b_c`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import resources

from hwgen.errors import PlanError

LONGEST = 60  # so that the file that a tool names after module, stage and part has below 255 bytes
PART = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,250}")  # of a design: what module names end with
DIGITS = 8  # of the digest that ends a longer name


def identifier(name: str) -> str:
    """Give a name that is legal as a part of a name in Verilog and C++, and of a file's name."""
    cleaned = re.sub(r"[\W_]+", "_", name, flags=re.ASCII).strip("_")
    if not cleaned or cleaned[0].isdigit():
        cleaned = f"net_{cleaned}".rstrip("_")
    if len(cleaned) <= LONGEST:
        return cleaned
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:DIGITS]
    return f"{cleaned[: LONGEST - DIGITS - 1].rstrip('_')}_{digest}"


def top_name(name: str) -> str:
    """Give the name of a network's top module and of its files: an identifier that is free."""
    cleaned = identifier(name)
    return f"net_{cleaned}" if cleaned.lower() in reserved_names() else cleaned


def part_name(whole: str, part: str) -> str:
    """Join the name of a part to that of what it belongs to."""
    return f"{whole}__{part}"


@cache
def reserved_names() -> frozenset[str]:
    """Give the names, in small letters, that mean something to a tool: keywords, cells, our own."""
    text = (resources.files("hwgen.plan") / "reserved_names.txt").read_text(encoding="ascii")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(name for line in lines for name in line.split())


def check_names(where: str, names: Iterable[str]) -> None:
    """Refuse names that no tool could tell apart; small and capital letters are the same to some.

    Raises
    ------
    PlanError
        With the two names.
    """
    first: dict[str, str] = {}
    for name in names:
        cleaned = identifier(name).lower()
        if cleaned in first:
            raise PlanError(
                f"{where}: names of layers must differ in more than signs and capital letters, and "
                f"{first[cleaned]!r} and {name!r} do not; rename one"
            )
        first[cleaned] = name


def check_parts(names: Sequence[str], where: Callable[[int], str]) -> None:
    """Refuse names of parts that are no identifiers, or that two parts have.

    Raises
    ------
    PlanError
        With `where` the number of the part says.
    """
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if not PART.fullmatch(name):
            raise PlanError(
                f"{where(index)}: must be letters, digits and underscores, a letter first, not "
                f"{name!r}"
            )
        other = first.setdefault(name.lower(), index)
        if other != index:
            raise PlanError(
                f"{where(index)}: must be another than that of {where(other)}, not {name!r} too"
            )

"""The data part of a unit, as far as a visit of its control needs it.

A tag is the number of the beat that a bit is from, or says that it is 0, 1, or anything.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, TypeVar

from hwgen.prove.control.handshakes import Move

UNKNOWN, ZERO, ONE = -1, -2, -3
Contents = TypeVar("Contents")
Shown_co = TypeVar("Shown_co", covariant=True)


class Plane(Protocol[Contents, Shown_co]):
    """What registers and memories hold, and what leaves."""

    def start(self) -> Contents:
        """Give what they hold behind a reset: anything."""
        ...

    def after(self, held: Contents, move: Move, tag: int) -> Contents:
        """Give what they hold after a move; `tag` is the beat that is offered, or unknown."""
        ...

    def shown(self, held: Contents, move: Move, tag: int) -> Shown_co:
        """Give the tags of what leaves."""
        ...

    def rebased(self, held: Contents, beats: int) -> Contents:
        """Count beats from a later one on; those before are not told apart any more."""
        ...

    def key(self, held: Contents) -> Hashable:
        """Give what is equal for equal contents."""
        ...

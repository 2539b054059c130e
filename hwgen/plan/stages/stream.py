"""A vector on its way between two stages."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.numeric import IntType

PADDING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A vector cut into beats of equal lanes.

    `order[beat * len(lanes) + lane]` is the element that travels there, or -1 for padding.
    """

    lanes: tuple[IntType, ...]
    order: tuple[int, ...]

    @property
    def beats(self) -> int:
        """Beats a vector."""
        return len(self.order) // len(self.lanes)

    @property
    def width(self) -> int:
        """Bits a beat."""
        return sum(lane.bits for lane in self.lanes)

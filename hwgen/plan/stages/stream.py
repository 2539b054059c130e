"""A vector or a feature map on its way between two stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray, IntType

PADDING = -1
MOST_POSITIONS = 1 << 26  # of a map


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A vector, or each position of a map in raster order, cut into beats of equal lanes.

    `order[beat * len(lanes) + lane]` is the element of the vector, or the channel of the position,
    that travels there, or -1 for padding. `image` is the map's (height, width), (1, 1) for a
    vector. Where `pixels` neighbours of a row travel together, as one position, `order` names
    `channel * pixels + neighbour`, and the neighbours of a channel come beat after beat, `beside`
    in each: the first neighbours of all channels of a beat, then the next ones.
    """

    lanes: tuple[IntType, ...]
    order: tuple[int, ...]
    image: tuple[int, int] = (1, 1)
    pixels: int = 1
    beside: int = 1

    def __post_init__(self) -> None:
        if not 1 <= len(self.lanes) <= len(self.order):
            raise ValueError(
                "order must name what each lane carries, in a beat at the least, not "
                f"{len(self.order)} elements on {len(self.lanes)} lanes"
            )
        height, width = self.image
        if height < 1 or width < 1 or height * width > MOST_POSITIONS:
            raise ValueError(
                f"image must be 1 to {MOST_POSITIONS:,} positions, not {height} x {width}"
            )
        if self.pixels < 1 or self.image[1] % self.pixels:
            raise ValueError(
                f"pixels must divide the {self.image[1]} columns of the map, not be {self.pixels}"
            )
        if self.beside < 1 or self.pixels % self.beside or len(self.lanes) % self.beside:
            raise ValueError(
                f"beside must divide the {self.pixels} neighbours and the {len(self.lanes)} lanes, "
                f"not be {self.beside}"
            )

    @property
    def channels(self) -> int:
        """Channels that come in a beat."""
        return len(self.lanes) // self.beside

    @property
    def copies(self) -> int:
        """Beats in which the neighbours of a channel come."""
        return self.pixels // self.beside

    @property
    def positions(self) -> int:
        """Positions of the map, or groups of them that travel together; 1 for a vector."""
        return self.image[0] * self.image[1] // self.pixels

    @property
    def beats_each(self) -> int:
        """Beats of a vector, or of each position of a map."""
        return len(self.order) // len(self.lanes)

    @property
    def is_whole(self) -> bool:
        """Whether a beat is a vector, or a pixel of a map."""
        return self.beats_each == 1 and self.pixels == 1

    @property
    def beats(self) -> int:
        """Beats a vector or a map."""
        return self.positions * self.beats_each

    @property
    def width(self) -> int:
        """Bits a beat."""
        return sum(lane.bits for lane in self.lanes)

    @property
    def elements(self) -> IntArray:
        """Of every slot of a whole vector or map, the element in natural order: (slots,).

        The natural order of a map is (channel, row, column), as in the network. -1 for padding.
        """
        order, size = np.array(self.order), self.image[0] * self.image[1]
        channels, neighbours = np.divmod(order, self.pixels)
        first = self.pixels * np.arange(self.positions)
        natural = channels * size + neighbours + first[:, None]
        return np.where(order == PADDING, PADDING, natural).reshape(-1)

"""What the output's integers stand for, where the model gives real numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dequantization:
    """The real value of channel c is `scale[c] * integer + offset[c]`.

    Both are (channels,), channel being axis 0 of the output, or (1,) where all channels share them.
    A channel that is the same for every input has scale 0.
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]

    def to_json(self) -> dict[str, list[float]]:
        """Give the numbers as plain data."""
        return {"scale": list(self.scale), "offset": list(self.offset)}

    def problem(self, channels: int) -> str | None:
        """Why it does not belong to an output of so many channels, or None where it does."""
        for name, numbers in (("scale", self.scale), ("offset", self.offset)):
            if len(numbers) not in (1, channels):
                return f"{name} must have 1 or {channels} numbers, not {len(numbers)}"
            if not all(map(math.isfinite, numbers)):
                return f"{name} must be finite"
        return None

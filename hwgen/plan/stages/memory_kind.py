"""What a memory is made of."""

from typing import Literal

MemoryKind = Literal["lut", "block"]

"""The stage that makes a map larger: each pixel becomes a square of `factor` times `factor`."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.plan.stages.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlarger:
    """Shows each row `factor` times, each pixel as often; the row is held in `memory`.

    The pixels of a row come while it is shown for the first time, each in one beat or, where it is
    repeated as it is, in several.

    `sources[phase][lane]` is the input lane that an output lane shows at pixel (a, b) of a square,
    phase `a * factor + b`: the same one everywhere where pixels are repeated, and another one where
    channels become pixels.
    """

    name: str
    inputs: Stream
    outputs: Stream
    factor: int
    sources: tuple[tuple[int, ...], ...]
    memory: MemoryKind

    def __post_init__(self) -> None:
        sides, (height, width) = self.factor, self.inputs.image
        if self.outputs.image != (height * sides, width * sides):
            raise ValueError(f"outputs must be a map {sides} times as large in each direction")
        if len(self.sources) != sides * sides:
            raise ValueError(f"sources must have an item for each of {sides * sides} pixels")
        lanes = len(self.inputs.lanes)
        for sources in self.sources:
            known = all(0 <= source < lanes for source in sources)
            if len(sources) != len(self.outputs.lanes) or not known:
                raise ValueError(f"sources must name one of {lanes} lanes for each output lane")
        alike = self.repeats and self.inputs.order == self.outputs.order
        if self.inputs.pixels > 1 or (self.inputs.beats_each > 1 and not alike):
            raise ValueError("outputs must carry what comes, where a pixel comes in several beats")

    @property
    def repeats(self) -> bool:
        """Whether all pixels of a square are alike."""
        return len(set(self.sources)) == 1

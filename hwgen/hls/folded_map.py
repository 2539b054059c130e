"""A folded convolution: rows of the map in memories, and the program run for each window."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.hls.beats import Beat
from hwgen.plan.stages.stage import FoldedDense


def convolution_functions(stage: FoldedDense, name: str, x: Beat, y: Beat) -> list[list[str]]:
    """Refuse: not printed yet."""
    raise PlanError(f"{stage.name}: folded convolutions are not printed with --hls yet")

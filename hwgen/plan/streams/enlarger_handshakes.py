"""The handshakes of the stage that makes a map larger, cycle by cycle."""

from __future__ import annotations

import sys

from hwgen.plan.stages.enlarger import Enlarger

FOREVER = sys.maxsize


class EnlargerModel:
    """Which pixel of a row's showings comes next."""

    def __init__(self, stage: Enlarger) -> None:
        self._factor = stage.factor
        self._row = stage.inputs.image[1] * stage.factor  # steps that show a row once
        self._step, self._output = 0, False

    @property
    def _takes(self) -> bool:
        """Whether the next pixel is one that comes."""
        return self._step < self._row and self._step % self._factor == 0

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return self._output

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""
        return self._takes and (downstream or not self._output)

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge."""
        if downstream or not self._output:
            self._output = arrived or not self._takes
            self._step = (self._step + self._output) % (self._row * self._factor)

    def quiet(self, downstream: bool) -> int:
        """Cycles in which nothing changes as long as no beat moves."""
        stands = self._output and not downstream
        return FOREVER if stands or (self._takes and not self._output) else 0

    def skip(self, cycles: int, downstream: bool) -> None:
        """Change nothing."""

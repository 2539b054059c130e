"""The handshakes of the stage that makes a map larger, cycle by cycle."""

from __future__ import annotations

import sys

from hwgen.plan.stages.enlarger import Enlarger

FOREVER = sys.maxsize


class Peak:
    """The most that was held, with what came as something left."""

    def __init__(self) -> None:
        self.most = 0

    def see(self, held: int) -> None:
        """Take notice of what is held."""
        self.most = max(self.most, held)


class EnlargerModel:
    """Which pixel is shown next, and how many are held; `lead` have not been shown yet."""

    def __init__(self, stage: Enlarger) -> None:
        self._words, self._factor = stage.words, stage.factor
        self._row = stage.inputs.image[1] * stage.factor  # steps that show a row once
        self._step = self._held = self._lead = 0
        self._output = False
        self.peak = Peak()

    def valid(self, upstream: bool) -> bool:
        """Whether an output beat is offered in this cycle."""
        return self._output

    def ready(self, downstream: bool) -> bool:
        """Whether an input beat is accepted in this cycle."""
        return self._held < self._words

    def _shows(self, downstream: bool) -> bool:
        free = downstream or not self._output
        return free and (self._step >= self._row or self._lead > 0)

    def tick(self, arrived: bool, left: bool, downstream: bool) -> None:
        """Give the clock edge."""
        shows = self._shows(downstream)
        self.peak.see(self._held + arrived)
        ends = shows and self._step % self._factor == self._factor - 1
        self._lead += arrived - (ends and self._step < self._row)
        self._held += arrived - (ends and self._step >= self._row * (self._factor - 1))
        if downstream or not self._output:
            self._output = shows
        if shows:
            self._step = (self._step + 1) % (self._row * self._factor)

    def quiet(self, downstream: bool) -> int:
        """Cycles in which nothing changes as long as no beat moves."""
        return 0 if self._shows(downstream) or (self._output and downstream) else FOREVER

    def skip(self, cycles: int, downstream: bool) -> None:
        """Change nothing."""


def enlarger_words(columns: int, factor: int) -> int:
    """Pixels that must be held so that pixels which come evenly leave evenly.

    The first showing of a row must end no earlier than its last pixel comes, (f - 1) / f of a row
    ahead of the pixels; the last showing begins f - 1 showings later, and lets go of the first.
    """
    return -(-2 * (factor - 1) * columns // factor) + 2 if factor > 2 else columns + 2

"""How long trainings take, and whether there is time for another."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from hwgen.files import write_beside
from training.recipe import Recipe
from training.sweep.rows import Row

KEPT = 8  # durations of a kind: a machine may become slower or faster


class Clock:
    """Seconds that a search has taken, over all runs of the command; kept in a file."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path, self._now = path, now
        self._before = float(path.read_text()) if path.is_file() else 0.0
        self._began = now()

    @property
    def seconds(self) -> float:
        """Time taken up to now."""
        return self._before + self._now() - self._began

    def spend(self, seconds: float) -> None:
        """Count so many as taken, if there were fewer: what a search leaves is not for the next."""
        self._before += max(seconds - self.seconds, 0.0)

    def keep(self) -> None:
        """Write the time down, so that a later run goes on from here."""
        with write_beside(self._path) as partial:
            partial.write_text(f"{self.seconds:.1f}\n")


class Durations:
    """Seconds of trainings: those measured last, and what they tell of others.

    Parameters
    ----------
    like, factor
        Where nothing is measured yet, these trainings tell, of which each takes `factor` as long.
    """

    def __init__(self, like: Durations | None = None, factor: float = 1.0) -> None:
        self._like, self._factor = like, factor
        self._seconds: dict[tuple[bool, int], deque[float]] = {}

    def add(self, epochs: int, seconds: float, *, is_float: bool) -> None:
        """Take a training that was measured."""
        self._seconds.setdefault((is_float, epochs), deque(maxlen=KEPT)).append(seconds)

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Take the quantized trainings of an earlier run."""
        for row in rows:
            if "error" not in row:
                self.add(row["epochs"], row["seconds"], is_float=False)

    def of(self, epochs: int, *, is_float: bool) -> float | None:
        """Estimate a training; None where none of its kind was measured.

        It is the median: the first of a worker also waits for its start.
        """
        same = self._seconds.get((is_float, epochs))
        if same:
            return median(same)
        kind = [key for key in self._seconds if key[0] == is_float]
        if kind:
            longest = max(kind, key=lambda key: key[1])  # the start weighs least there
            return median(self._seconds[longest]) * epochs / longest[1]
        found = None if self._like is None else self._like.of(epochs, is_float=is_float)
        return None if found is None else self._factor * found

    def of_all(self, trainings: int, floats: int, recipe: Recipe, slots: int) -> float | None:
        """Estimate trainings of one length, and float networks for them, side by side."""
        one = self.of(recipe.epochs, is_float=False)
        if one is None:
            return None
        one_float = self.of(recipe.float_epochs, is_float=True) or 0.0
        return math.ceil(trainings / slots) * one + math.ceil(floats / slots) * one_float


class Deadline:
    """Lets no training begin that would end too late, and measures those that end.

    Parameters
    ----------
    limit
        Seconds of the clock at which all must have ended; asked before each training.
    """

    def __init__(self, clock: Clock, durations: Durations, limit: Callable[[], float]) -> None:
        self._clock, self._durations, self._limit = clock, durations, limit
        self._began: dict[int, float] = {}

    def allows(self, recipe: Recipe, *, is_float: bool) -> bool:
        """Whether there is time; for a float network, also for the training that needs it."""
        seconds = self._durations.of(recipe.epochs, is_float=False) or 0.0
        if is_float:
            seconds += self._durations.of(recipe.float_epochs, is_float=True) or 0.0
        now, limit = self._clock.seconds, self._limit()
        return now < limit and now + seconds <= limit

    def began(self, number: int) -> None:
        """Look at the clock."""
        self._began[number] = self._clock.seconds

    def ended(self, number: int, recipe: Recipe, *, is_float: bool) -> None:
        """Keep how long it took."""
        epochs = recipe.float_epochs if is_float else recipe.epochs
        self._durations.add(
            epochs, self._clock.seconds - self._began.pop(number), is_float=is_float
        )

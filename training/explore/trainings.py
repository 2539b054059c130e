"""The trainings of a search: those that have no row are run, as long as there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from hwgen.files import write_beside
from training.explore.front import Point, point
from training.recipe import Recipe
from training.sweep.results_file import ResultsFile
from training.sweep.rows import Row, key_of, settings_of
from training.sweep.run import Run, missing

AT_A_TIME = 3  # trainings of each worker between two looks at the clock


class OutOfTimeError(Exception):
    """The minutes of the search are over."""


class Clock:
    """Seconds that the search has taken, over all runs of the command; kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = float(path.read_text()) if path.is_file() else 0.0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time taken up to now."""
        return self._before + time.monotonic() - self._began

    def keep(self) -> None:
        """Write the time down."""
        with write_beside(self._path) as partial:
            partial.write_text(f"{self.seconds:.1f}\n")


class Trainings:
    """Points of recipes, from rows that are there or are made.

    Parameters
    ----------
    limit
        Seconds of the clock at which no training is begun any more; asked before each batch.
        Nothing stops `train` where it is `urgent`.
    """

    def __init__(
        self,
        run: Run,
        results: ResultsFile,
        clock: Clock,
        limit: Callable[[], float],
        workers: int,
    ) -> None:
        self._run, self._results, self._clock, self._limit = run, results, clock, limit
        self._batch = AT_A_TIME * workers

    def points(
        self, recipes: Sequence[Recipe], seeds: Sequence[int], *, urgent: bool = False
    ) -> dict[Recipe, Point]:
        """Measure recipes with each seed; `train` and `known` together."""
        self.train(recipes, seeds, urgent=urgent)
        return self.known(recipes, seeds)

    def train(
        self, recipes: Sequence[Recipe], seeds: Sequence[int], *, urgent: bool = False
    ) -> None:
        """Make the rows that are missing.

        Raises
        ------
        OutOfTimeError
            Where there is none left for them.
        """
        asked = dict.fromkeys(recipes)
        trials = iter(missing([replace(r, seed=s) for r in asked for s in seeds], self.rows))
        while batch := list(islice(trials, self._batch)):
            if not urgent and self._clock.seconds >= self._limit():
                raise OutOfTimeError
            self._run.train(batch)
            self._clock.keep()

    def known(self, recipes: Sequence[Recipe], seeds: Sequence[int]) -> dict[Recipe, Point]:
        """Give the points of those that have a good row for every seed."""
        found = {key_of(row): row for row in self.rows if "error" not in row}
        measured = {}
        for recipe in dict.fromkeys(recipes):
            same = [found.get(key_of(settings_of(replace(recipe, seed=seed)))) for seed in seeds]
            good = [row for row in same if row is not None]
            if len(good) == len(seeds):
                measured[recipe] = point(recipe, good)
        return measured

    @property
    def rows(self) -> list[Row]:
        """All rows so far."""
        return self._results.rows

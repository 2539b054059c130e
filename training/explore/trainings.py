"""The trainings of a search: those that have no row are run, as long as there is time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from training.explore.front import Point, point
from training.recipe import Recipe
from training.sweep.results_file import ResultsFile
from training.sweep.rows import Row, key_of, settings_of
from training.sweep.run import Run, missing


class OutOfTimeError(Exception):
    """The minutes of the search are over."""


class Trainings:
    """Points of recipes, from rows that are there or are made."""

    def __init__(self, run: Run, results: ResultsFile) -> None:
        self._run, self._results = run, results

    def points(self, recipes: Sequence[Recipe], seeds: Sequence[int]) -> dict[Recipe, Point]:
        """Measure recipes with each seed; `train` and `known` together."""
        self.train(recipes, seeds)
        return self.known(recipes, seeds)

    def train(self, recipes: Sequence[Recipe], seeds: Sequence[int]) -> None:
        """Make the rows that are missing.

        Raises
        ------
        OutOfTimeError
            Where there is no time for all of them.
        """
        asked = [replace(r, seed=seed) for r in dict.fromkeys(recipes) for seed in seeds]
        self._run.train(missing(asked, self.rows))
        if missing(asked, self.rows):
            raise OutOfTimeError

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

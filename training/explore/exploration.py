"""The folder of a search, and the workers that fill it: the search itself, and its end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from rich.console import Console

from hwgen.errors import HwgenError
from training.explore.finish import (
    ATTEMPTS,
    FRESH_SEEDS,
    POINTS,
    Built,
    Tested,
    brought_below,
    built,
    fresh_trials,
    tested,
)
from training.explore.front import Point, spread
from training.explore.goal import Goal
from training.explore.pace import Clock, Deadline, Durations
from training.explore.search import SEEDS, Search
from training.explore.tables import described, front_table
from training.explore.tasks import FreshTrial, Trial
from training.explore.trainings import OutOfTimeError, Trainings
from training.loop import Epoch
from training.recipe import Recipe
from training.sweep.events import Workers
from training.sweep.float_store import FloatStore
from training.sweep.live import row_text
from training.sweep.results_file import ResultsFile, results_file
from training.sweep.rows import Row, recipe_of
from training.sweep.run import Maker, Places, Run, missing
from training.sweep.tasks import float_recipe

ALL_SAMPLES = 2.0  # of a training on all samples, planned at normal effort, to one of the search
SYNTHESIS_SECONDS = 30.0  # of a point, until one was measured
TOLERANCE = 1.1  # of the minutes: the end may use what its estimate lacked

console = Console(stderr=True, highlight=False)


class Exploration:
    """The folder of a search, and the workers that fill it.

    Parameters
    ----------
    clock
        Of this folder; it runs from the begin of the command.
    minutes
        All that the command may take, with those of earlier runs.
    """

    def __init__(
        self,
        folder: Path,
        data: Path | None,
        goal: Goal,
        workers: Workers,
        threads: int,
        clock: Clock,
        minutes: float,
    ) -> None:
        self._folder, self._data, self._goal = folder, data, goal
        self._workers, self._threads = workers, threads
        self._clock, self._minutes = clock, minutes
        self._search = Durations()
        self._fresh = Durations(like=self._search, factor=ALL_SAMPLES)
        self._synthesis_seconds = SYNTHESIS_SECONDS

    def run(self, first: Recipe) -> list[Built]:
        """Search, and build what was found; whatever ends it, the clock is kept.

        Raises
        ------
        HwgenError
            Where nothing is found, or nothing of it can be built in the minutes.
        """
        try:
            found = self.end(self.search(first))
            self._clock.spend(60 * self._minutes)
        finally:
            self._clock.keep()
        return found

    def search(self, first: Recipe) -> list[Point]:
        """Search until the minutes are over but for those that the end takes."""
        with self._rows("search") as (places, results):
            self._search.add_rows(results.rows)
            search: Search

            def limit() -> float:
                return self._search_limit(first, len(search.front))

            run = self._run(places, Trial, Deadline(self._clock, self._search, limit))
            search = Search(Trainings(run, results), self._goal, _show)
            with suppress(OutOfTimeError):
                search.run(first)
            errors = [row["error"] for row in results.rows if "error" in row]
        if not search.front:
            raise HwgenError(self._nothing_found(first, errors))
        return search.front

    def _nothing_found(self, first: Recipe, errors: Sequence[object]) -> str:
        """Say what there must be more of."""
        search = self._search.of_all(len(SEEDS) + 1, len(SEEDS), first, self._workers.slots) or 0.0
        least = math.ceil((search + self._end_seconds(1, len(FRESH_SEEDS), first)) / 60)
        if least > self._minutes and not errors:
            return (
                f"explore: about {least} minutes must be given to find and test a network here, "
                f"not {self._minutes:g}; the same command with more minutes continues"
            )
        why = f"; the first training that failed: {errors[0]}" if errors else ""
        return (
            "explore: a network that meets the goal must be found, and none was in "
            f"{self._minutes:g} minutes; give more minutes or LUTs{why}"
        )

    def end(self, front: Sequence[Point]) -> list[Built]:
        """Train the front with fresh seeds, test it, and synthesise it.

        What then is too large for the goal is trained again with fewer units.
        """
        models = FloatStore(folder=self._folder / "models")
        most = math.inf if self._goal.max_luts is None else self._goal.max_luts
        done: dict[Recipe, Built] = {}
        with self._rows("fresh", models) as (places, results):
            self._fresh.add_rows(results.rows)
            wanted = self._affordable(front, places)
            run = self._run(places, FreshTrial, Deadline(self._clock, self._fresh, self._end_limit))
            for _ in range(ATTEMPTS):
                run.train(missing(fresh_trials(wanted), results.rows))
                new = [recipe for recipe in wanted if recipe not in done]
                found = tested(new, most, results.rows, models)
                for result in self._built(found) if found else ():
                    done[result.tested.recipe] = result
                smaller = [brought_below(r, done[r].luts, most) for r in wanted if r in done]
                if set(smaller) <= set(done):
                    break
                wanted = list(dict.fromkeys(smaller))
            left = missing(fresh_trials(wanted[:1]), results.rows)
        if not done:
            seconds = self._clock.seconds + self._end_seconds(1, len(left), wanted[0])
            raise HwgenError(
                f"explore: about {math.ceil(seconds / 60)} minutes must be given to test and "
                f"synthesise what was found, not {self._minutes:g}; the same command with more "
                "minutes continues"
            )
        kept = [point for point in done.values() if point.luts <= most]
        if not kept:
            raise HwgenError(
                "explore: a network trained with fresh seeds must meet the goal, and none does; "
                "give more LUTs, or more minutes to train smaller ones"
            )
        return sorted(kept, key=lambda point: point.luts)

    def _built(self, found: Sequence[Tested]) -> list[Built]:
        say(f"synthesising {len(found)} {'network' if len(found) == 1 else 'networks'}")
        began = self._clock.seconds
        made = built(found, self._goal, self._workers, self._threads)
        rounds = math.ceil(len(found) / self._workers.slots)
        self._synthesis_seconds = (self._clock.seconds - began) / rounds
        return made

    def _search_limit(self, first: Recipe, points: int) -> float:
        """Leave the end the time of the front so far, but at most half, or that of one point."""
        whole = 60 * self._minutes
        of_all, of_one = (
            self._end_seconds(number, len(FRESH_SEEDS) * number, first)
            for number in (min(max(points, 1), POINTS), 1)
        )
        most = max(whole - of_all, whole / 2)
        return min(most, whole - of_one) if points else most

    def _end_seconds(
        self, points: int, trainings: int, recipe: Recipe, floats: int | None = None
    ) -> float:
        """Estimate the end; every training needs a float network where None is said of them."""
        slots = self._workers.slots
        networks = trainings if floats is None else floats
        seconds = self._fresh.of_all(trainings, networks, recipe, slots) or 0.0
        return seconds + math.ceil(points / slots) * self._synthesis_seconds

    def _affordable(self, front: Sequence[Point], places: Places) -> list[Recipe]:
        """Give as many points as there is time for, the most accurate first; one at least."""
        left = 60 * self._minutes - self._clock.seconds
        for count in range(POINTS, 0, -1):
            wanted = [point.recipe for point in reversed(spread(front, count))]
            todo = missing(fresh_trials(wanted), places.results.rows)
            bases = dict.fromkeys(map(float_recipe, todo))
            floats = sum(places.floats.read(base) is None for base in bases)
            needed = self._end_seconds(len(wanted), len(todo), wanted[0], floats)
            if not todo or needed <= left:
                break
        return wanted

    def _end_limit(self) -> float:
        """Leave one synthesis its time; the whole may be a little late."""
        return TOLERANCE * 60 * self._minutes - self._synthesis_seconds

    def _run(self, places: Places, trial: type[Trial | FreshTrial], deadline: Deadline) -> Run:
        make: Maker = partial(trial, goal=self._goal)
        lines = Lines(self._clock)
        return Run(places, self._workers, lines, self._threads, make, deadline)

    @contextmanager
    def _rows(
        self, name: str, models: FloatStore | None = None
    ) -> Iterator[tuple[Places, ResultsFile]]:
        with results_file(self._folder / f"{name}.jsonl") as results:
            floats = FloatStore(folder=self._folder / f"{name}.floats")
            yield (
                Places(data=self._data, results=results, floats=floats, models=models),
                results,
            )


class Lines:
    """Shows every row as a line on stderr, and keeps the clock after each training."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def started(self, number: int, label: str, epochs: int) -> None:
        """Show nothing: a search has many short trainings."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Show nothing."""

    def ended(self, number: int) -> None:
        """Keep the time, which a kill would lose."""
        self._clock.keep()

    def row(self, row: Row) -> None:
        """Show a row that was written."""
        if "error" in row:
            said = row_text(row)
        else:
            said = (
                f"{row['score_integer']:.2f} %, {row['luts']:,} LUTs, {row['epochs']} epochs, seed "
                f"{row['seed']}: {described(recipe_of(row))}"
            )
        minutes = self._clock.seconds / 60
        console.print(f"{minutes:5.1f} min  {said}", markup=False, soft_wrap=True)


def _show(points: Sequence[Point]) -> None:
    if points:
        console.print(front_table(points))


def say(text: str) -> None:
    """Tell something on stderr."""
    console.print(f"hwgen: {text}", markup=False, soft_wrap=True)

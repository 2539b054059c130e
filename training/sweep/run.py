"""Runs what a sweep still lacks: each float network before the trainings that start from it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from training.loop import Epoch
from training.recipes import Recipe
from training.sweep.events import Event, Finished, Lost, Progress, Workers
from training.sweep.float_store import FloatStore
from training.sweep.results_file import ResultsFile
from training.sweep.rows import Row, failed_row, key_of, named, settings_of
from training.sweep.tasks import Failure, Task, Trained, Work, float_recipe

ATTEMPTS = 2  # of a task whose worker died; the second death is likely the task's doing


class Watch(Protocol):
    """Somebody who looks on."""

    def started(self, number: int, label: str, epochs: int) -> None:
        """A task was handed to a worker."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """A task ended an epoch."""

    def ended(self, number: int) -> None:
        """A task is running no more."""

    def row(self, row: Row) -> None:
        """A row was written."""


def missing(trials: Sequence[Recipe], rows: Sequence[Row]) -> list[Recipe]:
    """Give the trials that have no row yet."""
    done = {key_of(row) for row in rows}
    return [trial for trial in trials if key_of(settings_of(trial)) not in done]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a sweep's data, rows and float networks are, and models where they are kept."""

    data: Path | None
    results: ResultsFile
    floats: FloatStore
    models: FloatStore | None = None


class Maker(Protocol):
    """What makes the task of a training."""

    def __call__(
        self, *, recipe: Recipe, trained: bytes | None, data: Path | None, threads: int
    ) -> Work:
        """Give the task; `trained` is the float network, None where that is to be trained."""


class Pace(Protocol):
    """What says whether there is time for a task, and hears how long tasks take."""

    def allows(self, recipe: Recipe, *, is_float: bool) -> bool:
        """Whether it may begin; a float network with the training that needs it."""

    def began(self, number: int) -> None:
        """A task was handed to a worker."""

    def ended(self, number: int, recipe: Recipe, *, is_float: bool) -> None:
        """A task came to a good end."""


class Unhurried:
    """Has time for everything."""

    def allows(self, recipe: Recipe, *, is_float: bool) -> bool:
        """Let it begin."""
        return True

    def began(self, number: int) -> None:
        """Need not know."""

    def ended(self, number: int, recipe: Recipe, *, is_float: bool) -> None:
        """Need not know."""


UNHURRIED = Unhurried()


class Run:
    """The state of one run; `number` of a task is its place in `tasks`."""

    def __init__(
        self,
        places: Places,
        workers: Workers,
        watch: Watch,
        threads: int,
        make: Maker = Task,
        pace: Pace = UNHURRIED,
    ) -> None:
        self._places = places
        self._workers = workers
        self._watch = watch
        self._threads = threads
        self._make = make
        self._pace = pace
        self._recipes: list[Recipe] = []
        self._is_float: list[bool] = []
        self._ready: list[int] = []  # a heap: the file's order is kept
        self._waiting: dict[Recipe, list[int]] = {}  # by the float network that they lack
        self._running: set[int] = set()
        self._deaths: Counter[int] = Counter()

    def train(self, trials: Sequence[Recipe]) -> None:
        """Write a row for each trial that there is time for."""
        for trial in trials:
            self._add(trial)
        while self._ready or self._running:
            while self._ready and len(self._running) < self._workers.slots:
                number = heapq.heappop(self._ready)
                if self._pace.allows(self._recipes[number], is_float=self._is_float[number]):
                    self._start(number)
                else:
                    self._leave_out()
            for event in self._workers.wait() if self._running else ():
                self._take(event)

    def _leave_out(self) -> None:
        """Forget what has not begun, but for what waits for a float network under way."""
        self._ready.clear()
        under_way = {self._recipes[number] for number in self._running}
        self._waiting = {base: n for base, n in self._waiting.items() if base in under_way}

    def _add(self, trial: Recipe) -> None:
        base = float_recipe(trial)
        have = self._places.floats.read(base) is not None
        if not have and base not in self._waiting:
            self._waiting[base] = []
            heapq.heappush(self._ready, self._number(base, is_float=True))
        number = self._number(trial, is_float=False)
        if have:
            heapq.heappush(self._ready, number)
        else:
            self._waiting[base].append(number)

    def _number(self, recipe: Recipe, *, is_float: bool) -> int:
        self._recipes.append(recipe)
        self._is_float.append(is_float)
        return len(self._recipes) - 1

    def _start(self, number: int) -> None:
        recipe, is_float = self._recipes[number], self._is_float[number]
        trained = None if is_float else self._places.floats.read(float_recipe(recipe))
        task = self._make(
            recipe=recipe, trained=trained, data=self._places.data, threads=self._threads
        )
        self._running.add(number)
        epochs = recipe.float_epochs if is_float else recipe.epochs
        self._watch.started(number, label(recipe, is_float=is_float), epochs)
        self._pace.began(number)
        self._workers.start(number, task)

    def _take(self, event: Event) -> None:
        match event:
            case Progress():
                self._watch.epoch(event.number, event.epoch)
            case Finished():
                if not isinstance(event.result, Failure):
                    recipe, is_float = self._recipes[event.number], self._is_float[event.number]
                    self._pace.ended(event.number, recipe, is_float=is_float)
                self._end(event.number)
                self._keep(event)
            case Lost():
                self._end(event.number)
                self._repeat(event)
            case _:
                assert_never(event)

    def _end(self, number: int) -> None:
        self._running.discard(number)
        self._watch.ended(number)

    def _keep(self, event: Finished) -> None:
        recipe = self._recipes[event.number]
        match event.result:
            case bytes():
                self._places.floats.write(recipe, event.result)
                for number in self._waiting.pop(recipe):
                    heapq.heappush(self._ready, number)
            case Failure():
                self._fail(event.number, event.result.error)
            case Trained():
                assert self._places.models is not None
                self._places.models.write(recipe, event.result.model)
                self._write(event.result.row)
            case row:
                self._write(row)

    def _repeat(self, event: Lost) -> None:
        self._deaths[event.number] += 1
        if self._deaths[event.number] < ATTEMPTS:
            heapq.heappush(self._ready, event.number)
        else:
            error = (
                f"{self._recipes[event.number].name}: its worker must live, and died "
                f"{ATTEMPTS} times ({event.how}); look for memory, and take fewer workers"
            )
            self._fail(event.number, error)

    def _fail(self, number: int, error: str) -> None:
        """Write what failed; without a float network all that start from it fail."""
        recipe = self._recipes[number]
        failed = self._waiting.pop(recipe) if self._is_float[number] else [number]
        for trial in failed:
            self._write(failed_row(self._recipes[trial], error))

    def _write(self, row: Row) -> None:
        self._places.results.append(row)
        self._watch.row(row)


def label(recipe: Recipe, *, is_float: bool) -> str:
    """Name a training for people."""
    if is_float:
        return f"{recipe.name} float, seed {recipe.seed}"
    return named(settings_of(recipe))

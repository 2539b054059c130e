"""`python -m training explore`: the front of accuracy and LUTs for a part or a rate."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hwgen.errors import HwgenError
from hwgen.files import check_file, write_beside
from hwgen.plan.design import Target
from training.data.dataset import Dataset
from training.explore.finish import (
    ATTEMPTS,
    POINTS,
    Built,
    brought_below,
    built,
    fresh_trials,
    tested,
    time_for,
)
from training.explore.front import Point, spread
from training.explore.goal import Goal
from training.explore.plot import draw
from training.explore.search import Search
from training.explore.start import start
from training.explore.tables import described, front_table, markdown
from training.explore.tasks import FreshTrial, Trial
from training.explore.trainings import Clock, OutOfTimeError, Trainings
from training.loop import Epoch
from training.options import INTERRUPTED, mistakes
from training.recipes import RECIPES, Recipe, RecipeName, load_asked
from training.sweep.command import pool_of
from training.sweep.events import Workers
from training.sweep.float_store import FloatStore
from training.sweep.live import row_text
from training.sweep.results_file import results_file
from training.sweep.rows import Row, recipe_of
from training.sweep.run import Places, Run, missing

console = Console(stderr=True, highlight=False)


def explore(
    recipe: Annotated[
        RecipeName,
        typer.Argument(metavar="RECIPE", help="What to train; one that classifies."),
    ],
    out: Annotated[Path, typer.Option(help="Folder of rows, front and models.")],
    target: Annotated[Target, typer.Option(help="The part's family.")] = "xc7",
    max_luts: Annotated[
        int | None, typer.Option(help="Most LUTs of an unrolled design, a vector every cycle.")
    ] = None,
    fps: Annotated[int | None, typer.Option(help="Vectors a second, on the fewest LUTs.")] = None,
    clock_mhz: Annotated[float | None, typer.Option(help="The clock that fps is meant at.")] = None,
    minutes: Annotated[
        float, typer.Option(min=0.1, help="Minutes in all; more of them continue a search.")
    ] = 10.0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; all cores over --threads by default.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch in each worker.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Train on this Dask cluster, such as tcp://10.0.0.1:8786.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
) -> None:
    """Search for the most accurate networks that fit.

    Units, widths and bits are searched. The same command continues.
    """
    with mistakes():
        goal = Goal(target=target, max_luts=max_luts, fps=fps, clock_mhz=clock_mhz)
        _claim(out, recipe, goal)
        dataset = load_asked(RECIPES[recipe], data)
        if not isinstance(dataset, Dataset):
            raise HwgenError(f"explore: recipe must classify, not enlarge, as {recipe} does")
        first = start(RECIPES[recipe], dataset, goal)
        with pool_of(workers, threads, scheduler) as pool:
            exploration = Exploration(out, data, goal, pool, threads)
            try:
                points = exploration.search(first, minutes)
                found = exploration.end(points)
            except KeyboardInterrupt:
                _say("interrupted: the rows are kept, and the same command continues")
                raise typer.Exit(INTERRUPTED) from None
        print(write_front(out, found, first, goal))


class Exploration:
    """The folder of a search, and the workers that fill it."""

    def __init__(
        self, folder: Path, data: Path | None, goal: Goal, workers: Workers, threads: int
    ) -> None:
        self._folder, self._data, self._goal = folder, data, goal
        self._workers, self._threads = workers, threads

    def search(self, first: Recipe, minutes: float) -> list[Point]:
        """Search until the minutes are over but for those that the end takes."""
        clock = Clock(self._folder / "seconds.txt")
        with results_file(self._folder / "search.jsonl") as results:
            places = Places(
                data=self._data,
                results=results,
                floats=FloatStore(folder=self._folder / "search.floats"),
            )
            make = partial(Trial, goal=self._goal)
            run = Run(places, self._workers, Lines(clock), self._threads, make)
            slots = self._workers.slots

            def limit() -> float:
                whole = 60 * minutes
                points = min(max(len(search.front), 2), POINTS)
                end = time_for(points, results.rows, first.epochs, slots)
                return max(whole - end, whole / 2)

            search = Search(Trainings(run, results, clock, limit, slots), self._goal, _show)
            with suppress(OutOfTimeError):
                search.run(first)
            clock.keep()
            errors = [row["error"] for row in results.rows if "error" in row]
        if not search.front:
            why = f"; the first training that failed: {errors[0]}" if errors else ""
            raise HwgenError(
                "explore: a network that meets the goal must be found, and none was in "
                f"{minutes:g} minutes; give more minutes or LUTs{why}"
            )
        return spread(search.front, POINTS)

    def end(self, points: Sequence[Point]) -> list[Built]:
        """Train the front with fresh seeds, test it, and synthesise it.

        What then is too large for the goal is trained again with fewer units.
        """
        models = FloatStore(folder=self._folder / "models")
        most = math.inf if self._goal.max_luts is None else self._goal.max_luts
        wanted = [point.recipe for point in points]
        done: dict[Recipe, Built] = {}
        with results_file(self._folder / "fresh.jsonl") as results:
            places = Places(
                data=self._data,
                results=results,
                floats=FloatStore(folder=self._folder / "fresh.floats"),
                models=models,
            )
            clock = Clock(self._folder / "seconds.txt")
            make = partial(FreshTrial, goal=self._goal)
            run = Run(places, self._workers, Lines(clock), self._threads, make)
            for _ in range(ATTEMPTS):
                run.train(missing(fresh_trials(wanted), results.rows))
                new = [recipe for recipe in wanted if recipe not in done]
                found = tested(new, most, results.rows, models)
                _say(f"synthesising {len(found)} networks")
                for result in built(found, self._goal, self._workers, self._threads):
                    done[result.tested.recipe] = result
                smaller = [brought_below(r, done[r].luts, most) for r in wanted if r in done]
                if smaller == wanted:
                    break
                wanted = list(dict.fromkeys(smaller))
        kept = [done[r] for r in wanted if r in done and done[r].luts <= most]
        if not kept:
            raise HwgenError(
                "explore: a network trained with fresh seeds must meet the goal, and none does; "
                "give more LUTs"
            )
        return sorted(kept, key=lambda point: point.luts)


class Lines:
    """Shows every row as a line on stderr."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def started(self, number: int, label: str, epochs: int) -> None:
        """Show nothing: a search has many short trainings."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Show nothing."""

    def ended(self, number: int) -> None:
        """Show nothing."""

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


def _claim(folder: Path, recipe: RecipeName, goal: Goal) -> None:
    """Write down what the folder is of, or refuse another exploration's."""
    path = folder / "explore.json"
    ours = json.dumps({"recipe": recipe, "goal": goal.to_json()}, indent=2) + "\n"
    if path.is_file() and path.read_text() != ours:
        raise HwgenError(
            f"{folder}: must be of this recipe and goal, and is of others (explore.json); name "
            "another folder"
        )
    check_file(path)
    with write_beside(path) as partial_file:
        partial_file.write_text(ours)


def _show(points: Sequence[Point]) -> None:
    if points:
        console.print(front_table(points))


def write_front(folder: Path, found: Sequence[Built], recipe: Recipe, goal: Goal) -> str:
    """Write models, table, figures and plot; points that an earlier, shorter search left go."""
    for old in folder.glob("point-*.pt"):
        old.unlink()
    files = [f"point-{number}.pt" for number in range(1, len(found) + 1)]
    text = markdown(found, files, recipe, goal)
    entries = [point.to_json(file, goal) for point, file in zip(found, files, strict=True)]
    document = {"recipe": recipe.name, "goal": goal.to_json(), "points": entries}
    title = f"{recipe.name} on {goal.target}"
    contents = {
        **{file: p.tested.model for p, file in zip(found, files, strict=True)},
        "front.json": (json.dumps(document, indent=2) + "\n").encode(),
        "front.svg": (draw(found, title) + "\n").encode(),
        "front.md": text.encode(),
    }
    for name, content in contents.items():
        with write_beside(folder / name) as partial_file:
            partial_file.write_bytes(content)
    _say(f"wrote {folder}/front.md, front.json, front.svg and {len(files)} models")
    return text


def _say(text: str) -> None:
    console.print(f"hwgen: {text}", markup=False, soft_wrap=True)

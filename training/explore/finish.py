"""The end of a search: its front trained again with fresh seeds, tested, and synthesised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev

from hwgen.errors import ToolError
from training.explore.goal import Goal
from training.explore.moves import with_all_units
from training.explore.tasks import Synthesis
from training.recipe import Recipe
from training.sweep.events import Finished, Lost, Progress, Workers
from training.sweep.float_store import FloatStore
from training.sweep.rows import Row, key_of, settings_of
from training.sweep.run import ATTEMPTS as LIVES
from training.sweep.tasks import Failure, Result, Work

FRESH_SEEDS = (1000, 1001, 1002)  # none of them has chosen anything
POINTS = 5
FULL = 0.98  # of the most LUTs, where a network is made smaller
ATTEMPTS = 3  # to bring a network below them


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A point of the front: scores of the fresh seeds on the test set, and one of their models.

    `seed` is the first whose network keeps the goal by the plan, or the first where none does; its
    scores had no part in that.
    """

    recipe: Recipe
    rows: tuple[Row, ...]
    seed: int
    model: bytes

    @property
    def scores(self) -> list[float]:
        """Scores of the seeds on the test set."""
        return [row["score_integer"] for row in self.rows]

    @property
    def row(self) -> Row:
        """The row of the model."""
        return next(row for row in self.rows if row["seed"] == self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A tested point with its synthesis."""

    tested: Tested
    luts: int
    ffs: int
    brams: float

    def to_json(self, file: str, goal: Goal) -> dict[str, object]:
        """Give the entry of `front.json`."""
        recipe, row = self.tested.recipe, self.tested.row
        scores = self.tested.scores
        return {
            "model": file,
            "build": f"hwgen build {file} -o {file.removesuffix('.pt')} {goal.build}",
            "score_mean": round(fmean(scores), 3),
            "score_deviation": round(pstdev(scores), 3),
            "score_low": min(scores),
            "score_high": max(scores),
            "score_model": row["score_integer"],
            "seeds": [row["seed"] for row in self.tested.rows],
            "seed": self.tested.seed,
            "luts": self.luts,
            "luts_planned": row["luts"],
            "ffs": self.ffs,
            "brams": self.brams,
            "interval_cycles": row["interval_cycles"],
            "slowest_nonzero": row["slowest_nonzero"],
            "units": list(recipe.units or ()),
            "widths": list(recipe.widths),
            "width": recipe.width,
            "activation_bits": recipe.activation_bits,
            "input_bits": recipe.input_bits,
        }


def fresh_trials(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Give the trainings of the end, network by network."""
    return [replace(recipe, seed=seed) for recipe in recipes for seed in FRESH_SEEDS]


def tested(
    recipes: Sequence[Recipe], most: float, rows: Sequence[Row], models: FloatStore
) -> list[Tested]:
    """Give the networks whose trainings are there, however they scored."""
    by_key = {key_of(row): row for row in rows if "error" not in row}
    found = []
    for recipe in recipes:
        keys = [key_of(settings_of(trial)) for trial in fresh_trials([recipe])]
        good = tuple(by_key[key] for key in keys if key in by_key)
        if len(good) < len(FRESH_SEEDS):
            continue
        seeds = [row["seed"] for row in good if row["luts"] <= most] or [good[0]["seed"]]
        model = models.read(replace(recipe, seed=seeds[0]))
        assert model is not None  # written before its row
        found.append(Tested(recipe=recipe, rows=good, seed=seeds[0], model=model))
    return found


def brought_below(recipe: Recipe, luts: float, most: float) -> Recipe:
    """Give a network fewer units where it takes more LUTs than it may."""
    return recipe if luts <= most else with_all_units(recipe, FULL * most / luts)


def built(points: Sequence[Tested], goal: Goal, workers: Workers, threads: int) -> list[Built]:
    """Synthesise every point on the workers.

    Raises
    ------
    ToolError
        Where one cannot be built, or its worker dies twice.
    """
    tasks = [
        Synthesis(recipe=point.recipe, model=point.model, threads=threads, goal=goal)
        for point in points
    ]
    found = []
    for point, result in zip(points, results(tasks, workers), strict=True):
        if not isinstance(result, dict):
            assert isinstance(result, Failure)
            raise ToolError(f"explore: a point must be synthesised, and {result.error}")
        found.append(
            Built(tested=point, luts=result["luts"], ffs=result["ffs"], brams=result["brams"])
        )
    return found


def results(tasks: Sequence[Work], workers: Workers) -> list[Result]:
    """Do all tasks, and give their results in their order."""
    waiting = list(range(len(tasks)))
    running: set[int] = set()
    deaths: Counter[int] = Counter()
    done: dict[int, Result] = {}
    while waiting or running:
        while waiting and len(running) < workers.slots:
            number = waiting.pop(0)
            running.add(number)
            workers.start(number, tasks[number])
        for event in workers.wait():
            match event:
                case Finished():
                    running.discard(event.number)
                    done[event.number] = event.result
                case Lost():
                    running.discard(event.number)
                    deaths[event.number] += 1
                    if deaths[event.number] < LIVES:
                        waiting.append(event.number)
                    else:
                        done[event.number] = Failure(error=f"its worker died ({event.how})")
                case Progress():
                    pass
    return [done[number] for number in range(len(tasks))]

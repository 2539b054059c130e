"""`python -m training explore`: the front of accuracy and LUTs for a part or a rate."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hwgen.errors import HwgenError
from hwgen.files import check_file, write_beside
from hwgen.plan.design import Target
from training.data.dataset import Dataset
from training.explore.exploration import Exploration, say
from training.explore.finish import Built
from training.explore.goal import Goal
from training.explore.pace import Clock
from training.explore.plot import draw
from training.explore.start import start
from training.explore.tables import markdown
from training.options import INTERRUPTED, mistakes
from training.recipes import RECIPES, Recipe, RecipeName, load_asked
from training.sweep.command import pool_of


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
        clock = Clock(out / "seconds.txt")
        dataset = load_asked(RECIPES[recipe], data)
        if not isinstance(dataset, Dataset):
            raise HwgenError(f"explore: recipe must classify, not enlarge, as {recipe} does")
        first = start(RECIPES[recipe], dataset, goal)
        with pool_of(workers, threads, scheduler) as pool:
            exploration = Exploration(out, data, goal, pool, threads, clock, minutes)
            try:
                found = exploration.run(first)
            except KeyboardInterrupt:
                say("interrupted: the rows are kept, and the same command continues")
                raise typer.Exit(INTERRUPTED) from None
        print(write_front(out, found, first, goal, minutes))


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


def write_front(
    folder: Path, found: Sequence[Built], recipe: Recipe, goal: Goal, minutes: float
) -> str:
    """Write models, table, figures and plot; points that an earlier, shorter search left go."""
    for old in folder.glob("point-*.pt"):
        old.unlink()
    files = [f"point-{number}.pt" for number in range(1, len(found) + 1)]
    search = f"python -m training explore {recipe.name} {goal.search} --minutes {minutes:g}"
    command = f"{search} --out {shlex.quote(str(folder))}"
    text = markdown(found, files, recipe, goal, command)
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
    say(f"wrote {folder}/front.md, front.json, front.svg and {len(files)} models")
    return text

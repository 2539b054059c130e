"""`python -m training sweep` and `python -m training table`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hwgen.errors import HwgenError, ToolError
from hwgen.files import check_file
from training.recipes import Recipe
from training.sweep.checks import trainable
from training.sweep.events import Workers
from training.sweep.float_store import FloatStore
from training.sweep.live import LiveTable
from training.sweep.local import LocalWorkers, cores
from training.sweep.plot import write_plots
from training.sweep.results_file import read_rows, results_file
from training.sweep.rows import Row, key_of, settings_of
from training.sweep.run import Places, Run, label, missing
from training.sweep.settings import read_sweep
from training.sweep.summary import markdown, networks

Pool = AbstractContextManager[Workers]

INTERRUPTED = 130  # as a shell reports a program ended by Ctrl-C
FAILED = 1

console = Console(stderr=True, highlight=False)


def sweep(
    file: Annotated[Path, typer.Argument(metavar="SWEEP.toml", help="What to train.")],
    out: Annotated[
        Path | None, typer.Option(help="Rows as JSON lines; as the file says, or SWEEP.jsonl.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; all cores over --threads by default.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch in each worker.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Train on this Dask cluster, such as tcp://10.0.0.1:8786.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
) -> None:
    """Train a grid of settings, for a table and plots.

    The same command continues a sweep that was interrupted.
    """
    try:
        wanted = read_sweep(file)
        rows_file = out or wanted.out or file.with_suffix(".jsonl")
        folder = data or wanted.data
        check_file(rows_file)
        trials, without = trainable(wanted.trials, folder)
        for trial, needed in without:
            _say(
                f"{label(trial, is_float=False)}: not trained, P leaves no room for a weight of 1; "
                f"the smallest useful P of {trial.method} is {needed}"
            )
        pool = pool_of(workers, threads, scheduler)
        with results_file(rows_file) as results:
            places = Places(
                data=folder, results=results, floats=FloatStore(folder=_floats(rows_file))
            )
            _run(trials, places, pool, threads)
            rows = _of(trials, results.rows)
        _conclude(rows, rows_file)
    except HwgenError as error:
        _say(str(error))
        raise typer.Exit(error.exit_status) from None
    if any("error" in row for row in rows):
        raise typer.Exit(FAILED)


def table(
    results: Annotated[Path, typer.Argument(help="Rows of a sweep, JSON lines.")],
) -> None:
    """Print the tables of a sweep's rows, and write its plots.

    Also of one that is running.
    """
    try:
        _conclude(read_rows(results), results)
    except HwgenError as error:
        _say(str(error))
        raise typer.Exit(error.exit_status) from None


def pool_of(workers: int | None, threads: int, scheduler: str | None) -> Pool:
    """Give processes on this machine, or the workers of a cluster."""
    if scheduler is None:
        return LocalWorkers(workers or max(1, cores() // threads))
    if workers is not None:
        raise HwgenError(
            "workers: must not be given with a scheduler, whose cluster has its own; leave it out"
        )
    if find_spec("distributed") is None:
        raise ToolError(
            "scheduler: needs the package distributed, which is not installed; "
            "pip install '.[cluster]'"
        )
    from training.sweep.cluster import ClusterWorkers

    return ClusterWorkers(scheduler)


def _run(
    trials: Sequence[Recipe],
    places: Places,
    pool: Pool,
    threads: int,
) -> None:
    results = places.results
    todo = missing(trials, results.rows)
    try:
        with pool as workers, LiveTable(console, len(trials), len(trials) - len(todo)) as watch:
            Run(places, workers, watch, threads).train(todo)
    except KeyboardInterrupt:
        left = len(missing(trials, results.rows))
        _say(
            f"interrupted: {len(trials) - left} of {len(trials)} rows are in {results.path}; "
            "the same command continues"
        )
        raise typer.Exit(INTERRUPTED) from None


def _conclude(rows: Sequence[Row], results: Path) -> None:
    """Print the tables on stdout, and say on stderr what failed and where the plots are."""
    found = networks(rows)
    print(markdown(found))
    for row in rows:
        if "error" in row:
            _say(f"failed: {row['method']}, seed {row['seed']}: {row['error']}")
    for path in write_plots(found, results):
        _say(f"wrote {path}")


def _of(trials: Sequence[Recipe], rows: Sequence[Row]) -> list[Row]:
    """Give the rows of these trials; a file may hold those of other sweeps too."""
    wanted = {key_of(settings_of(trial)) for trial in trials}
    return [row for row in rows if key_of(row) in wanted]


def _floats(results: Path) -> Path:
    return results.with_name(f"{results.stem}.floats")


def _say(text: str) -> None:
    console.print(f"hwgen: {text}", markup=False, soft_wrap=True)

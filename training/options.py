"""Options of the command line that more than one command has, and the bar of a training."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hwgen.errors import HwgenError, system_error
from training.loop import Epoch, Report
from training.parallel import is_first
from training.recipe import Constrain, Recipe

MAX_THREADS = 1024
INTERRUPTED = 130  # as a shell reports a program ended by Ctrl-C
errors = Console(stderr=True, highlight=False, quiet=not is_first())

AskedRecipe = typer.Argument(metavar="RECIPE", help="What to train.")
WeightBits = Annotated[int | None, typer.Option(help="Weight bits, 4 by default.")]
FirstLastBits = Annotated[
    int | None, typer.Option(help="Weight bits of the first and last layer; 8, digits 4.")
]
ActivationBits = Annotated[int | None, typer.Option(help="Activation bits, 4 by default.")]
InputBits = Annotated[
    int | None,
    typer.Option(help="Input bits, 8 by default; digits always have 4."),
]
Units = Annotated[
    str | None,
    typer.Option(
        help="Largest l1 norm of a row in each layer, such as 10,18,18, the last one repeated; "
        "in place of accumulator bits, or beside --acc-bits."
    ),
]
Widths = Annotated[str | None, typer.Option(help="Neurons of the hidden layers, such as 64,32.")]
Width = Annotated[
    float | None, typer.Option(help="Factor on the channels of a convolutional network.")
]
Threads = Annotated[int, typer.Option(min=1, max=MAX_THREADS, help="Threads of torch.")]
Constrained = Annotated[
    Constrain | None,
    typer.Option(help="Layers that must keep the accumulator bits; hidden, digits all."),
]


def lines_of(names: Iterable[str]) -> str:
    """Give names as lines of a help text."""
    return textwrap.fill(", ".join(names), 78, initial_indent="  ", subsequent_indent="  ")


def override(recipe: Recipe, **given: object) -> Recipe:
    """The recipe with the options that were given; None stands for one that was not."""
    known = {field.name for field in fields(Recipe)}
    assert known.issuperset(given)
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})


def numbers_of(what: str, text: str | None) -> tuple[int, ...] | None:
    """Read whole numbers separated by commas; `what` they are begins the refusal.

    Raises
    ------
    HwgenError
        Where they are none.
    """
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise HwgenError(
            f"{what}: must be whole numbers separated by commas, such as 64,32, not {text!r}"
        ) from None


@contextmanager
def mistakes() -> Iterator[None]:
    """Turn a user's mistake into one sentence on stderr and its exit status."""
    try:
        yield
    except HwgenError as error:
        _end(error)
    except (OSError, MemoryError) as error:
        _end(system_error(error))
    except KeyboardInterrupt:
        errors.print("hwgen: interrupted; nothing half-written was left", markup=False)
        raise typer.Exit(INTERRUPTED) from None


def _end(error: HwgenError) -> NoReturn:
    errors.print(f"hwgen: {error}", markup=False, soft_wrap=True)
    raise typer.Exit(error.exit_status) from None


@contextmanager
def progress(what: str, epochs: int) -> Iterator[Report]:
    """Show a bar on stderr with loss and score of the last epoch."""
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors) as bar:
        task = bar.add_task("", total=epochs)

        def report(epoch: Epoch) -> None:
            text = f"epoch {epoch.number}/{epochs} loss {epoch.loss:.4f} train {epoch.score:.2f}"
            bar.update(task, advance=1, description=text)

        yield report

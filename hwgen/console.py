"""What the commands show: one sentence for a mistake, progress on stderr, a result."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from hwgen.errors import HwgenError, system_error

REDIRECTED_WIDTH = 160  # columns of a table where the output is no terminal


@contextmanager
def mistakes() -> Iterator[None]:
    """Turn a user's mistake into one sentence on stderr and its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # paths may hold what no text holds
    try:
        yield
    except HwgenError as error:
        _end(error)
    except (OSError, MemoryError) as error:
        _end(system_error(error))
    except KeyboardInterrupt:
        print("hwgen: interrupted; nothing half-written was left", file=sys.stderr)
        raise typer.Exit(130) from None


def _end(error: HwgenError) -> NoReturn:
    for line in str(error).splitlines():
        print(f"hwgen: {line}", file=sys.stderr)
    raise typer.Exit(error.exit_status) from None


@contextmanager
def spinner(title: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr that names the step under way."""
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda step: status.update(f"{title}: {step}")


@contextmanager
def bar() -> Iterator[Callable[[str, float], None]]:
    """Show on stderr the step under way, the share that is done, and the time."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    hidden = not console.is_terminal  # or it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("read the network", total=1.0)

        def advance(step: str, share: float) -> None:
            progress.update(task, description=step, completed=share)

        yield advance


def tell(sentence: str | None) -> None:
    """Print on stderr what should be known before, where there is something."""
    if sentence is not None:
        print(f"hwgen: {sentence}", file=sys.stderr)


def show(document: dict[str, Any], as_json: bool, text: Callable[[], Any]) -> None:
    """Print a result as JSON, or as the text or table that `text` makes."""
    if as_json:
        print(json.dumps(document, indent=1))
        return
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else REDIRECTED_WIDTH)
    console.print(text(), markup=False, highlight=False, crop=False)

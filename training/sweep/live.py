"""What a running sweep shows on stderr: a table that renews itself, or a line for each row."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from training.loop import Epoch
from training.sweep.rows import Row, named

LATEST = 8  # rows shown under the running ones


@dataclass(slots=True, kw_only=True)
class _Running:
    label: str
    epochs: int
    began: float = field(default_factory=time.monotonic)
    epoch: Epoch | None = None


class LiveTable:
    """Running trainings with their epochs and the latest rows."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console = console
        self._total, self._done, self._before = total, done, done
        self._failed = 0
        self._began = time.monotonic()
        self._running: dict[int, _Running] = {}
        self._latest: list[str] = []
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=2)

    def __enter__(self) -> LiveTable:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def started(self, number: int, label: str, epochs: int) -> None:
        """Show a task that was handed to a worker."""
        self._running[number] = _Running(label=label, epochs=epochs)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Show the epoch that a task ended."""
        self._running[number].epoch = epoch

    def ended(self, number: int) -> None:
        """Show a task no more."""
        del self._running[number]

    def row(self, row: Row) -> None:
        """Show a row that was written."""
        self._done += 1
        self._failed += "error" in row
        text = row_text(row)
        self._latest = [*self._latest, text][-LATEST:]
        if not self._console.is_terminal:
            self._console.print(f"{self._done}/{self._total} {text}", markup=False, soft_wrap=True)

    def _draw(self) -> Group:
        table = Table(title=self._headline(), title_justify="left", min_width=60)
        for heading in ("running", "epoch", "loss", "minutes"):
            table.add_column(heading, justify="left" if heading == "running" else "right")
        for task in self._running.values():
            number = 0 if task.epoch is None else task.epoch.number
            table.add_row(
                task.label,
                f"{number}/{task.epochs}",
                "" if task.epoch is None else f"{task.epoch.loss:.4f}",
                f"{(time.monotonic() - task.began) / 60:.1f}",
            )
        return Group(table, *(Text(text) for text in self._latest))

    def _headline(self) -> str:
        minutes = (time.monotonic() - self._began) / 60
        made = self._done - self._before
        left = f", about {minutes / made * (self._total - self._done):.0f} to go" if made else ""
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done} of {self._total} rows{failed}; {minutes:.1f} minutes{left}"


def row_text(row: Row) -> str:
    """Give a row as one line for people."""
    name = named(row)
    if "error" in row:
        return f"{name}: failed: {row['error']}"
    unit = "%" if row["metric"] == "accuracy" else "dB"
    cost = f"{row['luts']} LUTs, " if "luts" in row else ""
    return (
        f"{name}: {row['score_integer']:.2f} {unit} (float {row['score_float']:.2f}), "
        f"{row['zeros_percent']:.0f} % zeros, {cost}{row['seconds']:.0f} s"
    )

"""Rows of a benchmark as a table on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table


def print_rows(rows: Sequence[Mapping[str, object]], title: str | None = None) -> None:
    """Print rows that have the columns of the first one."""
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)

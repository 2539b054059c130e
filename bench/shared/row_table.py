"""Rows of a benchmark as a table on the terminal, or as a document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from hwgen.synth.tools import find_yosys


def print_rows(rows: Sequence[Mapping[str, object]], title: str | None = None) -> None:
    """Print rows that have the columns of the first one."""
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


def show_rows(rows: Sequence[Mapping[str, object]], title: str, *, as_json: bool) -> None:
    """Print rows that Yosys was asked for: a JSON document of them, or a table."""
    if as_json:
        document = {"seed": 0, "yosys": find_yosys().version, "rows": rows}
        print(json.dumps(document, indent=1))
    else:
        print_rows(rows, title)

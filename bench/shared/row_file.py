"""Rows of a benchmark in a JSON file, written after each one: a broken run goes on behind them."""

from __future__ import annotations

import json
from pathlib import Path

Row = dict[str, object]
KEYS = ("measure", "case", "target")  # what makes two rows the same one


class RowFile:
    """The rows of several runs; one that is measured again takes the place of the earlier one.

    Parameters
    ----------
    path
        The file, None to keep nothing.
    tools
        Versions that the rows depend on; rows of other versions are not taken for measured.
    """

    def __init__(self, path: Path | None, tools: dict[str, str]) -> None:
        self.path, self.tools = path, tools
        known = json.loads(path.read_text())["rows"] if path and path.exists() else []
        self.rows: dict[tuple[object, ...], Row] = {key_of(row): row for row in known}

    def find(self, wanted: Row) -> Row | None:
        """Give the row that was measured for a case with the same tools."""
        row = self.rows.get(key_of(wanted))
        return row if row is not None and row["tools"] == self.tools else None

    def add(self, row: Row) -> Row:
        """Keep a row and write the file."""
        row = row | {"tools": self.tools}
        self.rows[key_of(row)] = row
        if self.path:
            lines = ",\n".join(json.dumps(self.rows[key]) for key in sorted(self.rows, key=str))
            partial = self.path.with_suffix(".partial")
            partial.write_text(f'{{"seed": 0, "rows": [\n{lines}\n]}}\n')
            partial.rename(self.path)
        return row


def key_of(row: Row) -> tuple[object, ...]:
    """What a row is found by."""
    return tuple(row[key] for key in KEYS)

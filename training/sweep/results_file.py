"""The file of a sweep's rows: JSON lines, appended one by one by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from hwgen.errors import HwgenError, ToolError
from hwgen.files import check_file
from training.sweep.rows import Row


class ResultsFile:
    """Rows that are on the disk, and the means to add one."""

    def __init__(self, path: Path, stream: FileIO, rows: list[Row]) -> None:
        self.path = path
        self.rows = rows
        self._stream = stream

    def append(self, row: Row) -> None:
        """Add a row; after the return it outlives a crash.

        Raises
        ------
        ToolError
            Where the file system refuses.
        """
        line = json.dumps(row).encode() + b"\n"
        try:
            if self._stream.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise ToolError(
                f"{self.path}: cannot be written ({error.strerror}); free the disk, and the same "
                "command continues"
            ) from None
        self.rows.append(row)


@contextmanager
def results_file(path: Path) -> Iterator[ResultsFile]:
    """Open the rows of a new or an interrupted sweep; a last line cut short is removed.

    Raises
    ------
    HwgenError
        Where another process writes to it, or a line is not a row.
    ToolError
        Where the file system refuses.
    """
    check_file(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+b", buffering=0)  # a row that failed is not tried again at the close
    except OSError as error:
        raise ToolError(
            f"{path}: cannot be written ({error.strerror}); choose another place"
        ) from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # falls with the process
        except BlockingIOError:
            raise HwgenError(
                f"{path}: must have one writer, and another sweep is running; wait for its end"
            ) from None
        stream.seek(0)
        content = stream.read()
        whole = content.rfind(b"\n") + 1
        rows = parse_rows(path, content[:whole])
        stream.truncate(whole)
        yield ResultsFile(path, stream, rows)


def read_rows(path: Path) -> list[Row]:
    """Read the rows of a results file that may be growing.

    Raises
    ------
    HwgenError
        Where it cannot be read, or a line is not a row.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise HwgenError(
            f"{path}: must be a readable file of rows ({error.strerror}); name a sweep's results"
        ) from None
    return parse_rows(path, content[: content.rfind(b"\n") + 1])


def parse_rows(path: Path, content: bytes) -> list[Row]:
    """Parse whole lines, each a JSON object with a recipe."""
    rows = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or "recipe" not in row:
            raise HwgenError(
                f"{path}: line {number} must be the row of a training, a JSON object; "
                "remove the line, or name another file"
            )
        rows.append(row)
    return rows

"""Files that a person may have edited or damaged: opened without waiting, and read as JSON."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read; a pipe or a device, which would wait or never end, is an error.

    Raises
    ------
    OSError
        Where it cannot be opened or is no regular file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(handle, "rb")


def why_unread(error: Exception) -> str:
    """Say in words why a file that should be a document is none."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    return str(error)


def load_json(path: Path, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Read a JSON document.

    Parameters
    ----------
    path
        The file.
    parse_constant
        What makes a value of NaN and Infinity, which are no JSON; floats where None.

    Raises
    ------
    OSError
        Where the file cannot be read.
    ValueError
        Where it holds no JSON in UTF-8, or is nested too deep.
    """
    with open_regular(path) as file:
        text = file.read().decode()
    try:
        return json.loads(text, parse_constant=parse_constant)
    except RecursionError:
        raise ValueError("too deeply nested") from None

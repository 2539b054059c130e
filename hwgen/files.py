"""Writing that is all or nothing: beside the goal first, then one rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hwgen.errors import ToolError


@contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """A path beside `path` to write a file to; it takes the place of `path` at the end.

    Where the block fails, `path` stays as it was and what was written is removed.

    Raises
    ------
    ToolError
        Where the file system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ToolError(
            f"{path}: cannot be written ({error.strerror or error}); free the disk or choose another place"
        ) from None


@contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to fill; it takes the place of `folder` at the end.

    Where the block fails, `folder` stays as it was and what was written is removed.

    Raises
    ------
    ToolError
        Where the file system refuses.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        partial.chmod(0o755)
        old = partial.with_name(f"{partial.name}.old")
        try:
            yield partial
            if folder.exists():
                folder.replace(old)
            partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ToolError(
            f"{folder}: cannot be written ({error.strerror or error}); free the disk or choose another place"
        ) from None

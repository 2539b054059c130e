"""Writing that is all or nothing: beside the goal first, then one rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hwgen.errors import ToolError

MARK = "design.json"  # tells a folder that was built from one with a user's own files


@contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write a file to; it takes the place of `path` at the end.

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
            f"{path}: cannot be written ({error.strerror or error}); "
            "free the disk or choose another place"
        ) from None


@contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside `folder` to fill; it takes the place of `folder` at the end.

    Where the block fails, `folder` stays as it was and what was written is removed.

    Raises
    ------
    ToolError
        Where the file system refuses, or the folder holds files that no build wrote.
    """
    asked, folder = folder, folder.resolve()  # the goal of a link, not the link, is replaced
    try:
        _check_ours(asked)
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
            if old.exists() and not folder.exists():
                old.replace(folder)  # stopped between the two renames
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ToolError(
            f"{asked}: cannot be written ({error.strerror or error}); "
            "free the disk or choose another place"
        ) from None


def _check_ours(folder: Path) -> None:
    """Refuse to replace, and so to delete, what was not built."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ToolError(f"{folder}: must be a folder, and is a file; choose another place")
    if any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ToolError(
            f"{folder}: must be missing, empty or an earlier design, and holds other files; "
            "choose another place"
        )

"""Writing that is all or nothing: beside the goal first, then one rename.

`check_file` and `check_folder` find out before the work whether its result can be written.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hwgen.errors import HwgenError, ToolError

MARK = "design.json"  # tells a folder that was built from one with a user's own files
PARTIAL = ".hwgen-"  # begins the names of what is not whole yet, whatever the length of the goal's
ROOM_BYTES = 1 << 20  # that must be free where nothing better is known


def as_path(path: Path | str) -> Path:
    """Take a path or its text.

    Raises
    ------
    HwgenError
        Where it is neither.
    """
    if not isinstance(path, str | os.PathLike):
        raise HwgenError(f"path: must be text or a pathlib.Path, not {path!r}; name a file")
    if "\0" in str(path):
        raise HwgenError(f"path: must have no sign of number 0, as {str(path)!r} has; name a file")
    return Path(path)


def check_file(path: Path, room_bytes: int = ROOM_BYTES) -> None:
    """Find out whether a file can be written; leaves nothing behind.

    Raises
    ------
    ToolError
        Where something that is no file or must not be changed is in its place, or the file system
        refuses or has no room.
    """
    with _refusals(path):
        goal = _goal(path)
        if goal.is_dir():
            raise ToolError(f"{path}: must be a file, and is a folder; name a file in it")
        if goal.exists() and not goal.is_file():
            raise ToolError(f"{path}: must be a file, and is a device; choose another place")
        if goal.exists() and not _may_change(goal):
            raise _read_only(path)
        _check_room(path, goal.parent, room_bytes)


def check_folder(path: Path, room_bytes: int = ROOM_BYTES, mark: str = MARK) -> None:
    """Find out whether a folder can be made or replaced; leaves nothing behind.

    An earlier folder is told by the file `mark` in it.

    Raises
    ------
    ToolError
        Where it holds files that no build wrote or must not be changed, or the file system refuses
        or has no room.
    """
    with _refusals(path):
        goal = _goal(path)
        if goal.exists() and not goal.is_dir():
            raise ToolError(f"{path}: must be a folder, and is a file; choose another place")
        if goal.is_dir():
            _check_ours(path, goal, mark)
        _check_room(path, goal.parent, room_bytes)


@contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write a file to; it takes the place of `path` at the end.

    Where the block fails, `path` stays as it was and what was written is removed.

    Raises
    ------
    ToolError
        As `check_file`, and where the file system refuses later.
    """
    check_file(path, room_bytes=0)
    with _refusals(path):
        goal = _goal(path)  # the goal of a link, not the link, is replaced
        goal.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=goal.parent)
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.chmod(0o644)
            partial.replace(goal)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def folder_beside(path: Path, mark: str = MARK) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; it takes the place of `path` at the end.

    Where the block fails, `path` stays as it was and what was written is removed.

    Raises
    ------
    ToolError
        As `check_folder`, and where the file system refuses later.
    """
    check_folder(path, room_bytes=0, mark=mark)
    with _refusals(path):
        goal = _goal(path)
        goal.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=goal.parent))
        partial.chmod(0o755)
        old = partial.with_name(f"{partial.name}.old")
        try:
            yield partial
            if goal.exists():
                goal.replace(old)
            partial.replace(goal)
        finally:
            if old.exists() and not goal.exists():
                old.replace(goal)  # stopped between the two renames
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Say in one sentence what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"{path}: cannot be written ({error.strerror or error}); "
            "free the disk or choose another place"
        ) from None


def _goal(path: Path) -> Path:
    """Follow links, also those to nothing."""
    goal = Path(os.path.realpath(path))
    if goal.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return goal


def _check_ours(asked: Path, folder: Path, mark: str) -> None:
    """Refuse to replace, and so to delete, what was not built or is protected."""
    if any(folder.iterdir()) and not (folder / mark).is_file():
        raise ToolError(
            f"{asked}: must be missing, empty or an earlier design, and holds other files; "
            "choose another place"
        )
    if folder.is_mount():
        raise ToolError(
            f"{asked}: must be a folder that can be replaced, and a disk is mounted there; "
            "name a folder in it"
        )
    if not all(_may_change(place) for place in (folder, *folder.iterdir())):
        raise _read_only(asked)


def _check_room(asked: Path, folder: Path, room_bytes: int) -> None:
    """Try to write where the folder is or would be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass
    free = shutil.disk_usage(folder).free
    if free < room_bytes:
        raise ToolError(
            f"{asked}: must have room for about {_mebibytes(room_bytes)} MiB, and the disk has "
            f"{_mebibytes(free)} MiB left; free the disk or choose another place"
        )


def _may_change(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f}"


def _read_only(path: Path) -> ToolError:
    return ToolError(
        f"{path}: must be writable, and is read-only; allow it or choose another place"
    )

"""SHA256SUMS: the digest of every file that a build wrote; `sha256sum -c SHA256SUMS` reads it too.

With it every later step can tell that files of a folder were changed or belong to another design.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from hwgen.digests import digest, digests
from hwgen.errors import ModelError
from hwgen.json_file import open_regular

MANIFEST = "SHA256SUMS"
BUILT = ("*.v", "design.json", "network.npz", "plan.json", "vectors.npz")  # listed, where there


def write_manifest(folder: Path) -> None:
    """List the files of a folder that was just built."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in files)
    lines = [f"{value}  {name}\n" for name, value in digests(folder, names).items()]
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def changed_files(folder: Path, needed: Iterable[str] = ()) -> tuple[str, ...]:
    """Name the files of a design that are not as its build wrote them.

    The manifest alone where it is missing: nothing else can then be told.

    Parameters
    ----------
    folder
        The design folder.
    needed
        Files that the manifest must list, beside those of every design.

    Raises
    ------
    ModelError
        Where the manifest is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        return (MANIFEST,)
    listed = _read(path)
    own = (path.name for pattern in BUILT for path in folder.glob(pattern))
    files = sorted({*needed, *own, *listed})
    return tuple(file for file in files if listed.get(file) != digest(folder / file))


def check_manifest(folder: Path) -> None:
    """Check that the list of digests, where there is one, can be read.

    Raises
    ------
    ModelError
        Where it is damaged.
    """
    if (folder / MANIFEST).exists():
        _read(folder / MANIFEST)


def changes(changed: tuple[str, ...]) -> str | None:
    """Say in one sentence that files are not as they were built, None where all are."""
    if not changed:
        return None
    if changed == (MANIFEST,):
        return (
            f"{MANIFEST} is missing, so nothing shows that the files of this folder belong "
            "together; build the design again"
        )
    verb = "is" if len(changed) == 1 else "are"
    return f"{', '.join(changed)} {verb} not as the build wrote {'it' if verb == 'is' else 'them'}"


def _read(path: Path) -> Mapping[str, str]:
    try:
        with open_regular(path) as file:
            lines = file.read().decode().splitlines()
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: must be a list of digests, and cannot be read ({error}); "
            "build the design again"
        ) from None
    found = [re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line) for line in lines]
    wrong = next((index for index, match in enumerate(found) if match is None), None)
    if wrong is not None:
        raise ModelError(
            f"{path}: line {wrong + 1} must be a digest and a file's name; build the design again"
        )
    return {match[2]: match[1] for match in found if match is not None}

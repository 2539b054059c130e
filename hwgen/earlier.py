"""What was made of an earlier design in the same folder: boards with their bitstreams, packages.

A build that gives the same design keeps it; one that gives another design cannot, since nothing of
it would be true, and tells what went.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hwgen.digests import MADE_FROM, digests
from hwgen.json_file import load_json

BOARDS, PACKAGES = "board", "package"
BOARD_FILES = "files"  # in board.json: the digest of every file beside it
NOT_KEPT = shutil.ignore_patterns("build", "*.log")  # of simulations: made again when needed


def made_of(folder: Path) -> tuple[str, ...]:
    """Name what was made of the design of a folder, as paths in it."""
    boards = (path.parent for path in folder.glob(f"{BOARDS}/*/board.json"))
    found = [*boards, *folder.glob(f"{PACKAGES}/*"), *folder.glob("*.core")]
    return tuple(sorted(path.relative_to(folder).as_posix() for path in found))


def keep_what_holds(earlier: Path, new: Path, name: str) -> None:
    """Copy into a new design folder what was made of the same design.

    Parameters
    ----------
    earlier
        The folder that will be replaced; it may be missing.
    new
        The folder that was just written.
    name
        Of the design.
    """
    files = (f"{name}.v", "plan.json", "network.npz", "design.json")
    now = digests(new, files)
    if digests(earlier, files) != now:
        return
    for place in made_of(earlier):
        goal = new / place
        goal.parent.mkdir(exist_ok=True)
        if not (earlier / place).is_dir():
            shutil.copyfile(earlier / place, goal)
        elif _made_from(earlier / place / "board.json") == now:
            shutil.copytree(earlier / place, goal, ignore=NOT_KEPT)


def _made_from(path: Path) -> object:
    try:
        document = load_json(path)
    except (OSError, ValueError):
        return None
    return document.get(MADE_FROM) if isinstance(document, dict) else None

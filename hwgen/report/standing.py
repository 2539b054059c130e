"""Whether a result in a design folder is of the files beside it: passed, failed, stale, not run.

A result carries the digest of every file that it is of (`hwgen/digests.py`). It is stale where one
of them is another now, where it was changed itself, or where it passed against a reference that is
not the one that was built.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hwgen.digests import MADE_FROM, SEAL, digests, is_sealed
from hwgen.json_fields import JsonFields


class State(StrEnum):
    """What is known of one check."""

    passed = "passed"
    failed = "failed"
    stale = "stale"
    not_run = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a design: `reason` says why it failed or is stale, `command` runs it again."""

    name: str
    state: State
    command: str
    reason: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """Give the check for report.json."""
        return {"state": self.state.value, "reason": self.reason, "command": self.command}


def stale_because(fields: JsonFields, folder: Path, needed: Iterable[str]) -> str | None:
    """Say why a result is not of the files as they are, None where it is of them.

    Parameters
    ----------
    fields
        The result.
    folder
        The design folder.
    needed
        Files that a result of this kind must be of.
    """
    document = fields.document
    if SEAL not in document:
        return "it has no digests, as an older hwgen wrote it"
    if not is_sealed(document):
        return "it was changed after it was written"
    made_from = fields.child(MADE_FROM)
    before = {name: made_from.optional_text(name) for name in made_from.document}
    missing = [name for name in needed if name not in before]
    if missing:
        return f"it is not of {listed(missing)}"
    now = digests(folder, before)
    changed = [name for name in before if now[name] != before[name]]
    return f"{listed(changed)} changed since" if changed else None


def unlike_built(changed: Iterable[str], reference: Iterable[str]) -> str | None:
    """Say which files that a result compares with are not as they were built, None where all are.

    Parameters
    ----------
    changed
        Files of the folder that are not as they were built.
    reference
        Those that decide what is right.
    """
    wrong = [name for name in reference if name in set(changed)]
    return f"it is of {listed(wrong)}, not as built" if wrong else None


def listed(names: list[str]) -> str:
    """Give names as words of a sentence."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last

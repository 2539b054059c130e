"""The error of a program that failed: command, how it ended, its own words, where the log is."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from hwgen.errors import ToolError

LAST_LINES = 12
COMPLAINT = re.compile(
    r"\berror\b|\*\*\*|\bfatal\b|\bkilled\b|not found|no such file|no space|cannot", re.IGNORECASE
)


def tool_failure(name: str, command: str, status: int, output: str, log: Path) -> ToolError:
    """Give the error; `status` is negative for the number of a signal, as in subprocess."""
    lines = [f"    {line}" for line in last_words(output)]
    first = f"{name}: must end with exit status 0, {_ended(status)}; see {log}"
    return ToolError("\n".join([first, f"    $ {command}", *lines]))


def last_words(output: str) -> list[str]:
    """Give the last lines in which a program complains, or its last lines where it does not.

    Of many complaints the first ones too: the others mostly follow from them.
    """
    lines = output.strip().splitlines()
    found = [line for line in lines if COMPLAINT.search(line)]
    if len(found) > LAST_LINES:
        return [*found[: LAST_LINES // 2], "...", *found[-LAST_LINES // 2 :]]
    return found or lines[-LAST_LINES:]


def _ended(status: int) -> str:
    if status >= 0:
        return f"not {status}"
    known = {int(number): number.name for number in signal.Signals}
    name = known.get(-status, f"signal {-status}")
    memory = ", as where memory runs out" if name == "SIGKILL" else ""
    return f"and was ended by {name}{memory}"

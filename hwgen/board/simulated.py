"""The board of a folder, simulated at its pins: its own tests, or a terminal for the driver."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError, PlanError, ToolError
from hwgen.files import check_file, write_beside
from hwgen.host.driver import BoardError, load_facts
from hwgen.network_file import load_arrays
from hwgen.tool_failure import tool_failure

BUILD_BYTES = 16 << 20
COMPILE_SECONDS = 1800.0  # at the most; 10 to 60 are usual
MISSING = 2  # exit status of sim/run.py where it says what is missing


def find_folder(folder: Path, board: str | None = None) -> Path:
    """Give the folder of a board in a design folder, the only one where none is named.

    Raises
    ------
    ModelError
        Where there is none, or several.
    """
    found = sorted(path.parent for path in folder.glob("board/*/board.json"))
    if board is not None:
        found = [path for path in found if path.name == board]
    if len(found) == 1:
        return found[0]
    if not found:
        name = board or "NAME"
        raise ModelError(
            f"{folder}: must hold a board{f' {board}' if board else ''}; make it with "
            f"`hwgen board {folder} --board {name}`"
        )
    names = ", ".join(path.name for path in found)
    raise ModelError(f"{folder}: holds the boards {names}; name one with --board")


def facts_of(place: Path) -> dict[str, Any]:
    """Read board.json of a board's folder.

    Raises
    ------
    ModelError
        Where it is not what `hwgen board` wrote.
    """
    try:
        return load_facts(place)
    except BoardError as error:
        raise ModelError(str(error)) from None


def simulate_pins(place: Path, images: int) -> dict[str, Any]:
    """Run the tests at the pins; gives sim/result.json.

    Raises
    ------
    PlanError
        Where the design has fewer vectors.
    ToolError
        Where the simulator is missing or fails.
    """
    vectors = place.parents[1] / "vectors.npz"
    have = len(load_arrays(vectors)["x"])
    if images > have:
        raise PlanError(f"samples: must be at most the {have} vectors of {vectors}, not {images}")
    bench, log = _bench(place), place / "sim" / "simulation.log"
    check_file(place / "sim" / "result.json", BUILD_BYTES)
    (place / "sim" / "result.json").unlink(missing_ok=True)
    command = [sys.executable, str(bench.resolve()), "--images", str(images)]
    with write_beside(log) as output, output.open("w") as file:
        status = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, cwd=bench.parent, check=False
        ).returncode
    result = place / "sim" / "result.json"
    if not result.is_file():
        raise _failure(status, log)
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


@contextmanager
def served(place: Path, *, damage: float = 0.0, seed: int = 0) -> Iterator[str]:
    """Simulate the board; gives the name of a terminal that is its serial port.

    Parameters
    ----------
    place
        The board's folder.
    damage, seed
        Share of the bytes that are lost, changed or doubled on their way, and of which ones.

    Raises
    ------
    ToolError
        Where the simulator is missing or fails.
    """
    bench, log = _bench(place), place / "sim" / "simulation.log"
    check_file(log, BUILD_BYTES)
    with tempfile.TemporaryDirectory(prefix="hwgen-board-") as own, log.open("w") as output:
        terminal = Path(own) / "terminal"
        command = [sys.executable, str(bench.resolve()), "--serve", str(terminal)]
        command += ["--damage", str(damage), "--seed", str(seed)]
        running = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=bench.parent
        )
        try:
            ends = time.monotonic() + COMPILE_SECONDS
            while not (terminal.is_file() and terminal.read_text()):
                if running.poll() is not None or time.monotonic() > ends:
                    raise _failure(running.returncode or 1, log)
                time.sleep(0.1)
            yield terminal.read_text()
            running.wait(timeout=10)  # it ends when the terminal is closed
        except subprocess.TimeoutExpired:
            pass
        finally:
            if running.poll() is None:
                running.kill()
                running.wait()


def _bench(place: Path) -> Path:
    bench = place / "sim" / "run.py"
    if not bench.is_file():
        raise ModelError(
            f"{place}: must be a board's folder with sim/run.py; make it with `hwgen board`"
        )
    return bench


def _failure(status: int, log: Path) -> ToolError:
    output = log.read_text(errors="replace")
    if status == MISSING:
        return ToolError(output.strip().rpartition("\n")[2])
    return tool_failure("simulation", "sim/run.py", status, output, log)

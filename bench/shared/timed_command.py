"""A hwgen command as a process of its own: how it ended, processor seconds and memory."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

Row = dict[str, object]
LIMIT_SECONDS = 1800

# resource.getrusage of children counts those of all commands before, so that each has a parent
MEASURE = """
import json, resource, subprocess, sys
out, *command = sys.argv[1:]
with open(out, "w") as printed:
    done = subprocess.run(command, stdout=printed, stderr=printed)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def timed(limit_seconds: float, *command: str) -> Row:
    """Run hwgen with its tools; `timed_program` says what comes of it."""
    return timed_program(limit_seconds, _hwgen(), *command)


def timed_program(limit_seconds: float, *command: str) -> Row:
    """Run a program with those that it runs, and end them all after so many seconds.

    Returns
    -------
    `status` "passed", "time limit" or "failed", with `says`, the last line, of a failed one;
    `cpu_s` and `mb`, its tools' included, of one that ended.
    """
    with tempfile.TemporaryDirectory() as place:
        printed = Path(place) / "printed.txt"
        run = subprocess.Popen(
            [sys.executable, "-c", MEASURE, str(printed), *command],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            text, _ = run.communicate(timeout=limit_seconds)
        except subprocess.TimeoutExpired:
            return {"status": "time limit", "limit_s": limit_seconds}
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        status, seconds, kilobytes = json.loads(text)
        used = {"cpu_s": round(seconds, 1), "mb": round(kilobytes / 1024)}
        if status == 0:
            return {"status": "passed"} | used
        lines = printed.read_text(errors="replace").strip().splitlines() or [""]
        said = [line for line in lines if line.startswith("hwgen: ")] or lines[-1:]
        return {"status": "failed", "says": said[-1]} | used


def measured(*command: str) -> dict[str, float]:
    """Run hwgen, which must pass within half an hour; processor seconds and MB."""
    row = timed(LIMIT_SECONDS, *command)
    if row["status"] != "passed":
        said = row.get("says", f"it ran for more than {LIMIT_SECONDS} seconds")
        raise SystemExit(f"hwgen {' '.join(command)}: {said}")
    return {"cpu_s": row["cpu_s"], "mb": row["mb"]}


def _hwgen() -> str:
    return str(Path(sys.executable).with_name("hwgen"))

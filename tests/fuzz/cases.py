"""Runs one command under limits of time and memory, and judges how it ended."""

import contextlib
import resource
import signal
import traceback
from pathlib import Path

from typer.testing import CliRunner

from hwgen.cli import app

CPU_SECONDS = 20
WALL_SECONDS = 200  # a command that waits, for a pipe say, uses no processor
ROOM_BYTES = 3 << 30
STATM = Path("/proc/self/statm")  # in pages
DATA = 5  # of its columns, the one that RLIMIT_DATA bounds


class HangError(BaseException):
    """A command took too long; no part of the program catches it."""


def _hang(signum, frame):
    where = "".join(traceback.format_stack(frame)[-4:])
    raise HangError(f"more than {CPU_SECONDS} s of processor or {WALL_SECONDS} s of time:\n{where}")


@contextlib.contextmanager
def limits():
    """Bound the time and the further memory of a block."""
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, _hang)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    used = int(STATM.read_text().split()[DATA]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + ROOM_BYTES, hard))
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def run(*arguments):
    """Run a command; its exit status, after it was shown that it ended as it must.

    0 done, 1 a check failed, 2 refused: then stderr has a sentence a problem, each `hwgen: ...`.
    """
    with limits():
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        raise AssertionError("".join(traceback.format_exception(error)[-6:]))
    assert result.exit_code in (0, 1, 2), result.output
    assert "Traceback" not in result.output, result.output
    if result.exit_code == 2:
        lines = result.stderr.splitlines()
        assert lines, "refused without a word"
        assert all(line.startswith("hwgen: ") for line in lines), result.stderr
        assert len(result.stderr) < 5000, result.stderr[:300]
    return result.exit_code

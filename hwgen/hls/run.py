"""Compiles the C++ of a design folder and runs its test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from hwgen.errors import ModelError, ToolError
from hwgen.files import write_beside
from hwgen.hls.design import Design
from hwgen.hls.folder import write_vectors
from hwgen.network_file import load_arrays
from hwgen.numeric import IntArray
from hwgen.plan.plan_file import read_plan
from hwgen.plan.vectors.design import VectorSet
from hwgen.tool_failure import tool_failure

FLAGS = ("-std=c++11", "-O1", "-Wno-unknown-pragmas")
UNEQUAL = 1  # exit status of the test where a beat differs


def compiler() -> str:
    """Give the C++ compiler: $CXX, or g++.

    Raises
    ------
    ToolError
        Where there is none.
    """
    name = os.environ.get("CXX") or "g++"
    if shutil.which(name) is None:
        raise ToolError(f"{name}: must be on PATH; install it, or name another in CXX")
    return name


def run_checked(command: list[str], folder: Path, log: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder; what it says goes to a log too."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    with write_beside(log) as partial, partial.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def compile_cpp(folder: Path, source: str, goal: Path, flags: tuple[str, ...], log: Path) -> None:
    """Compile a program of the folder `hls/`.

    Raises
    ------
    ToolError
        Where there is no compiler, or it refuses the program.
    """
    command = [compiler(), *flags, "-I", ".", "-I", "sim", "-o", str(goal), source]
    done = run_checked(command, folder, log)
    if done.returncode:
        output = done.stdout + done.stderr
        raise tool_failure(command[0], " ".join(command), done.returncode, output, log)


def run_test(folder: Path, vectors: Path | None, samples: int) -> tuple[dict[str, str | None], int]:
    """Compile and run the test of a design folder.

    Parameters
    ----------
    folder
        The design folder.
    vectors
        Other vectors than those in `hls/vectors`.
    samples
        Vectors of the whole design at the most; 0 for all.

    Returns
    -------
    tuple
        Why the design and each unit failed, None for what passed, and the vectors of the design.

    Raises
    ------
    ModelError, ToolError
        Where files are missing or damaged, or a program fails.
    """
    hls, log = folder / "hls", folder / "hls" / "simulation.log"
    with tempfile.TemporaryDirectory(prefix="hwgen-cpp-") as place:
        program, given = Path(place) / "test", hls.resolve() / "vectors"
        compile_cpp(hls, "test.cpp", program, FLAGS, log)
        if vectors is not None or samples:
            given = Path(place) / "vectors"
            design = Design(read_plan(folder / "plan.json"))
            write_vectors(design, _some(vectors or folder / "vectors.npz", samples), given)
        done = run_checked([str(program), str(given)], hls, log)
    if done.returncode not in (0, UNEQUAL):
        output = done.stdout + done.stderr
        raise tool_failure("the test of hls/", "test vectors", done.returncode, output, log)
    return _results(done.stdout, done.returncode)


def _some(path: Path, samples: int) -> VectorSet:
    arrays = load_arrays(path)
    units: list[tuple[IntArray, IntArray]] = []
    while f"u{len(units)}_i" in arrays:
        units.append((arrays[f"u{len(units)}_i"], arrays[f"u{len(units)}_o"]))
    whole = VectorSet(x=arrays["x"], y=arrays["y"], labels=None, units=tuple(units))
    return replace(whole, x=whole.x[:samples], y=whole.y[:samples]) if samples else whole


def _results(text: str, status: int) -> tuple[dict[str, str | None], int]:
    """Read what the test says of each unit."""
    tests: dict[str, str | None] = {}
    vectors, name = 0, "top"
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+): (\d+) vectors, (\d+) beats differ", line)
        if found:
            name = found[1]
            tests[name] = None if found[3] == "0" else f"{found[3]} beats differ"
            vectors = int(found[2]) if name == "top" else vectors
        elif line.startswith("  "):
            tests[name] = "; ".join(filter(None, (tests[name], line.strip())))
    if "top" not in tests:
        raise ModelError("hls/test.cpp: must say what became of `top`; build the design again")
    if status and not any(tests.values()):
        tests["top"] = "beats were left in streams between units"
    return tests, vectors

"""Runs the cocotb bench that lies in a design folder, and reads its result."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hwgen.digests import MADE_FROM, cpp_files, digests, sealed, simulated_files
from hwgen.errors import ModelError, ToolError, VerifyError
from hwgen.files import check_file, write_beside
from hwgen.hls.run import run_test
from hwgen.json_file import load_json
from hwgen.network_file import load_arrays, load_network
from hwgen.reference import outputs
from hwgen.tool_failure import tool_failure

Simulator = Literal["verilator", "icarus", "cpp"]
BUILD_BYTES = {"verilator": 16 << 20, "icarus": 1 << 20, "cpp": 1 << 20}  # of a small design, about
MISSING = 2  # exit status of sim/run.py where it says what is missing
NOT_READ = ("network.npz", "plan.json")  # by the bench; what it compares with comes from them


@dataclass(frozen=True, slots=True, kw_only=True)
class SimResult:
    """What a simulation found: why each failed test failed, None for one that passed."""

    simulator: str
    tests: Mapping[str, str | None]
    vectors: int
    latency_cycles: int | None
    interval_cycles: int | None
    made_from: Mapping[str, str | None]  # the digest of each file that the result is of
    maps: str | None = None  # the digest of sim/maps.npz, which shows maps that left the design

    @property
    def passed(self) -> bool:
        """Whether every output was equal to the reference's."""
        return bool(self.tests) and not any(self.tests.values())

    def __str__(self) -> str:
        lines = [
            f"{name}: {'equal' if reason is None else reason}"
            for name, reason in self.tests.items()
        ]
        verdict = f"{'passed' if self.passed else 'FAILED'} in {self.simulator}"
        if self.simulator == "cpp":
            verdict += f": {self.vectors} vectors of the whole design"
        if self.latency_cycles is not None:  # nothing is measured of a design that differs
            verdict += f": {self.vectors} vectors of the whole design; "
            verdict += f"latency {self.latency_cycles} cycles"
        if self.interval_cycles is not None:
            verdict += f", interval {self.interval_cycles}"
        return "\n".join([*lines, verdict])

    def to_json(self) -> dict[str, Any]:
        """For `--json` and the report."""
        document = {
            "passed": self.passed,
            "simulator": self.simulator,
            "tests": dict(self.tests),
            "vectors": self.vectors,
            "latency_cycles": self.latency_cycles,
            "interval_cycles": self.interval_cycles,
            MADE_FROM: dict(self.made_from),
            "maps": self.maps,
        }
        return sealed(document)


def simulate(
    folder: Path,
    *,
    simulator: Simulator,
    samples: int = 0,
    seed: int = 0,
    vectors: Path | None = None,
    waves: bool = False,
) -> SimResult:
    """Build and run the bench of a design folder.

    Parameters
    ----------
    folder
        A folder that `hwgen build` wrote.
    simulator
        "verilator" or "icarus"; or "cpp", the C++ that `hwgen build --hls` wrote, which knows no
        cycles: latency and interval stay None.
    samples
        Vectors of the whole design; 0 for as many as take a moment.
    seed
        Of the random stalls.
    vectors
        Other vectors than the folder's own.
    waves
        Keep a wave file in `sim/build`.

    Raises
    ------
    ModelError
        Where the folder holds no design.
    ToolError
        Where the simulator is missing or fails, or the folder cannot be written.
    VerifyError
        Where the network of the folder does not give the vectors' results.
    """
    if simulator == "cpp":
        if waves:
            raise ModelError(f"{folder}: --waves must not stand beside cpp, which has no signals")
        return _simulate_cpp(folder, vectors, samples)
    bench = folder / "sim" / "run.py"
    if not bench.is_file():
        raise ModelError(
            f"{folder}: must be a design folder with sim/run.py; write one with `hwgen build`"
        )
    _check_files(folder)
    _check_network(folder, vectors)
    path, log = folder / "sim" / "result.json", folder / "sim" / "simulation.log"
    check_file(path, BUILD_BYTES[simulator])
    own = tempfile.TemporaryDirectory(prefix="hwgen-sim-")  # two runs must not mix
    with own as place, write_beside(log) as output:
        written = Path(place) / "result.json"
        command = [sys.executable, str(bench.resolve()), "--simulator", simulator]
        command += ["--samples", str(samples), "--seed", str(seed), "--result", str(written)]
        if vectors is not None:
            command += ["--vectors", str(vectors.resolve())]
        if waves:
            command.append("--waves")
        with output.open("w") as file:
            status = subprocess.run(
                command, cwd=bench.parent, stdout=file, stderr=subprocess.STDOUT, check=False
            ).returncode
        text = written.read_text() if written.is_file() else None
    if text is None:
        raise _failure(simulator, status, log)
    with write_beside(path) as partial:
        partial.write_text(text)
    found = json.loads(text)
    return SimResult(
        simulator=found["simulator"],
        tests=found["tests"],
        vectors=found.get("vectors", 0),
        latency_cycles=found.get("latency_cycles"),
        interval_cycles=found.get("interval_cycles"),
        made_from=found[MADE_FROM],
        maps=found.get("maps"),
    )


def _check_network(folder: Path, vectors: Path | None) -> None:
    """Refuse vectors whose results are not those of the folder's network."""
    path = vectors or folder / "vectors.npz"
    graph, arrays = load_network(folder / "network.npz"), load_arrays(path)
    x, y, size = arrays.get("x"), arrays.get("y"), prod(graph.input.shape)
    if x is None or y is None or x.ndim != 2 or y.ndim != 2 or x.shape != (len(y), size):
        raise ModelError(
            f"{path}: must hold vectors x of {size} integers and as many results y; build the "
            "design again"
        )
    given = outputs(graph, x.reshape(-1, *graph.input.shape)).reshape(len(x), -1)
    if not np.array_equal(given, y):
        raise VerifyError(
            f"{folder / 'network.npz'}: must give the results in {path.name}, and gives others; "
            "one of them was changed: build the design again"
        )


def _simulate_cpp(folder: Path, vectors: Path | None, samples: int) -> SimResult:
    """Compile and run the C++ of a design; hls/result.json says what it gave."""
    path = folder / "hls" / "result.json"
    if not (folder / "design.json").is_file():
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        )
    if not (folder / "hls" / "test.cpp").is_file():
        raise ModelError(
            f"{folder}: must have C++ in hls/; build the design again with `hwgen build --hls`"
        )
    _check_network(folder, vectors)
    check_file(path, BUILD_BYTES["cpp"])
    own = sorted((folder / "hls" / "vectors").glob("*.txt"))
    files = [*cpp_files(_cpp_name(folder)), *(f"hls/vectors/{file.name}" for file in own)]
    if vectors is not None:
        files.append(Path(os.path.relpath(vectors, folder)).as_posix())
    made_from = digests(folder, files)
    tests, count = run_test(folder, vectors, samples)
    if digests(folder, files) != made_from:
        raise ToolError(f"{folder}: must not change while it is simulated; simulate it again")
    result = SimResult(
        simulator="cpp",
        tests=tests,
        vectors=count,
        latency_cycles=None,
        interval_cycles=None,
        made_from=made_from,
    )
    with write_beside(path) as partial:
        partial.write_text(json.dumps(result.to_json(), indent=1) + "\n")
    return result


def _cpp_name(folder: Path) -> str:
    try:
        return str(load_json(folder / "design.json")["hls"]["top"])
    except (OSError, ValueError, LookupError, TypeError):
        raise ModelError(
            f"{folder / 'design.json'}: must name the C++ of hls/; build the design again"
        ) from None


def _failure(simulator: str, status: int, log: Path) -> ToolError:
    """Say what is missing, or how the last program that was started failed."""
    output = log.read_text(errors="replace")
    if status == MISSING:
        return ToolError(output.strip().rpartition("\n")[2])
    commands = re.findall(r"^Running command (.*) in directory ", output, re.MULTILINE)
    command = commands[-1] if commands else "sim/run.py"
    ends = re.findall(r"^Command failed with return code: (-?\d+)$", output, re.MULTILINE)
    status = int(ends[-1]) if ends else status
    return tool_failure(simulator, command, status, output, log)


def _check_files(folder: Path) -> None:
    """Refuse a bench that would wait for a pipe, or that says nothing of its design."""
    path = folder / "sim" / "bench.json"
    try:
        name = load_json(path)["name"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"{path}: must be the bench that `hwgen build` wrote, and cannot be read ({error}); "
            "build the design again"
        ) from None
    bench = [file for file in simulated_files(str(name)) if file not in NOT_READ]
    missing = [file for file in bench if not (folder / file).is_file()]
    if missing:
        raise ModelError(
            f"{folder / missing[0]}: must be a file of the design; build the design again"
        )

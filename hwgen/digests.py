"""SHA-256 digests: what a result was made from, and whether the files are still the same.

`emit.py` copies this file into each design folder, where there may be no hwgen: it imports nothing
of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MADE_FROM = "made_from"  # in each result: the digest of every file that it says something of
SEAL = "seal"  # in each result: the digest of all else in it
BENCH_FILES = (
    *("bench.v", "bench.json", "run.py", "test_design.py", "streams.py", "digests.py"),
    "packaged_verilator.py",
)


def simulated_files(name: str, vectors: str = "vectors.npz") -> tuple[str, ...]:
    """Name what a simulation compares, and what compares it.

    The vectors' results are those of network.npz, latency and interval those of plan.json.
    """
    bench = (f"sim/{file}" for file in BENCH_FILES)
    return (f"{name}.v", "network.npz", "plan.json", vectors, *bench)


def cpp_files(name: str) -> tuple[str, ...]:
    """Name what a simulation of the C++ runs; the vectors are files of hls/vectors beside."""
    code = (f"{name}.h", f"{name}.cpp", "test.cpp", "hwgen_types.h", "sim/ap_int.h")
    files = (f"hls/{file}" for file in (*code, "sim/hls_stream.h"))
    return (*files, "network.npz", "plan.json")


def proved_cpp_files(name: str) -> tuple[str, ...]:
    """Name the code that a proof of the C++ reads."""
    return (f"hls/{name}.h", f"hls/{name}.cpp", "hls/hwgen_types.h")


def proved_files(name: str) -> tuple[str, ...]:
    """Name what a proof reads: Verilog, network, and in design.json the modules and ports."""
    return (f"{name}.v", "network.npz", "design.json")


def synthesised_files(name: str) -> tuple[str, ...]:
    """Name what a synthesis reads; top module and target stand in its result."""
    return (f"{name}.v",)


def digest(path: Path) -> str | None:
    """Give the SHA-256 of a file in hexadecimal digits, None where no such file can be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def digests(folder: Path, names: Iterable[str]) -> dict[str, str | None]:
    """Give the digest of each file of a folder."""
    return {name: digest(folder / name) for name in names}


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document with the digest of itself, which shows later that nobody changed it."""
    return {**document, SEAL: _seal(document)}


def is_sealed(document: Mapping[str, Any]) -> bool:
    """Whether a document is as `sealed` gave it."""
    rest = dict(document)
    return bool(rest.pop(SEAL, None) == _seal(rest))


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

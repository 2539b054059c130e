"""Large sparse designs the whole way, by the commands that a user types.

    python bench/folded/large.py [--json] [--out FILE] [--no-sim] [NAME ...]

Each is built (`hwgen build`), simulated in Verilator on 100 random vectors against the integer
reference, then with stalls, a reset and every unit alone (`hwgen sim`), and synthesised for xc7.
Weights are random, 5 % of them nonzero. Seconds are those of the processor, of a command and its
children; `build_wall_s` are seconds on the wall, of a machine that may do other things too. `ours`
is the build's processor time, `baseline` the 60 seconds that it must stay below.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.folded.layers import Case
from bench.shared.block_rams import block_rams
from bench.shared.networks import random_network
from bench.shared.row_file import Row, RowFile
from hwgen.nn.model_file import save_model
from hwgen.synth.run import synthesise_verilog
from hwgen.synth.tools import find_yosys

VECTORS = 100
LIMIT_S = 60
FOLD = ("--style", "folded", "--pe", "8", "--simd", "8")
TARGET = "xc7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program's result: what it printed, processor seconds, seconds on the wall, peak memory."""

    printed: str
    cpu_s: float
    wall_s: float
    peak_mb: int


def layer_1024(folder: Path) -> tuple[str, ...]:
    """A matrix of 1024x1024."""
    path = folder / "layer.npy"
    case = Case(size=1024, zeros=0.95, weight_bits=4, input_bits=4, pe=8, simd=8)
    np.save(path, case.weights())
    return str(path), "--input", "u4"


def chain_512(folder: Path) -> tuple[str, ...]:
    """Four layers of 512x512 with thresholds between them and an argmax behind."""
    path = folder / "chain.pt"
    widths = (512,) * 5
    net = random_network(seed=0, widths=widths, inputs=4, codes=4, weight_bits=4, density=0.05)
    save_model(net, path)
    return (str(path),)


CASES: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "1024x1024": layer_1024,
    "four of 512x512": chain_512,
}


def hwgen(*arguments: str) -> Command:
    """Run a command of hwgen."""
    start = time.perf_counter()
    program = [sys.executable, "-m", "hwgen.cli", *arguments]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(program, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(f"hwgen {arguments[0]}: failed\n{output.read()}{errors.read()}")
        return Command(
            printed=output.read(),
            cpu_s=round(used.ru_utime + used.ru_stime, 1),
            wall_s=round(time.perf_counter() - start, 1),
            peak_mb=used.ru_maxrss // 1024,
        )


def measure(name: str, target: str, *, simulated: bool) -> Iterator[Row]:
    """Build, simulate and synthesise one design; a row after each step, with those before."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "design"
        model = CASES[name](Path(work))
        build = hwgen("build", *model, *FOLD, "--target", target, "-o", str(folder))
        row: Row = {"ours": build.cpu_s, "baseline": LIMIT_S}
        row |= {"ratio": round(build.cpu_s / LIMIT_S, 3)}
        row |= {"build_wall_s": build.wall_s, "build_mb": build.peak_mb}
        design = json.loads((folder / "design.json").read_text())
        row["interval_cycles"] = design["interval_cycles"]
        yield row
        if simulated:
            row |= simulation(folder)
            yield row
        start, top = sum(os.times()[2:4]), design["name"]
        counts = synthesise_verilog([folder / f"{top}.v"], top, target).total
        row |= {"luts": counts.luts, "ffs": counts.ffs, "brams": block_rams(counts, target)}
        yield row | {"synth_s": round(sum(os.times()[2:4]) - start, 1)}


def simulation(folder: Path) -> Row:
    """Simulate a design, and compare it with the reference."""
    done = hwgen("sim", str(folder), "--samples", str(VECTORS), "--seed", "1", "--json")
    found = json.loads(done.printed)
    row = {key: found[key] for key in ("simulator", "vectors", "passed")}
    return row | {"sim_s": done.cpu_s, "sim_mb": done.peak_mb}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows of all runs")
    parser.add_argument("--no-sim", action="store_true", help="build and synthesise alone")
    parser.add_argument("names", nargs="*", default=list(CASES))
    args = parser.parse_args()
    kept, rows = RowFile(args.out, {"yosys": find_yosys().version}), []
    for name in track(args.names or CASES, description="large", console=Console(stderr=True)):
        key: Row = {"measure": "large", "case": name, "target": TARGET}
        row = kept.find(key) or {}
        if "synth_s" not in row:
            for found in measure(name, TARGET, simulated=not args.no_sim):
                row = kept.add(key | found)
                print(json.dumps(row), file=sys.stderr)
        rows.append(row)
    if args.json:
        print(json.dumps({"rows": rows, "seed": 0}, indent=1))
        return
    table = Table("", *(str(row["case"]) for row in rows), title="Large designs, 95 % zeros")
    for value in [
        value for value in rows[0] if value not in ("measure", "target", "case", "tools")
    ]:
        table.add_row(value, *(str(row[value]) for row in rows))
    Console().print(table)


if __name__ == "__main__":
    main()

"""The main job, end to end, on real images: train, build, simulate, synthesise, report.

    python bench/demos/digits.py [--json]

Trains a net on scikit-learn's digits with 7-bit accumulators, builds it unrolled and folded,
compares the gates of both, and their HLS C++, with the integer reference, proves both from what
they say, synthesises them for xc7 and ecp5, places and routes for ecp5, and writes a report page
for each. Every step is a command that a user would type; the commands are printed. Results lie in
rtl_out/.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
OUT = Path("rtl_out")
MODEL = OUT / "digits.pt"
STYLES = ("unrolled", "folded")
NARROW = ["--weight-bits", "2", "--first-last-bits", "2", "--act-bits", "2", "--acc-bits", "7"]
CPP_RESULTS = ("result", "proof")  # of the HLS C++, in hls/
HWGEN = (sys.executable, "-m", "hwgen.cli")
SCREEN = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the demo; `done` says in a word what it does."""

    done: str
    command: tuple[str, ...]


def steps(style: str) -> tuple[Step, ...]:
    """What happens to one design."""
    folder = str(OUT / f"digits_{style}")
    return (
        Step(done="build", command=("build", str(MODEL), "--style", style, "--hls", "-o", folder)),
        Step(done="simulate", command=("sim", folder)),
        Step(done="run the C++", command=("sim", folder, "--simulator", "cpp")),
        Step(done="prove", command=("prove", folder)),
        Step(done="synthesise xc7", command=("synth", folder, "--target", "xc7")),
        Step(done="place and route ecp5", command=("synth", folder, "--target", "ecp5", "--pnr")),
        Step(done="report", command=("report", folder)),
    )


def run(command: tuple[str, ...]) -> None:
    """Run a command from the repository's root; its own words if it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        SCREEN.print(done.stdout + done.stderr, markup=False, highlight=False)
        sys.exit(f"demo: failed with exit status {done.returncode}: {' '.join(command)}")


def train() -> None:
    """Train the net, with the recipe's own progress bar."""
    command = ("-m", "training", "digits", *NARROW, "--out", str(MODEL))
    SCREEN.print(f"python {' '.join(command)}", style="bold")
    status = subprocess.run((sys.executable, *command), cwd=ROOT, stdout=sys.stderr, check=False)
    if status.returncode:
        sys.exit(f"demo: training failed with exit status {status.returncode}")


def build_all() -> None:
    """Both designs side by side, a progress bar each."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=SCREEN) as progress, ThreadPoolExecutor(2) as workers:

        def chain(style: str) -> None:
            task = progress.add_task(style, total=len(steps(style)))
            for step in steps(style):
                progress.update(task, description=f"{style:9} {step.done}")
                progress.console.print(f"hwgen {' '.join(step.command)}", style="bold")
                run((*HWGEN, *step.command))
                progress.advance(task)
            progress.update(task, description=f"{style:9} done")

        for result in [workers.submit(chain, style) for style in STYLES]:
            result.result()


def row(style: str) -> dict[str, object]:
    """One line of the result, read from the files of the design folder."""
    folder = ROOT / OUT / f"digits_{style}"
    design = json.loads((folder / "design.json").read_text())
    simulation = json.loads((folder / "sim" / "result.json").read_text())
    xc7 = json.loads((folder / "synth" / "xc7.json").read_text())
    ecp5 = json.loads((folder / "synth" / "ecp5.json").read_text())
    proof = folder / "proof.json"
    cpp = [json.loads((folder / "hls" / f"{name}.json").read_text()) for name in CPP_RESULTS]
    bits = [b for layer in design["layers"] for b in layer["accumulator_bits"]]
    return {
        "case": style,
        "accuracy_percent": design["model"]["metadata"]["accuracy_integer"],
        "accumulator_bits_max": max(bits),
        "data_type_bits_max": max(layer["data_type_bits"] for layer in design["layers"]),
        "equal_to_reference": simulation["passed"],
        "vectors": simulation["vectors"],
        "proved": proof.is_file() and json.loads(proof.read_text())["proved"],
        "cpp_equal_and_proved": cpp[0]["passed"] and cpp[1]["proved"],
        "latency_cycles": design["latency_cycles"],
        "interval_cycles": design["interval_cycles"],
        "xc7_luts": xc7["luts"],
        "ecp5_luts": ecp5["luts"],
        "ecp5_fmax_mhz": ecp5["fmax_mhz"],
        "report": str(OUT / f"digits_{style}" / "report.html"),
    }


def print_table(rows: list[dict[str, object]]) -> None:
    """The result for people."""
    table = Table(title="digits: gates equal to the integer reference, bit for bit")
    table.add_column("")
    for item in rows:
        table.add_column(str(item["case"]), justify="right")
    for key in list(rows[0])[1:-1]:
        cells = [f"{v:.2f}" if isinstance(v := item[key], float) else str(v) for item in rows]
        table.add_row(key.replace("_", " "), *cells)
    Console().print(table)
    for item in rows:
        print(f"report: {item['report']}")


def main() -> None:
    """Run everything and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    args = parser.parse_args()
    start = time.perf_counter()
    train()
    build_all()
    rows = [row(style) for style in STYLES]
    if args.json:
        print(
            json.dumps({"rows": rows, "seconds": round(time.perf_counter() - start, 1)}, indent=1)
        )
        return
    print_table(rows)
    print(f"all in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

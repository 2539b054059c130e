"""ONNX files of other tools, each built, simulated and proved.

    python bench/whole_nets/public_onnx.py --data DIR [--json | --markdown] [--out FILE]
                                           [--match REGEX] [--anew | --failed | --kept]
                                           [--limit SECONDS] [--keep]

DIR holds `index.json` (folders of files, with `expect` and `input_option`) and the files; those
with `expect: build` are taken. Every step is a command of hwgen in a process of its own, with its
tools: processor seconds, most memory, and a limit of seconds of the clock. The network that is
built is the file's real-number meaning (tests/frontend/onnx/test_shared_files.py), so gates that
equal it equal the file. LUTs and block RAMs are the plan's estimate. Every row is written to FILE
when it is done, and a run takes up where FILE ends; `--anew` measures those that match again,
`--failed` the steps that did not pass, of designs that `--keep` left as they were built.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.shared.row_file import Row, RowFile
from bench.shared.timed_command import timed
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.plan_file import read_plan
from hwgen.synth.tools import find_yosys

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "rtl_out" / "public_onnx"
LIMIT_SECONDS = 600
MOST_CYCLES, LEAST_SAMPLES = 200_000, 2  # that a large design is simulated for
FOLDED = "--style folded"
FEW_ROWS = f"{FOLDED} --pe 4 --pixels 4 --effort low"
MORE_ROWS = f"{FOLDED} --pe 8 --pixels 4 --effort low"

# where `hwgen build FILE` alone makes too much logic, or the file does not tell its input
OPTIONS = {
    "finn_tfc_w1a1": f"{FOLDED} --pe 4",
    "mlperf_kws_w3a3": f"{FOLDED} --pe 8 --effort low",
    "mlperf_ad_qdq": f"{FOLDED} --pe 8 --effort low",
    "mlperf_ic_qdq": MORE_ROWS,
    "nn2fpga_two_layers": FEW_ROWS,
    "nn2fpga_resnet8_w8a8": MORE_ROWS,
    "nn2fpga_vww_qdq": f"{FOLDED} --clock-mhz 100 --fps 1500 --effort low",
    "qonnx_espcn_resize": "--style unrolled --effort low --input u8 --input-scale 1/255",
    "qop_cnn_u8": FEW_ROWS,
    "qdq_cnn_perchannel_u8": FEW_ROWS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the index."""

    path: Path
    folder: str
    options: tuple[str, ...]

    @property
    def key(self) -> Row:
        """What its row is found by."""
        return {
            "measure": "public_onnx",
            "case": f"{self.folder}/{self.path.stem}",
            "target": "xc7",
        }

    def measure(self, limit: float, keep: bool) -> Row:
        """Build, simulate and prove it."""
        design = WORK / self.folder / self.path.stem
        large = self.folder == "public" or "--pixels" in self.options
        simulator = ("--simulator", "verilator" if large else "icarus")
        design.parent.mkdir(parents=True, exist_ok=True)
        row = self.key | {"options": " ".join(self.options)}
        built = timed(limit, "build", str(self.path), "-o", str(design), *self.options)
        row |= {"build": built}
        if built["status"] != "passed":
            return row
        plan = read_plan(design / "plan.json")
        cost = chain_cost(plan.stages, plan.target)
        if large:
            with np.load(design / "vectors.npz") as vectors:
                have = len(vectors["x"])
            count = max(MOST_CYCLES // plan.interval_cycles, LEAST_SAMPLES)
            simulator += ("--samples", str(min(count, have)))
        row |= {
            "styles": sorted({layer.style for layer in plan.layers}),
            "cycles": plan.interval_cycles,
            "luts": cost.luts,
            "brams": cost.brams,
            "simulated": " ".join(simulator),
        }
        return self.judge(row, limit, keep)

    def judge(self, row: Row, limit: float, keep: bool) -> Row:
        """Simulate and prove what was built, as far as that has not passed."""
        design = WORK / self.folder / self.path.stem
        commands = {"sim": str(row["simulated"]).split(), "prove": []}
        for step, more in commands.items():
            if row.get(step, {}).get("status") != "passed":
                row |= {step: timed(limit, step, str(design), *more)}
        if not keep:
            shutil.rmtree(design)
        return row


def files(data: Path, pattern: str) -> list[File]:
    """The files to build, small ones first."""
    index = json.loads((data / "index.json").read_text())
    found = [
        File(
            path=data / folder / entry["file"],
            folder=folder,
            options=tuple(options_of(entry).split()),
        )
        for folder, listed in index.items()
        for entry in listed
        if entry["expect"] == "build" and re.search(pattern, f"{folder}/{entry['file']}")
    ]
    return sorted(found, key=lambda file: (file.folder == "public", file.path.stat().st_size))


def options_of(entry: dict[str, str]) -> str:
    """Options of `hwgen build`."""
    return f"{OPTIONS.get(Path(entry['file']).stem, '')} {entry.get('input_option', '')}"


HEAD = (
    "file",
    "options",
    "style",
    "cycles",
    "LUTs",
    "block RAMs",
    "build, s",
    "sim, s",
    "prove, s",
)


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a row for people."""
    styles = ", ".join(row.get("styles", []))
    counts = [f"{row[key]:,}" if key in row else "" for key in ("cycles", "luts", "brams")]
    steps = [seconds(row.get(step, {})) for step in ("build", "sim", "prove")]
    options = f"`{row['options']}`" if row["options"] else ""
    return str(row["case"]), options, styles, *counts, *steps


def seconds(step: Row) -> str:
    """Processor seconds of a step that passed, or how it ended."""
    match step.get("status"):
        case "passed":
            return f"{step['cpu_s']:.0f}"
        case "time limit":
            return f"not within {step['limit_s']:.0f} s"
        case "failed":
            return f"failed: {step['says']}"
        case _:
            return ""


def markdown(rows: list[Row]) -> str:
    """The tables of docs/import.md: a row a file, one for all of the operators."""
    small = [row for row in rows if str(row["case"]).startswith("operators/")]
    shown = [row for row in rows if row not in small or not passed(row)]
    lines = [HEAD, ("---",) * len(HEAD), *map(cells, shown)]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    count = sum(map(passed, small))
    return f"{text}\n\n{count} of {len(small)} files of one operator pass every step."


def passed(row: Row) -> bool:
    """Whether a file was built, simulated and proved."""
    return all(row.get(step, {}).get("status") == "passed" for step in ("build", "sim", "prove"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with index.json")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--markdown", action="store_true", help="print the table of the documents")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows of all runs")
    parser.add_argument("--match", default="", help="only files whose name has this expression")
    parser.add_argument("--anew", action="store_true", help="measure also what FILE holds")
    parser.add_argument("--failed", action="store_true", help="measure steps that did not pass")
    parser.add_argument("--kept", action="store_true", help="measure nothing, show what FILE holds")
    parser.add_argument("--keep", action="store_true", help=f"keep the designs in {WORK}")
    parser.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds of a step")
    args = parser.parse_args()
    kept = RowFile(args.out, {"yosys": find_yosys().version})
    todo, rows = files(args.data, args.match), []
    for file in track(todo, description="files", console=Console(stderr=True)):
        row = None if args.anew else kept.find(file.key)
        if args.failed and row is not None and "simulated" in row and not passed(row):
            row = kept.add(file.judge(row, args.limit, args.keep))
        elif row is None and not args.kept:
            row = kept.add(file.measure(args.limit, args.keep))
        if row is not None:
            rows.append(row)
    if args.markdown:
        print(markdown(rows))
    elif args.json:
        print(json.dumps({"rows": rows}, indent=1))
    else:
        table = Table(*HEAD, title="ONNX files, built, simulated and proved")
        for row in rows:
            table.add_row(*cells(row))
        Console().print(table)


if __name__ == "__main__":
    main()

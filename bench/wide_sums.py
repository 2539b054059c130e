"""Seconds and memory of building and proving nets of 4 to 16 bits, in both styles.

    python bench/wide_sums.py [--json] [--markdown] [--out FILE] [--bits 4 8 12 16]
                              [--styles unrolled folded] [--targets xc7 ice40 ecp5]

Each net is 4-4-2 with inputs, weights and codes of so many bits, thresholds of a scale and an
offset a channel, an argmax at the end. Building and proving are the commands `hwgen build` and
`hwgen prove`, each a process of its own: processor seconds and most memory, its tools' included.
LUTs and block RAMs are the plan's estimate. With `--out FILE` rows are kept there, and those of the
same Yosys are not measured again: remove the file to measure all anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from row_file import Row, RowFile
from torch import nn

from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant, export_graph, save_model
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import TARGETS
from hwgen.plan.plan_file import read_plan
from hwgen.synth.tools import find_yosys

BITS = (4, 8, 12, 16)
STYLES = ("unrolled", "folded")
SEED = 0
LIMIT_SECONDS = 1800


def write_model(path: Path, bits: int) -> None:
    """Write a 4-4-2 net of so many bits."""
    torch.manual_seed(SEED)
    pixels = QuantInput(bits, scale=1 / (2**bits - 1))
    codes = QuantActivation(bits, calibration_steps=5)
    net = nn.Sequential(
        pixels,
        QuantLinear(4, 4, quant=WeightQuant(bits=bits), source=pixels),
        nn.BatchNorm1d(4),
        codes,
        QuantLinear(4, 2, quant=WeightQuant(bits=bits, scale="tensor"), source=codes),
    )
    for _ in range(20):
        net(torch.rand(32, 4))
    save_model(export_graph(net.eval(), name="wide", input_shape=(4,)), path)


# resource.getrusage of children counts those of all commands before, so that each has a parent
MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def measured(*command: str) -> dict[str, float]:
    """Run hwgen; processor seconds and MB."""
    hwgen = Path(sys.executable).with_name("hwgen")
    text = subprocess.run(
        [sys.executable, "-c", MEASURE, str(hwgen), *command],
        stdout=subprocess.PIPE,
        check=True,
        timeout=LIMIT_SECONDS,
    ).stdout
    status, seconds, kilobytes = json.loads(text)
    if status:
        raise SystemExit(f"hwgen {' '.join(command)} failed")
    return {"cpu_s": round(seconds, 1), "mb": round(kilobytes / 1024)}


def named(bits: int, style: str, target: str) -> Row:
    """What a row is found by."""
    return {"measure": style, "case": f"4-4-2 of {bits} bits", "target": target}


def row(bits: int, style: str, target: str) -> Row:
    """Build and prove one net."""
    with tempfile.TemporaryDirectory() as work:
        model, folder = Path(work) / "wide.pt", Path(work) / "design"
        write_model(model, bits)
        built = measured(
            "build", str(model), "-o", str(folder), "--style", style, "--target", target
        )
        proved = measured("prove", str(folder))
        plan = read_plan(folder / "plan.json")
    cost = chain_cost(plan.stages, plan.target)
    return named(bits, style, target) | {
        "bits": bits,
        "ours": round(built["cpu_s"] + proved["cpu_s"], 1),
        "build": built,
        "prove": proved,
        "luts": cost.luts,
        "brams": cost.brams,
        "seed": SEED,
    }


HEAD = ("bits", "style", "target", "build, s", "MB", "prove, s", "MB", "LUTs", "block RAMs")


def cells(item: Row) -> tuple[str, ...]:
    """The cells of a row for people."""
    built, proved = item["build"], item["prove"]
    return (
        *(str(item["bits"]), str(item["measure"]), str(item["target"])),
        *(f"{built['cpu_s']:.1f}", f"{built['mb']:,}", f"{proved['cpu_s']:.1f}"),
        *(f"{proved['mb']:,}", f"{item['luts']:,}", f"{item['brams']:,}"),
    )


def markdown(rows: list[Row]) -> str:
    """The table of docs/requantization.md."""
    lines = [HEAD, ("---",) * len(HEAD), *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def print_table(rows: list[Row]) -> None:
    """The rows for people."""
    table = Table(*HEAD, title="Building and proving 4-4-2 nets")
    for item in rows:
        table.add_row(*cells(item))
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--markdown", action="store_true", help="print the table of the documents")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows of all runs")
    parser.add_argument("--bits", nargs="*", type=int, default=list(BITS))
    parser.add_argument("--styles", nargs="*", default=list(STYLES), choices=STYLES)
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    args = parser.parse_args()
    kept = RowFile(args.out, {"yosys": find_yosys().version})
    cases = [(b, s, t) for t in args.targets for s in args.styles for b in args.bits]
    rows = [
        kept.find(named(*case)) or kept.add(row(*case))
        for case in track(cases, description="wide sums", console=Console(stderr=True))
    ]
    if args.markdown:
        print(markdown(rows))
    elif args.json:
        print(json.dumps({"rows": rows}, indent=1))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()

"""Folded units on sparse layers against the same unit in dense mode, in one run.

    python bench/folded/units.py [--json] [--full] [--targets xc7 ecp5] [--only "64x64 90%" ...]
    python bench/folded/units.py --markdown         the table of docs/folded.md
    python bench/folded/units.py --lut-memories     the same without block RAMs
    python bench/folded/units.py --cheap-blocks     the same with block RAMs at ten LUTs each
    python bench/folded/units.py --accumulators     LUTs against the width of the accumulators
    python bench/folded/units.py --excess           cycles over the bound, many layers, no synthesis
    python bench/folded/units.py --scale            planning and Verilog of up to a million nonzeros

Each row is one layer with random weights: our unit that skips zeros, and dense mode (--no-skip),
each with the narrowest input stream that keeps up. Every plan is run on random vectors against the
matrix first. `ratio` is LUTs times cycles over that of dense mode; FINN is its analytic model.
With `--out FILE` rows are kept there, and those of the same tools are not measured again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.folded.layers import Case
from bench.folded.markdown_table import markdown
from bench.folded.plot import draw
from bench.folded.rows import accumulators, cheap_blocks, compare, excess, scale, without_blocks
from bench.shared.row_file import Row, RowFile
from hwgen.synth.targets import find_target
from hwgen.synth.tools import find_nextpnr, find_yosys

TARGETS = ("xc7", "ecp5")


def layers(
    sizes: tuple[int, ...],
    zeros: tuple[float, ...],
    folds: tuple[tuple[int, int], ...] = ((4, 4),),
    bits: tuple[int, ...] = (4, 2),
) -> list[Case]:
    """Give the layers of all combinations."""
    return [
        Case(size=n, zeros=z, weight_bits=b, input_bits=b, pe=pe, simd=simd)
        for n, z, b, (pe, simd) in product(sizes, zeros, bits, folds)
    ]


FOLDS = ((4, 1), (4, 4), (8, 4))
DEFAULT = layers((64, 128, 256), (0.0, 0.9))
FULL = layers((64, 128, 256, 512), (0.0, 0.5, 0.8, 0.9, 0.95, 0.98), FOLDS)
EXACT = layers((64,), (0.9,))
SCALES = ((256, 0.9), (512, 0.9), (1024, 0.95), (2048, 0.9), (2048, 0.76))
LARGE = [layers((size,), (zeros,), ((8, 8),), (4,))[0] for size, zeros in SCALES]
MEASURES: dict[str, tuple[Callable[[Case, str], Row], list[Case]]] = {
    "compare": (compare, DEFAULT),
    "lut-memories": (without_blocks, DEFAULT),
    "cheap-blocks": (cheap_blocks, DEFAULT),
    "accumulators": (accumulators, EXACT),
    "excess": (excess, [case for case in FULL if case.zeros >= 0.5]),
    "scale": (scale, LARGE),
}
WITHOUT_SYNTHESIS = ("excess", "scale")  # one target by default: the other hardly differs


def versions() -> dict[str, str]:
    """The tools that the figures depend on."""
    nextpnr = find_nextpnr(find_target("ecp5").nextpnr)
    return {"yosys": find_yosys().version, "nextpnr": nextpnr.version}


def alone(measured: Callable[[Case, str], Row], case: Case, target: str) -> Row:
    """Measure a row in a process of its own, whose peak of memory is that of the row."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measured, case, target).result()


def print_table(rows: list[Row]) -> None:
    """Flat values of the rows for people; of measured units LUTs, cycles and block RAMs."""
    table = Table()
    cells = [flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in cells for name in row))
    for name in names:
        table.add_column(name)
    for row in cells:
        table.add_row(*(str(row.get(name, "")) for name in names))
    Console().print(table)


def flat(row: Row) -> dict[str, object]:
    """Measured units as a few columns each."""
    found: dict[str, object] = {}
    for name, value in row.items():
        if name in ("ours", "baseline") and isinstance(value, dict):
            for key in ("luts", "cycles", "brams", "fmax_mhz"):
                found[f"{name} {key}"] = value[key]
        elif name not in ("measure", "tools"):
            found[name] = value
    return found


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--markdown", action="store_true", help="print the table of the documents")
    parser.add_argument("--full", action="store_true", help="all layers: hours")
    parser.add_argument("--targets", nargs="*", choices=TARGETS)
    parser.add_argument("--plot", type=Path, help="with --scale: an SVG file to write")
    parser.add_argument("--only", nargs="*", default=[""], help="layers whose name contains one")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows of all runs")
    for name in MEASURES:
        parser.add_argument(
            f"--{name}", action="store_const", const=name, dest="measure", default="compare"
        )
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = arguments()
    measured, cases = MEASURES[args.measure]
    cases = FULL if args.full else cases
    targets = args.targets or TARGETS[: 1 if args.measure in WITHOUT_SYNTHESIS else None]
    chosen = [case for case in cases if any(part in case.name for part in args.only)]
    work = [(case, target) for case in chosen for target in targets]
    kept, rows = RowFile(args.out, versions()), []
    for case, target in track(work, description="folded", console=Console(stderr=True)):
        name: Row = {"measure": args.measure, "case": case.name, "target": target}
        row = kept.find(name) or kept.add(name | alone(measured, case, target))
        rows.append(row)
        print(json.dumps(row), file=sys.stderr)
    if args.measure == "scale" and args.plot:
        args.plot.write_text(draw(rows))
    if args.markdown:
        print(markdown(rows))
        return
    if args.json:
        print(json.dumps({"rows": rows, "seed": 0}, indent=1))
        return
    print_table(rows)


if __name__ == "__main__":
    main()

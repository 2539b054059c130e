"""Whole nets against the same architecture with 32-bit accumulators, unrolled and folded.

    python bench/whole_nets/dense.py [--json] [--out FILE] [--only unrolled|folded]
                                     [--plot FILE.svg] [--match REGEX] [--data DIR] [--most-luts N]
                                     [--most-placed N] [--most-proved N] [NAME ...]

NAME is digits, fashion_mnist or nsl_kdd; all by default, digits alone needs no data folder. Nets
are trained once and kept in `rtl_out/whole_nets`. Every row is written to FILE when it is done,
and a run takes up where FILE ends. All designs are compared with the integer reference when they
are built; `luts` are Yosys', `planned_luts` the planner's own count. Designs of more planned LUTs
than the limits are not synthesised, placed or proved.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.whole_nets.parts.cases import Case, cases
from bench.whole_nets.parts.folded import CLOCK_MHZ, Folded
from bench.whole_nets.parts.plot import drawing
from bench.whole_nets.parts.rows import MOST_LUTS, MOST_PROVED, Place, Row
from hwgen.files import write_beside

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "rtl_out" / "whole_nets"
KINDS = ("unrolled", "part", "folded")
NETS = ("digits", "fashion_mnist", "nsl_kdd")
COLUMNS = ("case", "share_of_float", "adders", "planned_luts", "planned_luts_32", "luts")
COLUMNS_FOLDED = ("case", "interval_cycles", "planned_luts", "luts", "brams", "memory_bits")
FOLDED_RATIOS = ("luts", "priced_luts", "planned_luts", "planned_priced_luts")
LIMITS = {"most_luts": MOST_LUTS, "most_placed": MOST_LUTS, "most_proved": MOST_PROVED}
COLUMNS_PLACED = ("fmax_mhz", "samples_a_second")


def ratios(rows: list[Row]) -> list[Row]:
    """Give our LUTs beside the baselines': {case, ours, baseline, ratio}, ratio above 1 is ours."""
    by_case = {str(row["case"]): row for row in rows}
    found = []
    for row in rows:
        if row["kind"] == "folded" and not row["dense"]:
            goal = f"{row['fps']}, {row['target']}"
            base = by_case.get(f"folded, {row['model']} qat, {goal}")
            found += [(row, key, base, key) for key in FOLDED_RATIOS]
        elif row["kind"] == "unrolled" and "qat" not in str(row["model"]):
            net = str(row["model"]).split()[0]
            for name in (f"unrolled, {net} qat", f"unrolled, {net} qat W4"):
                base = by_case.get(name)
                found.append((row, "planned_luts", base, "planned_luts_32"))
                found.append((row, "planned_luts", base, "planned_luts"))
                found.append((row, "luts", base, "luts"))
            found.append((row, "luts", by_case.get(f"unrolled, {net} qat, 32 bits"), "luts"))
    return [
        {
            "case": f"{ours['case']}, {key}; {base['case']}, {base_key}",
            "ours": ours[key],
            "baseline": base[base_key],
            "ratio": round(float(str(base[base_key])) / float(str(ours[key])), 2),
        }
        for ours, key, base, base_key in found
        if base is not None and ours.get(key) and base.get(base_key)
    ]


def wanted(only: str | None, names: list[str]) -> list[Case]:
    """Give the rows that are asked for."""
    kinds = {None: KINDS, "unrolled": KINDS[:2]}.get(only, KINDS[2:])
    return [
        case
        for case in cases()
        if case.case.split(",")[0] in kinds and case.model.split()[0] in names
    ]


def measure(todo: list[Case], out: Path, place: Place) -> list[Row]:
    """Add the rows that the file does not hold yet."""
    rows: list[Row] = json.loads(out.read_text())["rows"] if out.is_file() else []
    done = {row["case"] for row in rows}
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(todo))
        for case in todo:

            def say(step: str, name: str = case.case) -> None:
                bar.update(task, description=f"{name}: {step}")

            if case.case not in done:
                rows.append(case.row(replace(place, say=say)))
                with write_beside(out) as partial:
                    partial.write_text(json.dumps(document(rows), indent=1) + "\n")
            bar.advance(task)
    return rows


def document(rows: list[Row]) -> dict[str, object]:
    """Give the JSON document."""
    return {"clock_mhz": CLOCK_MHZ, "ratios": ratios(rows), "rows": rows}


def print_tables(rows: list[Row], todo: list[Case]) -> None:
    """Print the rows that were asked for, and the ratios."""
    asked, console = {case.case for case in todo}, Console()
    folded = any(isinstance(case, Folded) for case in todo)
    columns = (*COLUMNS, *COLUMNS_FOLDED[1:2], *COLUMNS_FOLDED[4:], *COLUMNS_PLACED)
    table = Table(*(columns if folded else COLUMNS), title="whole nets")
    for row in rows:
        if row["case"] in asked:
            cells = (row.get(key) for key in (columns if folded else COLUMNS))
            table.add_row(*("" if value is None else str(value) for value in cells))
    console.print(table)
    for row in ratios([row for row in rows if row["case"] in asked]):
        console.print(f"{row['ratio']:>8} {row['case']}", markup=False, highlight=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, default=WORK / "rows.json", help="rows, as they come")
    parser.add_argument("--only", choices=("unrolled", "folded"), help="one style alone")
    parser.add_argument("--match", default="", help="only rows whose name has this expression")
    parser.add_argument("--plot", type=Path, help="draw the folded designs as SVG")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    for limit, usual in LIMITS.items():
        words = f"planned LUTs of a design; default {usual}"
        parser.add_argument(f"--{limit.replace('_', '-')}", type=int, default=usual, help=words)
    parser.add_argument("names", nargs="*", help="nets; all by default")
    args = parser.parse_args()
    if not set(args.names) <= set(NETS):
        parser.error(f"NAME must be of {', '.join(NETS)}, not {' '.join(args.names)}")
    todo = [c for c in wanted(args.only, args.names or list(NETS)) if re.search(args.match, c.case)]
    limits = {limit: getattr(args, limit) for limit in LIMITS}
    place = Place(work=WORK, data=args.data, say=lambda _: None, **limits)
    rows = measure(todo, args.out, place)
    if args.plot:
        args.plot.write_text(drawing(rows), encoding="utf-8")
    if args.json:
        print(json.dumps(document(rows), indent=1))
    else:
        print_tables(rows, todo)


if __name__ == "__main__":
    main()

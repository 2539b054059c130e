"""Folded units on sparse layers against the same unit in dense mode, in one run.

    python bench/folded.py [--json] [--full] [--targets xc7 ecp5] [--only "64x64 90%"]
    python bench/folded.py --lut-memories     the same without block RAMs
    python bench/folded.py --accumulators     LUTs against the width of the accumulators
    python bench/folded.py --excess           cycles over the bound, many layers, no synthesis
    python bench/folded.py --scale            planning and Verilog of up to a million nonzeros

Each row is one layer with random weights: our unit that skips zeros, and dense mode (--no-skip),
each with the narrowest input stream that keeps up. Every plan is run on random vectors against the
matrix first. `ratio` is LUTs times cycles over that of dense mode; FINN is its analytic model.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path

from folded_layers import Case, measure, planned, verilog_of_unit
from folded_plot import draw
from rich.console import Console
from rich.progress import track
from rich.table import Table

from hwgen.plan.design import LUTS_PER_BLOCK

NEVER = 10**9  # LUTs that a block RAM never saves
Row = dict[str, object]

TARGETS = ("xc7", "ecp5")
WIDTHS = (32, 16, 12)  # accumulator bits beside the exact ones
DEFAULT = [
    *(Case(size=64, zeros=z, weight_bits=4, input_bits=4, pe=4, simd=4) for z in (0.0, 0.9)),
    Case(size=64, zeros=0.9, weight_bits=2, input_bits=2, pe=4, simd=4),
    Case(size=128, zeros=0.9, weight_bits=4, input_bits=4, pe=4, simd=4),
    Case(size=256, zeros=0.9, weight_bits=4, input_bits=4, pe=4, simd=2),
]
FULL = [
    Case(size=n, zeros=z, weight_bits=b, input_bits=b, pe=pe, simd=simd)
    for n, z, b, (pe, simd) in product(
        (64, 128, 256, 512), (0.0, 0.5, 0.8, 0.9, 0.95, 0.98), (4, 2), ((4, 1), (4, 4), (8, 4))
    )
]
SCALES = ((256, 0.9), (512, 0.9), (1024, 0.95), (2048, 0.9), (2048, 0.76))


def compare(case: Case, target: str, luts_per_block: int = LUTS_PER_BLOCK) -> Row:
    """Measure one layer on one target, zeros skipped and dense."""
    skipped = measure(planned(case, target, luts_per_block=luts_per_block), target)
    dense = measure(planned(case, target, luts_per_block=luts_per_block, skip=False), target)
    bound = bound_of(case)
    return {
        "case": case.name,
        "target": target,
        "ours": skipped,
        "baseline": dense,
        "ratio": round(skipped["luts_x_cycles"] / dense["luts_x_cycles"], 4),
        "luts_ratio": round(skipped["luts"] / dense["luts"], 3),
        "fmax_ratio": fmax_ratio(skipped, dense),
        "bound_cycles": bound,
        "excess": round(skipped["cycles"] / bound, 3),
        "finn_luts": case.finn_luts(),
    }


def bound_of(case: Case) -> int:
    """Nonzeros over multipliers, rounded up."""
    return -(-int((case.weights() != 0).sum()) // (case.pe * case.simd))


def fmax_ratio(ours: Row, dense: Row) -> float | None:
    """Clock frequency against dense mode, where both were placed."""
    if not ours["fmax_mhz"] or not dense["fmax_mhz"]:
        return None
    return round(ours["fmax_mhz"] / dense["fmax_mhz"], 3)


def accumulators(case: Case, target: str) -> Row:
    """LUTs of one layer with exact accumulators and with wider ones."""
    exact = measure(planned(case, target), target)
    row: Row = {"case": case.name, "target": target, "exact_bits": max(exact["accumulator_bits"])}
    row["ours"] = exact["luts"]
    for bits in WIDTHS:
        if bits > row["exact_bits"]:
            options = {"accumulator": "signed", "minimum_bits": bits}
            row[f"P={bits}"] = measure(planned(case, target, **options), target)["luts"]
    row["baseline"] = row["P=32"]
    row["ratio"] = round(row["P=32"] / exact["luts"], 3)
    return row


def excess(case: Case, target: str) -> Row:
    """Cycles against the bound, without synthesis."""
    cycles, bound = planned(case, target).stage.cycles, bound_of(case)
    ratio = round(cycles / bound, 3)
    return {"case": case.name, "target": target, "ours": cycles, "bound": bound, "ratio": ratio}


def scale(case: Case, target: str) -> Row:
    """Processor seconds and memory to plan a large layer and to write its Verilog."""
    start = cpu_s()
    plan = planned(case, target)
    planned_s = cpu_s() - start
    text = verilog_of_unit(plan.stage)
    peaks = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "case": case.name,
        "target": target,
        "nonzeros": plan.stage.nonzero,
        "cycles": plan.stage.cycles,
        "plan_cpu_s": round(planned_s, 1),
        "verilog_cpu_s": round(cpu_s() - start - planned_s, 1),
        "verilog_mb": round(len(text) / 1e6, 1),
        "peak_mb": max(peak.ru_maxrss for peak in peaks) // 1024,
    }


def cpu_s() -> float:
    """Processor time of this process and its children."""
    return sum(os.times()[:4])


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
        if isinstance(value, dict):
            for key in ("luts", "cycles", "brams", "fmax_mhz"):
                found[f"{name} {key}"] = value[key]
        else:
            found[name] = value
    return found


def jobs(args: argparse.Namespace) -> tuple[Callable[[Case, str], Row], Iterable[Case]]:
    """Give what is measured, and on which layers."""
    if args.accumulators:
        return accumulators, [
            Case(size=64, zeros=0.9, weight_bits=w, input_bits=w, pe=4, simd=4) for w in (4, 2)
        ]
    if args.excess:
        return excess, [case for case in FULL if case.zeros >= 0.5]
    if args.scale:
        fold = {"weight_bits": 4, "input_bits": 4, "pe": 8, "simd": 8}
        return scale, [Case(size=size, zeros=zeros, **fold) for size, zeros in SCALES]
    cases = FULL if args.full else DEFAULT
    return (partial(compare, luts_per_block=NEVER) if args.lut_memories else compare), cases


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--full", action="store_true", help="all layers: hours")
    parser.add_argument("--targets", nargs="*", choices=TARGETS)
    parser.add_argument("--plot", type=Path, help="with --scale: an SVG file to write")
    parser.add_argument("--only", default="", help="layers whose name contains this")
    for name in ("accumulators", "excess", "scale", "lut-memories"):
        parser.add_argument(f"--{name}", action="store_true")
    args = parser.parse_args()
    measured, cases = jobs(args)
    targets = args.targets or (TARGETS[:1] if args.excess or args.scale else TARGETS)
    work = [(case, target) for case in cases if args.only in case.name for target in targets]
    progress = track(work, description="folded", console=Console(stderr=True))
    rows = []
    for case, target in progress:
        rows.append(measured(case, target))
        print(json.dumps(rows[-1]), file=sys.stderr)
    if args.scale and args.plot:
        args.plot.write_text(draw(rows))
    if args.json:
        print(json.dumps({"rows": rows, "seed": 0}, indent=1))
        return
    print_table(rows)


if __name__ == "__main__":
    main()

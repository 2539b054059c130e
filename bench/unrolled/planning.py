"""How planning and emission of an unrolled unit grow with the matrix: processor time and memory.

    python bench/unrolled/planning.py [--json] [--plot FILE.svg] [--target xc7] [--shape sparse]
                                      [SIZE ...]

Weights of 4 bits, inputs of 4 bits, the default effort; `--shape` is a square matrix with 5 % of
its weights not zero, or a dense one, or one row, or one column, of SIZE columns or rows. Each
size runs in a process of its own, so that its memory is its own. `slope` is the exponent of a
power of the nonzeros fitted to the planning time: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from hwgen.emit import verilog_of
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design

DENSITY = 0.05
SIZES = {
    "sparse": (64, 128, 256, 512),
    "dense": (16, 32, 64, 128),
    "row": (1000, 2000, 5000, 16_000),
    "column": (1000, 2000, 4000, 8000),
}


def measure(size: int, target: str, shape: str) -> dict[str, float]:
    """Plan and emit one matrix in this process."""
    rng = np.random.default_rng(size)
    rows, columns = {"row": (1, size), "column": (size, 1)}.get(shape, (size, size))
    weights = np.round(rng.laplace(0.0, 2.0, (rows, columns))).clip(-7, 7)
    weights[weights == 0] = 1
    kept = rng.random((rows, columns)) < (DENSITY if shape == "sparse" else 1)
    weights = (weights * kept).astype(np.int64)
    graph = matrix_graph("scale", weights, IntType(bits=4, signed=False))
    options = BuildOptions(style="unrolled", target=target)
    start = time.process_time()
    plan = plan_design(graph, options)
    planned = time.process_time()
    verilog_of(plan)
    yosys = resource.getrusage(resource.RUSAGE_CHILDREN)  # Amaranth's, which writes the Verilog
    emitted = time.process_time() + yosys.ru_utime + yosys.ru_stime
    own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    adders = plan.stages[0].graph
    return {
        "case": f"{rows}x{columns}",
        "nonzero": int(np.count_nonzero(weights)),
        "plan_cpu_s": round(planned - start, 1),
        "emit_cpu_s": round(emitted - planned, 1),
        "peak_mb": max(own_peak, yosys.ru_maxrss) // 1024,
        "adders": len(adders.adders),
        "model_luts": graph_luts(adders, target),
    }


def slope(rows: list[dict[str, float]]) -> float:
    """Exponent of the planning time over the nonzeros, by least squares on logarithms."""
    x = [math.log(row["nonzero"]) for row in rows]
    y = [math.log(max(row["plan_cpu_s"], 0.01)) for row in rows]
    return float(np.polyfit(x, y, 1)[0])


def plot(rows: list[dict[str, float]]) -> str:
    """Times over nonzeros, both axes logarithmic, as SVG."""
    wide, high, left, low = 480, 300, 60, 40

    def across(value: float) -> float:
        return left + (wide - left - 20) * (math.log10(value) - 1.5) / 3.5

    def up(value: float) -> float:
        return high - low - (high - low - 20) * (math.log10(max(value, 0.1)) + 1) / 4

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family='
        '"sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    ]
    parts += [
        f'<text x="{across(10**k):.0f}" y="{high - 22}">{10**k:,}</text>' for k in (2, 3, 4, 5)
    ]
    parts += [f'<text x="8" y="{up(10.0**k):.0f}">{10.0**k:g} s</text>' for k in (-1, 0, 1, 2, 3)]
    parts.append(f'<text x="{wide // 2}" y="{high - 4}" text-anchor="middle">nonzeros</text>')
    for key, colour in (("plan_cpu_s", "#1f5fa8"), ("emit_cpu_s", "#c05a1c")):
        points = " ".join(f"{across(r['nonzero']):.1f},{up(r[key]):.1f}" for r in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        label = key.split("_")[0]
        parts.append(f'<text x="{left}" y="{30 if label == "plan" else 46}" fill="{colour}">')
        parts.append(f"{label}</text>")
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", type=Path, help="write a plot here")
    parser.add_argument("--target", default="xc7", choices=TARGETS)
    parser.add_argument("--shape", default="sparse", choices=SIZES)
    parser.add_argument("sizes", nargs="*", type=int)
    args = parser.parse_args()
    rows = []
    for size in track(args.sizes or SIZES[args.shape], "planner", console=Console(stderr=True)):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, (size, args.target, args.shape)))
    if args.plot:
        args.plot.write_text(plot(rows))
    if args.json:
        print(
            json.dumps(
                {"target": args.target, "shape": args.shape, "rows": rows, "slope": slope(rows)},
                indent=1,
            )
        )
        return
    table = Table(*rows[0], title=f"planning for {args.target}, {args.shape}")
    for row in rows:
        table.add_row(*(f"{value:,}" if value != row["case"] else value for value in row.values()))
    Console().print(table)
    Console().print(f"planning time grows as nonzeros ** {slope(rows):.2f}")


if __name__ == "__main__":
    main()

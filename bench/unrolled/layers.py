"""LUTs of unrolled layers: a matrix with true sums at its outputs, and the same with thresholds.

    python bench/unrolled/layers.py [--json] [--out FILE] [--targets xc7 ice40 ecp5] [NAME ...]

The public matrices again (bench/unrolled/peers.py), combinational. `sums` makes the true sums.
Behind the same matrix stand thresholds to 2-bit codes, three for each row at the quartiles of its
sum over random inputs: `unit` is the matrix alone in that layer, whose constants and offsets are
left to the thresholds, `layer` both. Every plan is compared with the thresholds on random vectors
before.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.shared.matrices import SUITE, matrix
from bench.shared.synthesis import verilog_luts
from hwgen.emit import verilog_of
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Graph, Threshold
from hwgen.numeric import IntType
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.reference import outputs

CODES = IntType(bits=2, signed=False)
VECTORS = 1000


def with_thresholds(graph: Graph, x: np.ndarray) -> Graph:
    """Give the matrix with thresholds at the quartiles of its sums."""
    (dense,) = graph.nodes
    quartiles = np.quantile(x @ dense.weight.T, (0.25, 0.5, 0.75), axis=0).T
    thresholds = np.ceil(quartiles).astype(np.int64)
    activation = Threshold(
        name="activation", inputs=(dense.name,), thresholds=thresholds, output=CODES
    )
    nodes = (dense, activation)
    return Graph(name=graph.name, input=graph.input, nodes=nodes, output=activation.name)


def row(name: str, target: str) -> dict[str, object]:
    """One matrix on one target."""
    weights, bits = matrix(name)
    x = np.random.default_rng(0).integers(0, 1 << bits, (VECTORS, weights.shape[1]))
    plain = matrix_graph(name, weights, IntType(bits=bits, signed=False))
    layer = with_thresholds(plain, x)
    options = BuildOptions(style="unrolled", target=target, pipeline="none")
    counts: dict[str, int] = {}
    for graph, parts in ((plain, {"sums": "__dense"}), (layer, {"unit": "__dense", "layer": ""})):
        plan = plan_design(graph, options)
        expected = outputs(graph, x)
        if not np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), expected):
            raise SystemExit(f"{name}: the plan differs from the reference")
        text = verilog_of(plan)
        counts |= {
            part: verilog_luts(text, plan.name + end, target, clock=None)
            for part, end in parts.items()
        }
    ratio = round(counts["unit"] / counts["sums"], 3)
    return {"case": name, "target": target, **counts, "unit_of_sums": ratio}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write the document here, after each row")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("names", nargs="*", default=list(SUITE))
    args = parser.parse_args()
    cases = [(name, target) for name in args.names or SUITE for target in args.targets]
    rows: list[dict[str, object]] = []
    for name, target in track(cases, description="layers", console=Console(stderr=True)):
        rows.append(row(name, target))
        if args.out:
            args.out.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    table = Table(title="LUTs of a matrix with true sums, and with thresholds")
    for column in rows[0]:
        table.add_column(column, justify="left" if column == "case" else "right")
    for item in rows:
        table.add_row(*map(str, item.values()))
    Console().print(table)


if __name__ == "__main__":
    main()

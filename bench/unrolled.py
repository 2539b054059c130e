"""LUTs of unrolled matrix-vector units, ours and the peers', on the public matrices in one run.

    python bench/unrolled.py [--json] [--targets xc7 ice40 ecp5] [NAME ...]

Combinational y = W x with the true sums at the outputs, the same Yosys for all, LUT sites as
`hwgen synth` counts them. The opponent is the best of da4ml, alkaid and alkaid with its fusion of
three-operand adders, each as shipped and with additions mapped to carry chains first. Our netlist
is the one that `hwgen build` plans, which is compared with the matrix on random vectors before.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from pathlib import Path

import numpy as np
from matrices import SUITE, matrix
from peers import PEERS, TOP, emit_peer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from hwgen.emit import verilog_of
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.synth.run import synthesise_verilog
from hwgen.synth.yosys import GENERAL_MAP

VECTORS = 200


def ours(name: str, target: str) -> dict[str, object]:
    """Our LUTs for a matrix, and how long planning took."""
    weights, bits = matrix(name)
    graph = matrix_graph(name, weights, IntType(bits=bits, signed=False))
    options = BuildOptions(style="unrolled", target=target, pipeline="none")
    start = time.perf_counter()
    plan = plan_design(graph, options)
    seconds = time.perf_counter() - start
    x = np.random.default_rng(1).integers(0, 2**bits, (VECTORS, weights.shape[1]))
    if not np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), x @ weights.T):
        raise SystemExit(f"{name}: our plan differs from the matrix")
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "ours.v"
        file.write_text(verilog_of(plan))
        luts = synthesise_verilog([file], f"{plan.name}_dense", target).total.luts
    return {"luts": luts, "plan_s": round(seconds, 2)}


def peers(name: str, target: str) -> dict[str, int]:
    """LUTs of every peer and variant."""
    weights, bits = matrix(name)
    found = {}
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as work:
            files = emit_peer(peer, weights, bits, Path(work) / TOP)
            for variant, alu_map in (("shipped", False), ("carry chains", True)):
                result = synthesise_verilog(
                    files, TOP, target, alu_map=alu_map, adder_map=GENERAL_MAP
                )
                found[f"{peer}, {variant}"] = result.total.luts
    return found


def row(name: str, target: str) -> dict[str, object]:
    """One matrix on one target."""
    own, rivals = ours(name, target), peers(name, target)
    best = min(rivals, key=lambda peer: rivals[peer])
    return {
        "case": name,
        "target": target,
        "ours": own["luts"],
        "peer": rivals[best],
        "best_peer": best,
        "ratio": round(own["luts"] / rivals[best], 3),
        "plan_s": own["plan_s"],
        "peers": rivals,
    }


def print_table(rows: list[dict[str, object]]) -> None:
    """The rows for people, with the geometric mean of each target."""
    table = Table(title="LUTs of unrolled units: ours against the best peer")
    for column in ("matrix", "target", "ours", "best peer", "which", "ratio"):
        table.add_column(column, justify="left" if column in ("matrix", "which") else "right")
    for item in rows:
        cells = (item[key] for key in ("case", "target", "ours", "peer", "best_peer", "ratio"))
        table.add_row(*(str(cell) for cell in cells))
    console = Console()
    console.print(table)
    for target, mean in geometric_means(rows).items():
        console.print(f"{target}: geometric mean of the ratios {mean:.3f}")


def geometric_means(rows: list[dict[str, object]]) -> dict[str, float]:
    """Geometric mean of ours / best peer on each target."""
    logs: dict[str, list[float]] = {}
    for item in rows:
        logs.setdefault(str(item["target"]), []).append(math.log(float(item["ratio"])))
    return {target: math.exp(sum(values) / len(values)) for target, values in logs.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("names", nargs="*", default=list(SUITE))
    args = parser.parse_args()
    cases = [(name, target) for name in args.names or SUITE for target in args.targets]
    progress = track(cases, description="unrolled", console=Console(stderr=True))
    rows = [row(name, target) for name, target in progress]
    if args.json:
        print(json.dumps({"rows": rows, "geometric_mean": geometric_means(rows)}, indent=1))
        return
    print_table(rows)


if __name__ == "__main__":
    main()

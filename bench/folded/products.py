"""LUTs of folded units whose products take two bits of a weight at once, or one.

    python bench/folded/products.py [--json] [--targets xc7 ecp5 ice40]

Each row is a layer of 32x32 random weights on eight multipliers, as rows or as rows by columns.
`ours` are the LUTs of Yosys as planned, `baseline` with every weight as sign and magnitude.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.shared.synthesis import plan_synthesised
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Graph
from hwgen.numeric import IntType
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages import weight_code
from hwgen.synth.tools import find_yosys

SIZE = 32
FOLDINGS = ((8, 1), (4, 2))  # PE, SIMD
BITS = ((3, 4), (4, 4), (4, 8), (5, 8), (6, 8), (8, 8))  # of weights and inputs
NEVER = 64  # bits that no weight has


def layer(weight_bits: int, input_bits: int) -> Graph:
    """Give a layer of random weights, as many negative as positive."""
    end = 1 << weight_bits - 1
    weight = np.random.default_rng(0).integers(1 - end, end, (SIZE, SIZE))
    return matrix_graph("layer", weight, IntType(bits=input_bits, signed=False))


@contextmanager
def one_bit_at_once() -> Iterator[None]:
    """Code every weight as sign and magnitude."""
    never = {"LONG_BITS": NEVER, "LONGER_BITS": NEVER}
    with patch.multiple(weight_code, **never):
        yield


def measure(graph: Graph, options: BuildOptions) -> dict[str, int]:
    """Count LUTs and registers of a layer, and give the planner's own count."""
    plan = plan_design(graph, options)
    found = plan_synthesised(plan)
    planned = chain_cost(plan.stages, plan.target).luts
    return {"luts": found.luts, "ffs": found.total.ffs, "planned": planned}


def rows(targets: list[str]) -> Iterator[dict[str, object]]:
    """Measure every layer on every target."""
    for target in targets:
        for weight_bits, input_bits in BITS:
            graph = layer(weight_bits, input_bits)
            for pe, simd in FOLDINGS:
                options = BuildOptions(target=target, style="folded", pe=pe, simd=simd)
                ours = measure(graph, options)
                with one_bit_at_once():
                    baseline = measure(graph, options)
                yield {
                    "case": f"W{weight_bits}A{input_bits}, {pe}x{simd}",
                    "target": target,
                    "ours": ours["luts"],
                    "baseline": baseline["luts"],
                    "ratio": round(ours["luts"] / baseline["luts"], 2),
                    "planned": ours["planned"],
                    "ffs": ours["ffs"],
                    "ffs_baseline": baseline["ffs"],
                }


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=["xc7", "ecp5"])
    args = parser.parse_args()
    found = list(rows(args.targets))
    if args.json:
        tools = {"yosys": find_yosys().version}
        print(json.dumps({"seed": 0, "tools": tools, "rows": found}, indent=1))
        return
    table = Table(*found[0])
    for row in found:
        table.add_row(*map(str, row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()

"""What each lever of the unrolled planner gives, by its own cost model on the public matrices.

    python bench/unrolled/levers.py [--json] [NAME ...]

LUT sites that the planner expects (`bench/unrolled/peers.py` measures how far that is from
synthesis): sums of two or three operands, subtractions or additions of like signs first, and greedy
sharing alone (`--effort low`) against the local search (`normal`).
"""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.progress import track

from bench.shared.matrices import SUITE, matrix
from bench.shared.row_table import print_rows
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.layers import layers_of
from hwgen.plan.unrolled.matrix import plan_adder_graph

LEVERS = (  # target, style, effort
    ("xc7", "signed", "low"),
    ("xc7", "ternary", "low"),
    ("xc7", "ternary", "normal"),
    ("ice40", "signed", "low"),
    ("ice40", "additive", "low"),
    ("ice40", "additive", "normal"),
    ("ecp5", "signed", "low"),
    ("ecp5", "signed", "normal"),
)


def row(name: str, target: str, style: str, effort: str) -> dict[str, object]:
    """One matrix with one choice of levers."""
    weights, bits = matrix(name)
    graph = matrix_graph(name, weights, IntType(bits=bits, signed=False))
    layer = layers_of(graph)[0]
    lanes = (graph.input.type,) * layer.columns
    adders = plan_adder_graph(layer, lanes, style=style, effort=effort)
    return {
        "case": name,
        "target": target,
        "style": style,
        "effort": effort,
        "adders": len(adders.adders),
        "depth": adders.depth(),
        "model_luts": graph_luts(adders, target),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("names", nargs="*", default=list(SUITE))
    args = parser.parse_args()
    cases = [(name, *lever) for name in args.names or SUITE for lever in LEVERS]
    rows = [row(*case) for case in track(cases, "levers", console=Console(stderr=True))]
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print_rows(rows, "LUT sites by the planner's model")


if __name__ == "__main__":
    main()

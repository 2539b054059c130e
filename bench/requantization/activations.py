"""LUTs of a whole layer with its activation, with each way of requantization forced.

    python bench/requantization/activations.py [--json] [--out FILE] [--targets xc7 ice40 ecp5]
                                               [--bits 2 3 4 5 6 7 8]
                                               [--cases affine "power of two" shift]

One layer, 32 inputs of 4 bits, 8 channels of 4-bit weights, 60 % of them nonzero, unsigned codes:
the activation's ReLU is its clamp. `affine`: thresholds of clip(round(a * sum + b)) with a scale
and an offset for each channel, as batch normalization leaves them; `power of two`: the scale is the
nearest power of two, the offset arbitrary; `shift`: no offset either, so that the code is bits of
the sum. Every plan is compared with the thresholds on random vectors before. Comparators, one for
each threshold (codes of up to 4 bits) or in a search, are what the usual generators build.
"""

from __future__ import annotations

import argparse
import json
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.requantization.comparators import Comparators, with_comparators
from bench.shared.synthesis import verilog_luts
from hwgen.emit import verilog_of
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Graph, Threshold
from hwgen.numeric import IntArray, IntType
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.identifier import part_name
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.requantizers import Choice, Rescale
from hwgen.plan.stages.stage import ParallelThreshold

CASES = ("affine", "power of two", "shift")
BITS = tuple(range(2, 9))
SEED = 7
VECTORS = 1000
ROWS, COLUMNS, INPUTS = 8, 32, IntType(bits=4, signed=False)
WIDEST_BANK = 4  # bits of codes; a bank of 255 comparators takes Yosys minutes
REACH = 3.0  # the top code lies so many standard deviations of the sum above the bottom one


def layer(case: str, bits: int) -> Graph:
    """Give the layer of a case with codes of so many bits."""
    rng = np.random.default_rng(SEED)
    weight = rng.integers(-7, 8, (ROWS, COLUMNS)) * (rng.random((ROWS, COLUMNS)) < 0.6)
    variance = ((1 << 2 * INPUTS.bits) - 1) / 12
    spread = np.sqrt(variance * (weight**2).sum(axis=1))
    step = REACH * spread * rng.uniform(0.7, 1.3, ROWS) / ((1 << bits) - 1)
    start = INPUTS.hi / 2 * weight.sum(axis=1) + rng.uniform(-0.5, 0.5, ROWS) * spread
    if case != "affine":
        step = 2.0 ** np.maximum(np.round(np.log2(step)), 0)
    if case == "shift":
        start = step / 2
    places = (np.arange(1, 1 << bits) - 0.5)[None, :] * step[:, None] + start[:, None]
    plain = matrix_graph("layer", weight, INPUTS)
    activation = Threshold(
        name="activation",
        inputs=("dense",),
        thresholds=np.ceil(places).astype(np.int64),
        output=IntType(bits=bits, signed=False),
    )
    nodes = (*plain.nodes, activation)
    return Graph(name="layer", input=plain.input, nodes=nodes, output="activation")


def expected_codes(graph: Graph, x: IntArray) -> IntArray:
    """Count the thresholds that each sum reaches, one by one."""
    dense, activation = graph.nodes
    sums = x @ dense.weight.T
    reached: IntArray = (sums[:, :, None] >= activation.thresholds[None]).sum(axis=2)
    return reached


def measure(
    graph: Graph, target: str, choice: Choice, comparators: Comparators | None = None
) -> tuple[int, int]:
    """Give the LUTs of a layer, and how many of its channels multiply."""
    options = BuildOptions(style="unrolled", target=target, pipeline="none", requantization=choice)
    plan = plan_design(graph, options)
    x = np.random.default_rng(1).integers(0, INPUTS.hi + 1, (VECTORS, COLUMNS))
    if not np.array_equal(
        from_slots(plan.outputs, run_plan(plan, x)[-1]), expected_codes(graph, x)
    ):
        raise SystemExit("the plan differs from the thresholds")
    (stage,) = (stage for stage in plan.stages if isinstance(stage, ParallelThreshold))
    multiplying = sum(isinstance(channel, Rescale) for channel in stage.channels)
    text = verilog_of(plan)
    if comparators:
        text = with_comparators(text, part_name(plan.name, "activation"), stage, comparators)
    return luts(text, plan.name, target), multiplying


@cache
def luts(text: str, top: str, target: str) -> int:
    """Synthesise a layer; the planner's pick is often one of the forced ways."""
    return verilog_luts(text, top, target, clock=None)


def row(case: str, bits: int, target: str) -> dict[str, object]:
    """One layer on one target: what the planner picks against the better of the forced ways."""
    graph = layer(case, bits)
    measured = {choice: measure(graph, target, choice) for choice in get_args(Choice)}
    counts: dict[str, int] = {choice: count for choice, (count, _) in measured.items()}
    for kind in get_args(Comparators):
        if kind != "bank" or bits <= WIDEST_BANK:
            counts[kind], _ = measure(graph, target, "diagram", kind)
    forced = min(counts["diagram"], counts["multiply"])
    return {
        "case": case,
        "code_bits": bits,
        "target": target,
        "ours": counts["auto"],
        "baseline": counts["diagram"],
        "ratio": round(counts["auto"] / counts["diagram"], 3),
        "luts": counts,
        "multiplying_channels": measured["auto"][1],
        "against_best_forced": round(counts["auto"] / forced, 3),
        "seed": SEED,
    }


def print_table(rows: list[dict[str, object]]) -> None:
    """The rows for people."""
    table = Table(title="LUTs of a layer of 8 channels with its activation")
    columns = ("thresholds", "bits", "target", "bank", "search", "diagrams", "products", "picked")
    columns += ("multiplying",)
    for column in columns:
        table.add_column(column, justify="left" if column == "thresholds" else "right")
    for item in rows:
        counts = item["luts"]
        picked = (
            counts.get("bank", ""),
            counts["search"],
            counts["diagram"],
            counts["multiply"],
            counts["auto"],
            item["multiplying_channels"],
        )
        table.add_row(*map(str, (item["case"], item["code_bits"], item["target"], *picked)))
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write the document here, after each row")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("--bits", nargs="*", type=int, default=list(BITS), choices=BITS)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=CASES)
    args = parser.parse_args()
    cases = [(c, bits, t) for t in args.targets for c in args.cases for bits in args.bits]
    progress = track(cases, description="requantization", console=Console(stderr=True))
    rows = []
    for case in progress:
        rows.append(row(*case))
        if args.out:
            args.out.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print_table(rows)


if __name__ == "__main__":
    main()

"""Folded programs that hold distances between inputs, against those that hold places.

    python bench/folded/distances.py [--json] [--targets xc7 ecp5]

Each row is a convolution of as many outputs as inputs on a map of 8x8, random weights of 4 bits of
which a share is zero, on a few multipliers (rows x neighbours). `ours` are the LUTs of the whole
design as it is planned, `baseline` those with places in all programs, each with its block RAMs
(halves of 18 kbit on xc7), by Yosys; `ratio` has the block RAMs at the target's price. Both take
the same cycles.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from rich.console import Console
from rich.progress import track

from bench.convolution.cases import Case
from bench.shared.block_rams import block_rams, priced_luts
from bench.shared.row_table import show_rows
from bench.shared.synthesis import plan_synthesised
from hwgen.plan.cost.memory import program_kind
from hwgen.plan.design import Plan
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import FoldedDense, Stage

SIZE = 8
LAYERS = (
    (Case(channels=64, kernel=(1, 1), bits=4, zeros=0.6), 2, 1),
    (Case(channels=128, kernel=(1, 1), bits=4, zeros=0.6), 2, 1),
    (Case(channels=128, kernel=(1, 1), bits=4, zeros=0.8), 1, 2),
    (Case(channels=32, bits=4, zeros=0.6), 2, 2),
    (Case(channels=64, bits=4, zeros=0.8), 4, 1),
    (Case(channels=64, bits=4, zeros=0.9), 2, 2),
)


def with_places(plan: Plan, options: BuildOptions) -> Plan:
    """Give the plan with places in its programs, in the memory that is cheaper then."""

    def placed(stage: Stage) -> Stage:
        if not isinstance(stage, FoldedDense) or not stage.distances:
            return stage
        stage = replace(stage, distances=False)
        held = program_memory(stage).held
        kind = program_kind(options.target, held, stage.cycles, options.bram_price)
        return replace(stage, program_memory=kind)

    return replace(plan, stages=tuple(placed(stage) for stage in plan.stages))


def counted(plan: Plan) -> tuple[int, int]:
    """LUTs and block RAMs by Yosys."""
    found = plan_synthesised(plan)
    return found.luts, block_rams(found.total, plan.target)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", choices=("xc7", "ecp5"), default=["xc7"])
    args = parser.parse_args()
    rows = []
    cases = [(*layer, target) for target in args.targets for layer in LAYERS]
    for case, rows_at_once, pixels, target in track(cases, console=Console(stderr=True)):
        options = BuildOptions(
            target=target, style="folded", pe=rows_at_once, simd=1, pixels=pixels
        )
        plan = plan_design(case.graph(SIZE), options)
        ours, baseline = counted(plan), counted(with_places(plan, options))
        priced = [priced_luts(*found, target) for found in (ours, baseline)]
        rows.append(
            {
                "case": f"{case.title}, {rows_at_once}x{pixels}",
                "target": target,
                "cycles": plan.interval_cycles,
                "ours": ours[0],
                "brams": ours[1],
                "baseline": baseline[0],
                "brams_baseline": baseline[1],
                "ratio": round(priced[0] / priced[1], 3),
            }
        )
    show_rows(
        rows,
        "LUTs and block RAMs: programs of distances (ours), of places (baseline)",
        as_json=args.json,
    )


if __name__ == "__main__":
    main()

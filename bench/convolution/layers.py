"""Single convolutions with their thresholds: LUTs, block RAMs, cycles a frame, and the clock.

    python bench/convolution/layers.py [--json | --markdown] [--out FILE] [--targets xc7 ecp5 ice40]
                                       [--styles unrolled folded] [--clock] [--size 16] [NAME ...]

A case is a layer of as many outputs as inputs on a square map, random weights of which a share is
zero, and thresholds to codes of the weights' bits behind it; its padding keeps the size. `ours` has
the exact accumulators and skips zeros, `baseline` registers of 32 bits: unrolled for the same
weights, folded in dense mode on as many multipliers. `ratio` is of their LUTs times cycles, block
RAMs of both, on xc7 halves of 18 kbit, at the target's price. `front_luts` are those of the windows
of unrolled layers, in both. `estimate` are the planner's LUTs. `over_bound` are the cycles of a
frame over the work: the pixels in an unrolled layer, nonzero weights times positions over the
multipliers in a folded one. `finn` are LUTs and cycles of FINN's own formulas for a matrix-vector
unit on as many multipliers. `--clock` also places and routes on ecp5, three seeds, the median.
Every plan is compared with the reference; the bench of a design asserts that the cycles are those
of the plan.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from math import ceil
from pathlib import Path

from rich.console import Console
from rich.progress import track

from bench.convolution.cases import SUITE, Case
from bench.convolution.markdown_tables import markdown
from bench.shared.block_rams import block_rams, priced_luts
from bench.shared.place_and_route import place_verilog
from bench.shared.row_file import Row, RowFile
from bench.shared.synthesis import plan_synthesised
from hwgen.emit import verilog_of
from hwgen.plan.design import LayerStyle, Plan, Target
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import design_vectors
from hwgen.report.finn_estimate import FinnUnit
from hwgen.synth.tools import find_yosys

SEEDS = (1, 2, 3)
WIDE = "32"  # the registers of the baseline
RANDOM = 4  # frames on which a plan is compared with the reference, beside others
STYLES: tuple[LayerStyle, ...] = ("unrolled", "folded")
ROWS, PIXELS = 4, 4  # in parallel, of a folded layer


def planned(case: Case, size: int, target: Target, style: LayerStyle, *, wide: bool) -> Plan:
    """Plan a case, and compare the plan with the reference."""
    graph = case.graph(size)
    options = BuildOptions(target=target, style=style, accumulator=WIDE if wide else "offset")
    if style == "folded":
        options = replace(options, pe=ROWS, simd=1, pixels=PIXELS, skip=not wide)
    plan = plan_design(graph, options)
    design_vectors(plan, graph, random=RANDOM)
    return plan


def measure(case: Case, size: int, target: Target, style: LayerStyle, clock: bool) -> Row:
    """Measure a layer with exact registers and with those of 32 bits."""
    exact, wide = (planned(case, size, target, style, wide=kind) for kind in (False, True))
    ours = plan_synthesised(exact, layers=style == "unrolled")
    baseline = plan_synthesised(wide)
    layer = exact.layers[0]
    multipliers = layer.pe * layer.simd * layer.pixels if style == "folded" else layer.nonzero
    work = ceil(size * size * layer.nonzero / multipliers)
    brams, brams_baseline = (block_rams(found.total, target) for found in (ours, baseline))
    ours_priced = priced_luts(ours.luts, brams, target)
    baseline_priced = priced_luts(baseline.luts, brams_baseline, target)
    front = exact.stages_by_layer[0]
    units = {} if ours.breakdown is None else ours.breakdown.layers
    names = [stage.name for stage in front if stage.name.endswith("__window")]
    row: Row = {
        "measure": f"{style}, {size}x{size}",
        "case": case.name,
        "target": target,
        "nonzero": layer.nonzero,
        "accumulator_bits": max(layer.accumulator_bits),
        "ours": ours.luts,
        "estimate": chain_cost(exact.stages, target).luts,
        "baseline": baseline.luts,
        "estimate_baseline": chain_cost(wide.stages, target).luts,
        "ratio": round(
            ours_priced * exact.interval_cycles / (baseline_priced * wide.interval_cycles), 3
        ),
        "front_luts": sum(units[name].luts for name in names),
        "brams": brams,
        "brams_baseline": brams_baseline,
        "cycles": exact.interval_cycles,
        "cycles_baseline": wide.interval_cycles,
        "over_bound": round(exact.interval_cycles / work, 3),
    }
    if style == "folded":
        finn = FinnUnit(
            rows=layer.rows,
            columns=layer.columns,
            pe=ROWS,
            simd=PIXELS,
            weight_bits=case.bits,
            input_bits=case.bits,
            input_signed=False,
            accumulator_bits=int(WIDE),
            threshold_bits=case.bits,
            positions=size * size,
        )
        row |= {"finn_luts": finn.luts, "finn_cycles": finn.sample_cycles}
    if clock and target == "ecp5":
        placed = place_verilog(verilog_of(exact), exact.name, target, "aclk", SEEDS)
        row["fmax_mhz"] = round(placed.median_mhz, 1) if placed.fmax_mhz else None
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print one JSON document")
    shown.add_argument("--markdown", action="store_true", help="print a table for a document")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows of all runs")
    parser.add_argument("--targets", nargs="*", default=["xc7"], choices=TARGETS)
    parser.add_argument("--styles", nargs="*", default=["unrolled"], choices=STYLES)
    parser.add_argument("--size", type=int, default=16, help="rows and columns of the map")
    parser.add_argument("--clock", action="store_true", help="place and route on ecp5")
    parser.add_argument("names", nargs="*", help="cases; all by default")
    args = parser.parse_args()
    if set(args.names) - set(SUITE):
        parser.error(f"names: must be of {', '.join(SUITE)}")
    cases = [
        (name, style, target)
        for name in args.names or SUITE
        for style in args.styles
        for target in args.targets
    ]
    kept, rows = RowFile(args.out, {"yosys": find_yosys().version}), []
    for name, style, target in track(cases, console=Console(stderr=True)):
        key = {"measure": f"{style}, {args.size}x{args.size}", "case": name, "target": target}
        found = kept.find(key)
        asked = {"estimate"} | ({"fmax_mhz"} if args.clock and target == "ecp5" else set())
        if found is None or not asked <= found.keys():
            found = kept.add(measure(SUITE[name], args.size, target, style, args.clock))
        rows.append(found)
        print(json.dumps(found), file=sys.stderr)
    print(json.dumps({"seed": 0, "rows": rows}, indent=1) if args.json else markdown(rows))


if __name__ == "__main__":
    main()

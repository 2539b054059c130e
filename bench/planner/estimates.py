"""The planner's estimates of LUTs against Yosys: whole designs, and each kind of unit.

    python bench/planner/estimates.py [--json] [--out FILE] [--targets xc7 ecp5 ice40] [NAME ...]
    python bench/planner/estimates.py --fit [--kinds FoldedDense ...]

Each case is a network with random weights and a choice for every layer. `ours` is what the planner
adds up, `baseline` what Yosys counts for the whole design. `--fit` measures every unit of some
networks, fits base and factor of every kind of unit to them and writes
hwgen/plan/estimate/fitted.py; the errors that it shows are those of the figures before. Without it
other networks are measured, which no fit has seen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.planner.estimate_cases import (
    CASES,
    FITTED_CASES,
    FITTED_MAPS,
    MAPS,
    NEW_CASES,
    NEW_MAPS,
    NEW_SEED,
    UNROLLED,
)
from bench.shared.block_rams import block_rams
from bench.shared.map_networks import map_network
from bench.shared.networks import random_network
from bench.shared.row_file import Row, RowFile
from bench.shared.synthesis import plan_synthesised
from hwgen.emit import verilog_of
from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.design import Plan
from hwgen.plan.estimate.fitted import FITTED
from hwgen.plan.estimate.stage import chain_cost, counted_luts, stage_cost
from hwgen.plan.layers import layers_of
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_chosen, plan_design
from hwgen.synth.count import count_children
from hwgen.synth.targets import find_target
from hwgen.synth.tools import find_yosys, workspace
from hwgen.synth.yosys import Design, map_layers

FITTED_FILE = Path(__file__).parents[2] / "hwgen" / "plan" / "estimate" / "fitted.py"
HEADER = '''"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/planner/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
'''
WEAK_BASE = 8.0  # LUTs that a base may be of without its being noticed, where samples are few


def planned(name: str, target: str) -> Plan:
    """Plan a case."""
    seed = 1 if name in (*FITTED_CASES, *FITTED_MAPS) else NEW_SEED
    if name in MAPS:
        net, price = MAPS[name]
        own = BuildOptions(target=target, style="unrolled", luts_per_bram=price)
        return plan_design(map_network(seed=seed, **net), own)
    net, folds = CASES[name]
    graph = random_network(seed=seed, **net)
    layers, options = layers_of(graph), BuildOptions(target=target)
    choices = [
        unrolled(layer, options) if fold == UNROLLED else folded(layer, *fold, options)
        for layer, fold in zip(layers, folds, strict=True)
    ]
    return plan_chosen(graph, layers, tuple(choices), options)


def measure(name: str, target: str) -> Row:
    """Estimate and measure a whole design."""
    plan = planned(name, target)
    result = plan_synthesised(plan)
    cost = chain_cost(plan.stages, plan.target)
    return {
        "measure": "new",
        "case": name,
        "target": target,
        "ours": cost.luts,
        "baseline": result.luts,
        "ratio": round(cost.luts / result.luts, 3),
        "brams_estimate": cost.brams,
        "brams": block_rams(result.total, plan.target),
    }


def measure_units(name: str, target: str) -> Row:
    """Count and measure each unit of a design, by one synthesis that keeps them apart."""
    plan, chosen = planned(name, target), find_target(target)
    with tempfile.TemporaryDirectory() as work, workspace(None) as where:
        file = Path(work) / "design.v"
        file.write_text(verilog_of(plan))
        design = Design.stage([file], plan.name, chosen, chosen.adder_map, where)
        stat, _ = map_layers(find_yosys(), design, where)
        found = count_children(stat, plan.name, chosen)
    units = []
    for stage in plan.stages:
        counts, cost = found[stage.name], stage_cost(stage, plan.target)
        units.append(
            {
                "unit": stage.name,
                "target": target,
                "kind": type(stage).__name__,
                "counted": counted_luts(stage, plan.target),
                "ours": cost.luts,
                "baseline": counts.luts,
                "brams_estimate": cost.brams,
                "brams": block_rams(counts, plan.target),
            }
        )
    return {"measure": "units", "case": name, "target": target, "units": units}


def fit(units: list[Row]) -> None:
    """Write base and factor of every kind that was measured; the others stay."""
    samples = defaultdict(list)
    for unit in units:
        samples[unit["target"], unit["kind"]].append((unit["counted"], unit["baseline"]))
    text = HEADER
    for target, kinds in FITTED.items():
        text += f'    "{target}": {{\n'
        for kind, old in kinds.items():
            base, factor = fitted(samples.get((target, kind), []), old)
            text += f'        "{kind}": ({base:.1f}, {factor:.3f}),\n'
        text += "    },\n"
    FITTED_FILE.write_text(text + "}\n")


def fitted(pairs: list[tuple[int, int]], old: tuple[float, float]) -> tuple[float, float]:
    """Base and factor with the least relative error, drawn to the old base where data is scarce."""
    if not pairs:
        return old
    counted, luts = np.array(pairs, float).T
    weight = 1 / np.maximum(luts, 20)
    rows = np.vstack([np.stack([weight, counted * weight], axis=1), [[1 / WEAK_BASE / 20, 0]]])
    goals = np.append(luts * weight, old[0] / WEAK_BASE / 20)
    base, factor = np.linalg.lstsq(rows, goals, rcond=None)[0]
    if base < 0 or factor < 0:
        return 0.0, float((luts * counted * weight**2).sum() / ((counted * weight) ** 2).sum())
    return float(base), float(factor)


def print_errors(title: str, errors: list[float]) -> None:
    """Median and largest of some errors."""
    print(f"{title}: median error {statistics.median(errors):.0%}, largest {max(errors):.0%}")


def print_tables(rows: list[Row], units: list[Row]) -> None:
    """The designs, and the error by kind of unit."""
    table = Table(title="LUTs of whole designs: estimate against Yosys")
    for column in ("case", "target", "estimate", "Yosys", "ratio"):
        table.add_column(column, justify="left" if column == "case" else "right")
    for row in rows:
        cells = (row[key] for key in ("case", "target", "ours", "baseline", "ratio"))
        table.add_row(*(str(cell) for cell in cells))
    if rows:
        Console().print(table)
        print_errors("whole designs", [abs(row["ratio"] - 1) for row in rows])
    errors = defaultdict(list)
    for unit in units:
        errors[unit["kind"]].append(abs(unit["ours"] / max(unit["baseline"], 1) - 1))
    for kind, found in sorted(errors.items()):
        print_errors(f"{kind}, {len(found)} units", found)


def versions() -> dict[str, str]:
    """What the rows depend on: Yosys, and the figures that the estimates were made with."""
    figures = hashlib.sha256(FITTED_FILE.read_bytes()).hexdigest()[:12]
    return {"yosys": find_yosys().version, "fitted": figures}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows of all runs")
    parser.add_argument("--fit", action="store_true", help="write hwgen/plan/estimate/fitted.py")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("--kinds", nargs="*", help="with --fit: fit these kinds of unit only")
    parser.add_argument("names", nargs="*", help="cases; all of a kind by default")
    args = parser.parse_args()
    every = CASES | MAPS
    if set(args.names) - set(every):
        parser.error(f"names: must be of {', '.join(every)}")
    names = args.names or (FITTED_CASES | FITTED_MAPS if args.fit else NEW_CASES | NEW_MAPS)
    kind = "units" if args.fit else "new"
    measured = measure_units if args.fit else measure
    cases = [(name, target) for name in names for target in args.targets]
    kept, rows = RowFile(args.out, versions()), []
    for name, target in track(cases, description="estimates", console=Console(stderr=True)):
        key = {"measure": kind, "case": name, "target": target}
        rows.append(kept.find(key) or kept.add(measured(name, target)))
        print(json.dumps(rows[-1]), file=sys.stderr)
    units = [unit for row in rows for unit in row.get("units", [])]
    if args.fit:
        fit([unit for unit in units if unit["kind"] in (args.kinds or [unit["kind"]])])
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print_tables([] if args.fit else rows, units)


if __name__ == "__main__":
    main()

"""Folded layers whose rows are of unlike length: cycles over the bound, and LUTs.

    python bench/folded/long_rows.py [--json] [--sizes 32,64,128,256]   # cycles, without synthesis
    python bench/folded/long_rows.py --luts [--target xc7]              # LUTs of some, by Yosys

Every pattern on every fold, planned on PEs that all have as many lanes (`before`), and as hwgen
plans it. The bound is nonzeros over multipliers, rounded up.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from bench.folded.layers import measure
from bench.shared.row_table import print_rows
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntArray, IntType
from hwgen.plan.design import LUTS_PER_BRAM, Target
from hwgen.plan.estimate.stage import stage_cost
from hwgen.plan.execute import from_slots, run_stage, to_slots
from hwgen.plan.folded.folding import FoldedOptions
from hwgen.plan.folded.matrix import FoldedPlan, plan_folded
from hwgen.plan.layers import layers_of
from hwgen.plan.options import TARGETS
from hwgen.plan.streams.joints import entry, lanes_within

Row = dict[str, Any]

SIZES = (32, 64, 128, 256)
FOLDS = ((2, 2), (3, 1), (7, 3), (8, 4), (16, 4))
KINDS: dict[str, Callable[[int], bool]] = {  # steps of the bound
    "20 or more": lambda bound: bound >= 20,
    "5 to 19": lambda bound: 5 <= bound < 20,
    "1 to 4": lambda bound: bound < 5,
}
INPUTS = IntType(bits=4, signed=False)
MEASURED = (
    ("dense row among 5 %", 32, (4, 2), (8, 2)),
    ("dense row among 5 %", 64, (4, 4), (16, 2)),
    ("dense row, diagonal", 64, (4, 4), (16, 4)),
    ("lengths 1/k", 64, (4, 4), (8, 4)),
)


def patterns(size: int) -> dict[str, IntArray]:
    """Give matrices of zeros and ones, by name."""
    rng = np.random.default_rng(0)
    place = np.arange(size)
    distance = np.abs(place[:, None] - place)

    def random(density: float) -> IntArray:
        return (rng.random((size, size)) < density).astype(np.int64)

    def of_lengths(lengths: IntArray) -> IntArray:
        return np.stack([rng.permutation(place < length) for length in lengths]).astype(np.int64)

    row, column = place[:, None] == size // 2, place[None] == size // 2
    return {
        "dense row among 5 %": random(0.05) | row,
        "dense row, diagonal": (distance == 0) | row,
        "4 dense rows among 5 %": random(0.05) | (place[:, None] < 4),
        "dense column among 2 %": random(0.02) | column,
        "arrow": (distance == 0) | row | column,
        "triangle": np.tri(size, dtype=np.int64),
        "band of 5": distance <= 2,
        "band of 17": distance <= 8,
        "random 50 %": random(0.5),
        "random 10 %": random(0.1),
        "random 2 %": random(0.02),
        "lengths 1/k": of_lengths(rng.permutation(np.maximum(size // (place + 1), 1))),
        "lengths 1/sqrt k": of_lengths(rng.permutation((size / np.sqrt(place + 1)).astype(int))),
        "all equal": of_lengths(np.full(size, size // 10)),
        "8 blocks": place[:, None] * 8 // size == place * 8 // size,
    }


def planned(mask: IntArray, fold: tuple[int, int], target: Target, *, alike: bool) -> FoldedPlan:
    """Plan a layer of random weights, with the narrowest input stream that keeps up; check it."""
    rng = np.random.default_rng(1)
    shape = mask.shape
    weights = mask * rng.integers(1, 8, shape) * rng.choice([-1, 1], shape)
    layer = layers_of(matrix_graph("m", weights.astype(np.int64), INPUTS))[0]
    pe, simd = min(fold[0], shape[0]), min(fold[1], shape[1])
    price = LUTS_PER_BRAM[target]
    fold = {"pe": pe, "simd": simd, "luts_per_bram": price, "drop_empty": True}
    options = FoldedOptions(target=target, alike=alike, **fold)
    lanes = lanes_within(layer.columns, -(-layer.nonzero // (pe * simd)))
    plan = plan_folded(layer, entry(tuple(range(layer.columns)), INPUTS, lanes), options)
    x = rng.integers(0, INPUTS.hi + 1, (20, layer.columns))
    stage = plan.stage
    rows = [row for row in stage.rows if row >= 0]
    found = from_slots(stage.outputs, run_stage(stage, to_slots(stage.inputs, x)))
    if not np.array_equal(found[:, rows], (x @ weights.T)[:, rows]):
        raise SystemExit("the plan differs from the matrix")
    return plan


def cycles(sizes: list[int]) -> list[Row]:
    """Cycles of every pattern, size and fold, over the bound."""
    rows: list[Row] = []
    for size in sizes:
        for name, matrix in patterns(size).items():
            mask = np.asarray(matrix, np.int64)
            for pe, simd in FOLDS:
                bound = -(-int(mask.sum()) // (pe * simd))
                before = planned(mask, (pe, simd), "xc7", alike=True).stage.cycles
                ours = planned(mask, (pe, simd), "xc7", alike=False).stage.cycles
                row: Row = {"case": f"{name}, {size}x{size}, {pe}x{simd}", "pattern": name}
                row |= {"bound": bound, "ours": ours, "baseline": before}
                rows.append(row | {"ratio": ours / bound, "before": before / bound})
    return rows


def summary(rows: list[Row]) -> list[Row]:
    """Median and worst ratio of each pattern, where the bound is of many steps and of few."""
    found = []
    for kind, is_kind in KINDS.items():
        for name in dict.fromkeys(str(row["pattern"]) for row in rows):
            own = [row for row in rows if row["pattern"] == name and is_kind(row["bound"])]
            if own:
                before, ours = ([row[key] for row in own] for key in ("before", "ratio"))
                found.append(
                    {"bound": kind, "pattern": name, "cases": len(own)}
                    | {"like PEs: median": round(median(before), 2), "worst": round(max(before), 2)}
                    | {"ours: median": round(median(ours), 2), "ours: worst": round(max(ours), 2)}
                )
    return found


def luts(target: Target) -> list[Row]:
    """LUTs and block RAMs of layers, and of like PEs on that fold and on one that ends as soon."""
    rows: list[Row] = []
    for name, size, fold, as_fast in MEASURED:
        mask = np.asarray(patterns(size)[name], np.int64)
        bound = -(-int(mask.sum()) // (fold[0] * fold[1]))
        for way, alike in ((fold, False), (fold, True), (as_fast, True)):
            plan = planned(mask, way, target, alike=alike)
            found = measure(plan, target, pnr=False)
            case = f"{name}, {size}x{size}, {way[0]}x{way[1]}"
            row: Row = {"case": case, "target": target, "PEs": "like" if alike else "ours"}
            row |= {"bound": bound, "cycles": found["cycles"], "luts": found["luts"]}
            row |= {"brams": found["brams"], "estimate": stage_cost(plan.stage, target).luts}
            rows.append(row | {"luts x cycles": found["luts_x_cycles"]})
            print(rows[-1], file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Count or measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--luts", action="store_true", help="synthesise some layers instead")
    parser.add_argument("--target", choices=TARGETS, default="xc7")
    args = parser.parse_args()
    rows = luts(args.target) if args.luts else cycles([int(n) for n in args.sizes.split(",")])
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print_rows(rows if args.luts else summary(rows))


if __name__ == "__main__":
    main()

"""Cycles of five ways to schedule a sparse layer on the same multipliers, over the bound.

    python bench/folded/schedules.py [--json] [--pe 4] [--simd 4]

Random square layers; the bound is nonzeros over multipliers. Counted on the schedules, without
hardware: what each way costs in memories and logic is told in docs/folded.md.

in step        rows sorted by work; PEs and their lanes in step, any lane reads any input
sets           ours: lanes gathered to PEs, PEs to sets with row ends of their own
banks          a lane reads only its bank of columns; a row takes as long as its fullest bank
broadcast      columns in order, one input a step for all; a lane holds rows of its own
broadcast, zero inputs skipped
               the same for inputs of which half are zero: cycles depend on the data
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import numpy.typing as npt

from bench.folded.layers import Case, planned
from bench.shared.row_table import print_rows

Mask = npt.NDArray[np.bool_]
ZERO_INPUTS = 0.5
SIZES, ZEROS = (64, 128, 256, 512), (0.5, 0.8, 0.9, 0.95, 0.98)


def in_step(mask: Mask, pe: int, simd: int) -> int:
    """Groups of `pe` rows of like work, each as long as its longest row."""
    return grouped(-(-mask.sum(axis=1) // simd), pe)


def banks(mask: Mask, pe: int, simd: int) -> int:
    """Give the same with rows as long as the fullest of their `simd` banks."""
    counts = np.stack([mask[:, bank::simd].sum(axis=1) for bank in range(simd)])
    return grouped(counts.max(axis=0), pe)


def grouped(steps: npt.NDArray[np.int64], pe: int) -> int:
    """Steps of rows that are sorted and go `pe` at a time."""
    return int(np.maximum(np.sort(steps)[::-1][::pe], 1).sum())


def broadcast(mask: Mask, lanes: int) -> int:
    """Every column as long as the fullest lane; rows sorted, dealt in turn."""
    order = np.argsort(-mask.sum(axis=1), kind="stable")
    counts = np.stack([mask[order[lane::lanes]].sum(axis=0) for lane in range(lanes)])
    return int(counts.max(axis=0).sum())


def row(size: int, zeros: float, pe: int, simd: int) -> dict[str, object]:
    """One layer, every way."""
    case = Case(size=size, zeros=zeros, weight_bits=4, input_bits=4, pe=pe, simd=simd)
    mask = case.weights() != 0
    bound = -(-int(mask.sum()) // (pe * simd))
    every = broadcast(mask, pe * simd)
    cycles = {
        "in step": in_step(mask, pe, simd),
        "sets": planned(case, "xc7").stage.cycles,
        "banks": banks(mask, pe, simd),
        "broadcast": every,
        "broadcast, zero inputs skipped": int(every * (1 - ZERO_INPUTS)),
    }
    ratios = {name: round(count / bound, 2) for name, count in cycles.items()}
    return {"case": f"{size}x{size} {zeros:.0%} zeros", "bound": bound} | ratios


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--pe", type=int, default=4)
    parser.add_argument("--simd", type=int, default=4)
    args = parser.parse_args()
    rows = [row(size, zeros, args.pe, args.simd) for size in SIZES for zeros in ZEROS]
    if args.json:
        print(json.dumps({"pe": args.pe, "simd": args.simd, "rows": rows}, indent=1))
        return
    print_rows(rows, "cycles over nonzeros / multipliers")


if __name__ == "__main__":
    main()

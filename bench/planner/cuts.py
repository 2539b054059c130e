"""LUTs of what cuts wide beats into narrow ones, against the planner's estimate.

    python bench/planner/cuts.py [--json] [--targets xc7 ecp5 ice40 gowin]

Each row is a converter from a beat of lanes of 4 bits to some parts of 4 or 8 lanes. `ours` are the
LUTs that `plan/estimate/stage.py` reckons with, `baseline` those of Yosys.
"""

from __future__ import annotations

import argparse

from amaranth.back import verilog

from bench.shared.row_table import show_rows
from bench.shared.synthesis import verilog_luts
from hwgen.numeric import IntType
from hwgen.plan.design import Target
from hwgen.plan.estimate.stage import stage_cost
from hwgen.plan.options import TARGETS
from hwgen.plan.stages.stage import Narrower, Stream
from hwgen.rtl.units import unit_of

TOP = "cut"
PARTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 19, 24, 32)
LANES = (4, 8)


def converter(parts: int, lanes: int) -> Narrower:
    """Give what cuts a beat."""
    kind = IntType(bits=4, signed=False)
    order = tuple(range(parts * lanes))
    whole = Stream(lanes=(kind,) * parts * lanes, order=order)
    return Narrower(name=TOP, inputs=whole, outputs=Stream(lanes=(kind,) * lanes, order=order))


def row(parts: int, lanes: int, target: Target) -> dict[str, object]:
    """Estimate and measure one."""
    stage = converter(parts, lanes)
    text = str(verilog.convert(unit_of(stage), name=TOP, emit_src=False))
    ours, luts = stage_cost(stage, target).luts, verilog_luts(text, TOP, target)
    return {
        "case": f"{parts} parts of {lanes} lanes",
        "target": target,
        "ours": ours,
        "baseline": luts,
        "ratio": round(ours / luts, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", choices=TARGETS, default=["xc7", "ecp5", "ice40"])
    args = parser.parse_args()
    rows = [
        row(parts, lanes, target) for target in args.targets for parts in PARTS for lanes in LANES
    ]
    show_rows(
        rows, "LUTs of converters: estimated (ours) and of Yosys (baseline)", as_json=args.json
    )


if __name__ == "__main__":
    main()

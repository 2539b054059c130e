"""Estimates of folded units against those that `bench/folded/units.py` measured, without synthesis.

    python bench/planner/folded_estimates.py [--json] [--rows docs/results/folded.json] [--out FILE]

None of these units is among those of the fit (`bench/planner/estimates.py --fit`). `ours` is the
planner's estimate with the fitted figures, `baseline` what Yosys made of the unit.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.folded.layers import narrowest
from bench.folded.units import DEFAULT, FULL
from bench.shared.row_file import Row, RowFile
from hwgen.plan.estimate.stage import stage_cost

ROWS = Path(__file__).parents[2] / "docs" / "results" / "folded.json"
CASES = {case.name: case for case in DEFAULT + FULL}
SIDES = {"ours": "zeros skipped", "baseline": "dense mode"}


def estimates(measured: Row) -> list[Row]:
    """Estimate both units of a row of `bench/folded/units.py`, one where both are the same."""
    target, found = measured["target"], []
    for side, mode in SIDES.items():
        if side == "ours" and measured["ours"]["dense"]:
            continue
        plan = narrowest(CASES[measured["case"]], target, skip=side == "ours")
        cost, luts = stage_cost(plan.stage, target), measured[side]["luts"]
        found.append(
            {
                "measure": "folded unit",
                "case": f"{measured['case']}, {mode}",
                "target": target,
                "ours": cost.luts,
                "baseline": luts,
                "ratio": round(cost.luts / luts, 3),
                "brams_estimate": cost.brams,
                "brams": measured[side]["brams"],
            }
        )
    return found


def main() -> None:
    """Estimate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rows", type=Path, default=ROWS, help="rows of bench/folded/units.py")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows")
    args = parser.parse_args()
    known = [
        row for row in json.loads(args.rows.read_text())["rows"] if row["measure"] == "compare"
    ]
    rows = [found for row in known for found in estimates(row)]
    kept = RowFile(args.out, known[0]["tools"])
    for row in rows:
        kept.add(row)
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    table = Table("case", "target", "estimate", "Yosys", "ratio")
    for row in rows:
        table.add_row(*(str(row[k]) for k in ("case", "target", "ours", "baseline", "ratio")))
    Console().print(table)
    errors = [abs(row["ratio"] - 1) for row in rows]
    print(f"{len(rows)} units: median error {statistics.median(errors):.1%}, ", end="")
    print(f"largest {max(errors):.1%}")


if __name__ == "__main__":
    main()

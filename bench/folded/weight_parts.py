"""A trained net folded with its few large weights taken apart, against whole weights.

    python bench/folded/weight_parts.py [MODEL] [--fps 250 1000 4000] [--target xc7] [--json]

Without a model it is SmallCnn, trained once and kept in `rtl_out/whole_cnns`. Each row is the whole
design for so many frames a second at 100 MHz. `ours` are its LUTs by Yosys, `baseline` those of the
design whose weights are all whole, `ratio` that of LUTs times cycles with block RAMs at their
price.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from rich.progress import track

from bench.shared.block_rams import block_rams, priced_luts
from bench.shared.row_table import show_rows
from bench.shared.synthesis import plan_synthesised
from bench.whole_nets.parts.models import trained
from hwgen.flow import load
from hwgen.ir import Graph
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design

CLOCK_MHZ = 100
NETS = Path(__file__).resolve().parents[2] / "rtl_out" / "whole_cnns"
WHOLE = patch("hwgen.plan.folded.weight_parts.MOST_MORE", -1.0)


def measure(graph: Graph, target: str, fps: int, *, whole: bool) -> tuple[int, int, int]:
    """Give LUTs, block RAMs and cycles of a design."""
    options = BuildOptions(target=target, style="folded", fps=fps, clock_mhz=CLOCK_MHZ)
    with WHOLE if whole else nullcontext():
        plan = plan_design(graph, options)
    found = plan_synthesised(plan)
    return found.luts, block_rams(found.total, plan.target), plan.interval_cycles


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words = "what `python -m training` wrote; default: SmallCnn, trained once"
    parser.add_argument("model", type=Path, nargs="?", help=words)
    parser.add_argument("--fps", type=int, nargs="*", default=[250, 1000, 4000])
    parser.add_argument("--target", choices=TARGETS, default="xc7")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    args = parser.parse_args()
    NETS.mkdir(parents=True, exist_ok=True)
    graph = load(args.model) if args.model else trained("cifar10_cnn", NETS, None, lambda _: None)
    rows = []
    for fps in track(args.fps, console=Console(stderr=True)):
        ours, baseline = (measure(graph, args.target, fps, whole=kind) for kind in (False, True))
        work, before = (
            priced_luts(luts, brams, args.target) * cycles
            for luts, brams, cycles in (ours, baseline)
        )
        names = ("", "_brams", "_cycles")
        rows.append(
            {"case": f"{graph.name}, {fps:,} frames a second", "target": args.target}
            | {f"ours{name}": value for name, value in zip(names, ours, strict=True)}
            | {f"baseline{name}": value for name, value in zip(names, baseline, strict=True)}
            | {"ratio": round(work / before, 3)}
        )
    show_rows(rows, "weights in parts (ours), whole (baseline)", as_json=args.json)


if __name__ == "__main__":
    main()

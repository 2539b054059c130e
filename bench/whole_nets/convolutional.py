"""Whole convolutional nets against the same net with 32-bit accumulators, unrolled and folded.

    python bench/whole_nets/convolutional.py [--json | --markdown] [--out FILE] [--match REGEX]
                                             [--data DIR] [--checks] [--most-luts N]
                                             [--most-placed N]

Ours is trained with `a2q_ip`, has exact registers and skips zeros; the baseline is trained with
`qat`, has registers of 32 bits, and folded it is dense. Folded ones are built for a number of
frames a second at 100 MHz (`bench/whole_nets/parts/cnns.py`). Nets are trained once and kept in
`rtl_out/whole_cnns`, each design in a folder beside them. Every row is written to FILE when it is
done, and a run takes up where FILE ends. `luts` are Yosys', `planned_luts` the planner's own;
designs of more planned LUTs than the limits are not synthesised or placed. Ecp5 designs are placed
with one seed. `--checks` simulates and proves ours for xc7 instead, and writes their reports.
"""

from __future__ import annotations

from pathlib import Path

from bench.whole_nets.parts.cnns import cases
from bench.whole_nets.parts.cnns_markdown import markdown
from bench.whole_nets.parts.command import run_command

if __name__ == "__main__":
    run_command(
        __doc__,
        cases(),
        work=Path(__file__).resolve().parents[2] / "rtl_out" / "whole_cnns",
        markdown=markdown,
    )

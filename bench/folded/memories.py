"""LUTs of small memories against the figures that plans reckon with (hwgen/plan/cost/memory.py).

    python bench/folded/memories.py [--json]

Memories with one write and one read port, and constant tables of random words, both with a
register behind, through the same Yosys as everything else.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from bench.shared.row_table import print_rows
from bench.shared.synthesis import verilog_luts
from hwgen.plan.cost.memory import ram_luts, rom_luts

TARGETS = ("xc7", "ecp5")
RAMS = ((32, 4), (64, 4), (128, 4), (256, 4), (512, 4), (32, 16))  # words, bits
ROMS = ((26, 10), (102, 10), (256, 16), (1024, 8))
TEMPLATE = """\
module t(input clk, input we, input en, input [{top}:0] wa, input [{top}:0] ra,
         input [{high}:0] d, output reg [{high}:0] q);
  (* ram_style = "{style}" *) reg [{high}:0] m [0:{last}];
  {initial}
  always @(posedge clk) begin
    {write}
    if (en) q <= m[ra];
  end
endmodule
"""


def verilog(words: int, bits: int, *, table: bool) -> str:
    """Give a memory, or a table of random words."""
    values = np.random.default_rng(0).integers(0, 1 << bits, words)
    lines = " ".join(f"m[{place}] = {value};" for place, value in enumerate(values))
    return TEMPLATE.format(
        top=(words - 1).bit_length() - 1,
        high=bits - 1,
        last=words - 1,
        style="logic" if table else "distributed",
        initial=f"initial begin {lines} end" if table else "",
        write="" if table else "if (we) m[wa] <= d;",
    )


def row(target: str, words: int, bits: int, *, table: bool) -> dict[str, object]:
    """One memory on one target."""
    luts = verilog_luts(verilog(words, bits, table=table), "t", target)
    reckoned = (rom_luts if table else ram_luts)(target, words, bits)
    kind = "table" if table else "memory"
    case = f"{kind} {words}x{bits}"
    return {"case": case, "target": target, "ours": reckoned, "baseline": luts}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    args = parser.parse_args()
    rows = [
        row(target, words, bits, table=table)
        for target in TARGETS
        for table, sizes in ((False, RAMS), (True, ROMS))
        for words, bits in sizes
    ]
    for item in rows:
        item["ratio"] = round(item["ours"] / item["baseline"], 2)
    if args.json:
        print(json.dumps({"rows": rows, "seed": 0}, indent=1))
        return
    print_rows(rows, "LUTs of memories: reckoned (ours) and of Yosys (baseline)")


if __name__ == "__main__":
    main()

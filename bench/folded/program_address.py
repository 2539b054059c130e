"""What addresses a program in LUTs: the step counter itself, or a register one cycle behind it.

    python bench/folded/program_address.py [--json] [--targets xc7 ecp5 ice40]

Each row is a table of 24 random bits. `ours` are the LUTs with the register in front of the table,
`baseline` with a registered read that the counter addresses; both have as many registers.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from amaranth import Module, Mux, Signal, unsigned
from amaranth.back import verilog
from amaranth.lib.memory import Memory

from bench.shared.row_table import print_rows
from bench.shared.synthesis import verilog_luts
from hwgen.plan.cost.memory import table_luts
from hwgen.plan.options import TARGETS
from hwgen.rtl.vector_memory import memory_attributes
from hwgen.synth.tools import find_yosys

BITS = 24
STEPS = (16, 33, 64, 100, 128, 200, 256)
TOP = "program"


def program(words: list[int], *, is_behind: bool) -> str:
    """Verilog of a counter, a table and the register that holds its word."""
    m, steps = Module(), len(words)
    attributes = memory_attributes("lut", writable=False)
    m.submodules.memory = memory = Memory(
        shape=unsigned(BITS), depth=steps, init=words, attrs=attributes
    )
    enable, step = Signal(), Signal(range(steps))
    word = Signal(BITS)
    read = memory.read_port(domain="comb" if is_behind else "sync")
    with m.If(enable):
        m.d.sync += [step.eq(Mux(step == steps - 1, 0, step + 1)), word.eq(read.data)]
    if is_behind:
        late = Signal(range(steps))
        with m.If(enable):
            m.d.sync += late.eq(step)
        m.d.comb += read.addr.eq(late)
    else:
        m.d.comb += [read.addr.eq(step), read.en.eq(enable)]
    return str(verilog.convert(m, name=TOP, ports=[enable, word], emit_src=False))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", choices=TARGETS, default=list(TARGETS))
    args = parser.parse_args()
    rows = []
    for target in args.targets:
        for steps in STEPS:
            words = [int(w) for w in np.random.default_rng(0).integers(0, 1 << BITS, steps)]
            behind, counter = (
                verilog_luts(program(words, is_behind=b), TOP, target) for b in (True, False)
            )
            row = {"case": f"{steps} steps", "target": target, "ours": behind, "baseline": counter}
            rows.append(
                row | {"ratio": round(behind / counter, 3), "estimate": table_luts(target, words)}
            )
    if args.json:
        tools = {"yosys": find_yosys().version}
        print(json.dumps({"rows": rows, "seed": 0, "tools": tools}, indent=1))
        return
    print_rows(rows)


if __name__ == "__main__":
    main()

"""Long tables in LUTs: in the parts in which designs have them, against one piece.

    python bench/folded/long_tables.py [--json] [--targets xc7 ecp5 gowin ice40]

Each row is a table of random words of 9 bits between two registers. `ours` are the LUTs of
`rtl/constant_table.py`, `baseline` those of one memory, `estimate` the planner's.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from amaranth import Module, Signal, unsigned
from amaranth.back import verilog
from amaranth.lib.memory import Memory

from bench.shared.row_table import print_rows
from bench.shared.verilog_luts import verilog_luts
from hwgen.plan.cost.memory import table_luts
from hwgen.plan.options import TARGETS
from hwgen.rtl.constant_table import look_up
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_memory import memory_attributes
from hwgen.synth.tools import find_yosys

BITS = 9
WORDS = (256, 320, 448, 512, 700, 1024)
TOP = "table"


def between_registers(words: list[int], bits: int, *, in_parts: bool) -> str:
    """Verilog of a table whose address and word are registered."""
    m, enable, place = Module(), Signal(), Signal(range(len(words)))
    registers = Registers(m, enable)
    address = registers.wait(place, "address", 1)
    if in_parts:
        word = look_up(registers, "words", words, bits, address)
    else:
        attributes = memory_attributes("lut", writable=False)
        m.submodules.words = memory = Memory(
            shape=unsigned(bits), depth=len(words), init=words, attrs=attributes
        )
        read = memory.read_port(domain="comb")
        m.d.comb += read.addr.eq(address)
        word = registers.delay(read.data, "word")
    found = Signal(bits, name="found")
    m.d.comb += found.eq(word)
    return str(verilog.convert(m, name=TOP, ports=[enable, place, found], emit_src=False))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", choices=TARGETS, default=list(TARGETS))
    args = parser.parse_args()
    rows = []
    for target in args.targets:
        for count in WORDS:
            words = [int(w) for w in np.random.default_rng(0).integers(0, 1 << BITS, count)]
            ours, one = (
                verilog_luts(between_registers(words, BITS, in_parts=kind), TOP, target)
                for kind in (True, False)
            )
            row = {"case": f"{count} words", "target": target, "ours": ours, "baseline": one}
            rows.append(
                row | {"ratio": round(ours / one, 3), "estimate": table_luts(target, words)}
            )
    if args.json:
        print(json.dumps({"seed": 0, "yosys": find_yosys().version, "rows": rows}, indent=1))
        return
    print_rows(rows, "LUTs of tables: in parts (ours) and in one piece (baseline)")


if __name__ == "__main__":
    main()

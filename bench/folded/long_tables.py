"""Long tables in LUTs: in the parts in which designs have them, against one piece.

    python bench/folded/long_tables.py [--json] [--targets xc7 ecp5 gowin ice40] [--design FOLDER]

Each row is a table of random words of 9 bits between two registers, or with a design folder the
program of a folded unit of more than 256 steps. `ours` are the LUTs of `rtl/constant_table.py`,
`baseline` those of one memory, `estimate` the planner's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from amaranth import Module, Signal, unsigned
from amaranth.back import verilog
from amaranth.lib.memory import Memory

from bench.shared.row_table import show_rows
from bench.shared.synthesis import verilog_luts
from hwgen.plan.cost.memory import WHOLE_WORDS, table_luts
from hwgen.plan.options import TARGETS
from hwgen.plan.plan_file import read_plan
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import FoldedDense
from hwgen.rtl.constant_table import look_up
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_memory import memory_attributes

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


def random_tables() -> Iterator[tuple[str, list[int], int]]:
    """Give name, words and bits of tables of random words."""
    for count in WORDS:
        words = np.random.default_rng(0).integers(0, 1 << BITS, count)
        yield f"{count} words", words.tolist(), BITS


def programs(folder: Path) -> Iterator[tuple[str, list[int], int]]:
    """Give those of the long programs of a design."""
    for stage in read_plan(folder / "plan.json").stages:
        if isinstance(stage, FoldedDense) and stage.cycles > WHOLE_WORDS:
            memory = program_memory(stage)
            yield f"{stage.name}, {stage.cycles} steps", memory.words(), len(memory.held)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--design", type=Path, help="folder of a design, whose programs are taken")
    args = parser.parse_args()
    rows = []
    for target in args.targets:
        for case, words, bits in programs(args.design) if args.design else random_tables():
            ours, one = (
                verilog_luts(between_registers(words, bits, in_parts=kind), TOP, target)
                for kind in (True, False)
            )
            row = {"case": case, "bits": bits, "target": target, "ours": ours, "baseline": one}
            rows.append(
                row | {"ratio": round(ours / one, 3), "estimate": table_luts(target, words)}
            )
    show_rows(
        rows, "LUTs of tables: in parts (ours) and in one piece (baseline)", as_json=args.json
    )


if __name__ == "__main__":
    main()

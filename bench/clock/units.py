"""Clock of pipelined unrolled units against a bare adder of the same width, and their registers.

    python bench/clock/units.py [--json] [--targets ice40 ecp5] [--levels 1 2] [--seeds 3]
                                [NAME ...]
    python bench/clock/units.py --registers     # bits of registers only, no place and route
    python bench/clock/units.py --fit           # the delay model's constants from small designs

A unit is the matrix-vector product of a public matrix as `hwgen build --pipeline LEVELS` makes it.
The baseline is one adder whose sum is as wide as the unit's widest, between the same registers, on
the same part, through the same Yosys and nextpnr; both are medians over the seeds. Every plan is
compared with the matrix on random vectors before.
"""

from __future__ import annotations

import argparse
import json
from functools import cache

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.clock.delay_fit import fit
from bench.shared.matrices import SUITE, matrix
from bench.shared.place_and_route import Placed, place_verilog
from hwgen.emit import verilog_of
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.cost.delay import MODELS
from hwgen.plan.design import Plan
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.identifier import part_name
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import UnrolledDense
from hwgen.plan.unrolled.flow import held_bits
from hwgen.plan.unrolled.pipelining import OUTPUT_TAIL_NS, stage_limit, widest_bits
from hwgen.plan.unrolled.registers import earliest, register_bits

PLACED = ("ice40", "ecp5")  # targets with an open place and route
DEFAULT = ("s16_w4_d60_u4", "s256x64_w1_d03_u4")  # a minute a seed each; both fit ice40
VECTORS = 200


def planned(name: str, target: str, levels: int) -> Plan:
    """Plan a matrix and compare it with the matrix."""
    weights, bits = matrix(name)
    graph = matrix_graph(name, weights, IntType(bits=bits, signed=False))
    plan = plan_design(graph, BuildOptions(style="unrolled", target=target, pipeline=str(levels)))
    x = np.random.default_rng(1).integers(0, 2**bits, (VECTORS, weights.shape[1]))
    if not np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), x @ weights.T):
        raise SystemExit(f"{name}: the plan differs from the matrix")
    return plan


def registers(name: str, target: str, levels: int) -> dict[str, object]:
    """Bits of registers with every adder as early as can be, and as placed."""
    dense = planned(name, target, levels).stages[0]
    assert isinstance(dense, UnrolledDense)
    options = BuildOptions(style="unrolled", target=target, pipeline=str(levels))
    limit = stage_limit(name, dense.graph, options)
    assert limit is not None
    tails = (OUTPUT_TAIL_NS,) * len(dense.graph.outputs)
    before = register_bits(dense.graph, earliest(dense.graph, limit, tails))
    after = held_bits(dense)
    return {
        "case": name,
        "target": target,
        "levels": levels,
        "latency_cycles": dense.latency,
        "ours": after,
        "baseline": before,
        "ratio": round(after / before, 3),
    }


@cache
def bare_adder(bits: int, target: str, seeds: int) -> Placed:
    """Place one adder with a sum of so many bits."""
    text = (
        f"module adder(input [{bits - 2}:0] a, b, output [{bits - 1}:0] y);\n"
        "  assign y = a + b;\nendmodule\n"
    )
    return place_verilog(text, "adder", target, None, range(1, seeds + 1))


def row(name: str, target: str, levels: int, seeds: int) -> dict[str, object]:
    """One unit against the bare adder."""
    plan = planned(name, target, levels)
    dense = plan.stages[0]
    assert isinstance(dense, UnrolledDense)
    bits = widest_bits(dense.graph)
    module = part_name(plan.name, dense.name)
    unit = place_verilog(verilog_of(plan), module, target, "clk", range(1, seeds + 1))
    adder = bare_adder(bits, target, seeds)
    model = 1000 / MODELS[target].adders(levels, bits)
    found = {
        "case": name,
        "target": target,
        "levels": levels,
        "latency_cycles": dense.latency,
        "flow": dense.flow,
        "widest_bits": bits,
        "luts": unit.luts,
        "ffs": unit.ffs,
        "register_bits": held_bits(dense),
        "part": unit.part,
        "seeds": seeds,
        "tools": unit.tools,
        "baseline": adder.median_mhz,
        "model": round(model, 1),
    }
    if not unit.fmax_mhz:
        return found | {"ours": None, "ratio": None, "model_error": None}
    return found | {
        "ours": unit.median_mhz,
        "all_mhz": unit.fmax_mhz,
        "ratio": round(unit.median_mhz / adder.median_mhz, 3),
        "model_error": round(model / unit.median_mhz - 1, 3),
    }


COLUMNS = {
    "case": "matrix",
    "target": "target",
    "levels": "levels",
    "latency_cycles": "latency",
    "flow": "flow",
    "widest_bits": "widest",
    "luts": "LUTs",
    "ffs": "registers",
    "ours": "ours",
    "baseline": "baseline",
    "ratio": "ratio",
    "model": "model MHz",
    "model_error": "model error",
}


def print_table(rows: list[dict[str, object]], title: str) -> None:
    """The rows for people."""
    table = Table(title=title)
    columns = [key for key in COLUMNS if key in rows[0]]
    for key in columns:
        table.add_column(COLUMNS[key], justify="left" if key == "case" else "right")
    for item in rows:
        table.add_row(*("-" if item[key] is None else str(item[key]) for key in columns))
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--targets", nargs="*", default=list(PLACED), choices=TARGETS)
    parser.add_argument("--levels", nargs="*", type=int, default=[1])
    parser.add_argument("--seeds", type=int, default=3)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--registers", action="store_true", help="only count register bits")
    what.add_argument("--fit", action="store_true", help="fit the delay model")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    names = args.names or (SUITE if args.registers else DEFAULT)
    cases = [(n, t, levels) for n in names for t in args.targets for levels in args.levels]
    stderr = Console(stderr=True)
    if args.fit:
        rows, title = fit(args.targets, stderr), "Delay model: ns measured and by the fit"
    elif args.registers:
        steps = track(cases, description="registers", console=stderr)
        rows = [registers(*case) for case in steps]
        title = "Bits of registers: as early as can be (baseline), and placed (ours)"
    else:
        steps = track(cases, description="clock", console=stderr)
        rows = [row(*case, args.seeds) for case in steps]
        title = "Clock in MHz, median over seeds: pipelined units and one bare adder (baseline)"
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print_table(rows, title)


if __name__ == "__main__":
    main()

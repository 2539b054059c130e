"""What `bench/folded/units.py` measures of a layer on a target: one function a kind of row."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass

from amaranth.back import rtlil, verilog

from bench.folded.layers import TOP, Case, check, measure, narrowest, planned
from bench.shared.block_rams import priced_luts
from bench.shared.row_file import Row
from bench.shared.synthesis import text_synthesised
from hwgen.plan.design import LUTS_PER_BRAM as PRICE
from hwgen.plan.design import Target
from hwgen.rtl.folded_dense import FoldedDenseUnit

NEVER = 10**9  # LUTs that a block RAM never saves
CHEAP = 10  # LUTs for which a block RAM is taken nearly everywhere
WIDTHS = (32, 16, 12, 8)  # accumulator bits beside the exact ones
MAX_SYNTHESISED = 30_000  # nonzero weights of the layers whose synthesis is timed too


def compare(case: Case, target: Target, luts_per_bram: int | None = None) -> Row:
    """Measure one layer on one target, zeros skipped and dense."""
    price = PRICE[target] if luts_per_bram is None else luts_per_bram
    skipping = planned(case, target, luts_per_bram=price)
    without = planned(case, target, luts_per_bram=price, skip=False)
    dense = measure(without, target)
    skipped = dense if skipping.stage == without.stage else measure(skipping, target)
    bound = bound_of(case)
    return {
        "ours": skipped,
        "baseline": dense,
        "ratio": round(skipped["luts_x_cycles"] / dense["luts_x_cycles"], 4),
        "luts_per_bram": PRICE[target],
        "priced_ratio": round(_priced(skipped, target) / _priced(dense, target), 4),
        "luts_ratio": round(skipped["luts"] / dense["luts"], 3),
        "fmax_ratio": fmax_ratio(skipped, dense),
        "bound_cycles": bound,
        "excess": round(skipped["cycles"] / bound, 3),
        "finn_luts": case.finn_luts(),
    }


def _priced(unit: Row, target: Target) -> int:
    """LUTs with block RAMs at the price of the target's parts, times cycles."""
    return priced_luts(unit["luts"], unit["brams"], target) * unit["cycles"]


def without_blocks(case: Case, target: str) -> Row:
    """Measure as `compare`, with all memories made of LUTs."""
    return compare(case, target, NEVER)


def cheap_blocks(case: Case, target: Target) -> Row:
    """Measure as `compare`, with block RAMs wherever they save some LUTs."""
    return compare(case, target, CHEAP)


def bound_of(case: Case) -> int:
    """Nonzeros over multipliers, rounded up."""
    return -(-int((case.weights() != 0).sum()) // (case.pe * case.simd))


def fmax_ratio(ours: Row, dense: Row) -> float | None:
    """Clock frequency against dense mode, where both were placed."""
    if not ours["fmax_mhz"] or not dense["fmax_mhz"]:
        return None
    return round(ours["fmax_mhz"] / dense["fmax_mhz"], 3)


def accumulators(case: Case, target: str) -> Row:
    """LUTs of one layer with exact accumulators and with wider ones; narrower ones are not exact.

    `finn_P` is FINN's analytic model of the same fold with an accumulator of P bits.
    """
    exact = measure(planned(case, target), target, pnr=False)
    bits = max(exact["accumulator_bits"])
    row: Row = {"exact_bits": bits, "ours": exact["luts"], "brams": exact["brams"]}
    row["finn_exact"] = case.finn_luts(bits)
    for width in (width for width in WIDTHS if width > bits):
        wide = planned(case, target, accumulator="signed", minimum_bits=width)
        unit = measure(wide, target, pnr=False)
        row |= {f"P={width}": unit["luts"], f"brams_{width}": unit["brams"]}
        row[f"finn_{width}"] = case.finn_luts(width)
    row["baseline"] = row["P=32"]
    row["ratio"] = round(row["P=32"] / exact["luts"], 3)
    return row


def excess(case: Case, target: str) -> Row:
    """Cycles against the bound, without synthesis."""
    stage, bound = planned(case, target).stage, bound_of(case)
    ratio = round(stage.cycles / bound, 3)
    return {"ours": stage.cycles, "bound": bound, "ratio": ratio, "dense": stage.counted}


@dataclass(kw_only=True)
class Stopwatch:
    """Processor seconds of steps one after another, this process and its children."""

    seconds: Row

    def take(self, name: str, step: Callable[[], object]) -> object:
        """Run a step and note its seconds."""
        start = cpu_s()
        found = step()
        self.seconds[f"{name}_cpu_s"] = round(cpu_s() - start, 1)
        return found


def cpu_s() -> float:
    """Processor time of this process and its children."""
    return sum(os.times()[:4])


def peak_mb(who: int) -> int:
    """Peak memory of this process or of its largest child."""
    return resource.getrusage(who).ru_maxrss // 1024


def scale(case: Case, target: str) -> Row:
    """Seconds and memory to plan a large layer, to write its Verilog and to synthesise it.

    Memory is the peak of this process, for planning and Amaranth, and of the Yosys processes.
    """
    clock = Stopwatch(seconds={})
    plan = clock.take("plan", lambda: narrowest(case, target))
    planned_mb = peak_mb(resource.RUSAGE_SELF)
    unit = FoldedDenseUnit(plan.stage)
    rtl = clock.take("amaranth", lambda: rtlil.convert(unit, name=TOP, emit_src=False))
    row: Row = {"plan_mb": planned_mb, "amaranth_mb": peak_mb(resource.RUSAGE_SELF)}
    text = clock.take("yosys_writes", lambda: verilog._convert_rtlil_text(rtl))
    row["yosys_writes_mb"] = peak_mb(resource.RUSAGE_CHILDREN)
    row |= {
        "verilog_mb": round(len(text) / 1e6, 1),
        "emit_cpu_s": round(sum(clock.seconds.values()), 1),
    }
    clock.take("check", lambda: check(case, plan))
    luts = None
    if plan.stage.nonzero <= MAX_SYNTHESISED:
        found = clock.take("yosys_maps", lambda: text_synthesised(text, TOP, target, clock="clk"))
        luts, row["yosys_maps_mb"] = found.total.luts, peak_mb(resource.RUSAGE_CHILDREN)
    shape = {"nonzeros": plan.stage.nonzero, "cycles": plan.stage.cycles, "luts": luts}
    return shape | clock.seconds | row

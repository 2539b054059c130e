"""Folded rows of `bench/whole_nets/dense.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.folded.layers import memory_bits
from bench.whole_nets.parts.rows import (
    WIDE,
    Place,
    Row,
    counts,
    facts,
    frames_a_second,
    net_of,
    synthesised,
)
from hwgen.flow import build
from hwgen.ir import Graph
from hwgen.plan.design import LUTS_PER_BRAM, Plan
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import FoldedDense
from hwgen.prove.run import prove
from hwgen.simulate import simulate
from hwgen.synth.run import SynthResult

CLOCK_MHZ = 100.0  # that the goals of folded designs are meant at
GOALS = {"fashion_mnist": (4_000, 32_000, 256_000), "nsl_kdd": (40_000, 320_000, 2_560_000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A net on few multipliers for a throughput; `dense` with zeros kept and 32-bit registers."""

    model: str
    target: str
    fps: int
    dense: bool

    @property
    def case(self) -> str:
        """Name it among the rows."""
        return f"folded, {self.model}, {self.fps}, {self.target}"

    def row(self, place: Place) -> Row:
        """Build it, synthesise it, place it on ecp5; small ones are simulated and proved."""
        graph = net_of(self.model, place)
        folder = place.work / self.case.replace(", ", "_").replace(" ", "_")
        options = BuildOptions(
            style="folded",
            target="xc7" if self.target == "xc7" else "ecp5",
            skip=not self.dense,
            accumulator=str(WIDE) if self.dense else "offset",
            fps=self.fps,
            clock_mhz=CLOCK_MHZ,
        )
        plan = build(graph, options, folder, progress=lambda step, _: place.say(step))
        cost = chain_cost(plan.stages, plan.target)
        row = self.described(graph) | {
            "interval_cycles": plan.interval_cycles,
            "latency_cycles": plan.latency_cycles,
            "multipliers": [layer.pe * layer.simd for layer in plan.layers],
            "registers_bits": max(b for layer in plan.layers for b in layer.accumulator_bits),
            "planned_luts": cost.luts,
            "planned_brams": cost.brams,
            "planned_priced_luts": cost.priced(LUTS_PER_BRAM[plan.target]),
            "luts_per_bram": LUTS_PER_BRAM[plan.target],
            "memory_bits": sum(memory_bits(s) for s in plan.stages if isinstance(s, FoldedDense)),
        }
        if cost.luts > place.most_luts:
            return row
        pnr = self.target == "ecp5" and cost.luts <= place.most_placed
        place.say(f"synthesis for {self.target}")
        row |= _placed(synthesised(plan, folder, self.target, place.say, pnr=pnr), plan)
        return row | self._checked(cost.luts, folder, place)

    def described(self, graph: Graph) -> Row:
        """Give what is known before it is built."""
        own = {"kind": "folded", "target": self.target, "fps": self.fps, "dense": self.dense}
        return {"case": self.case} | own | facts(self.model, graph)

    def _checked(self, luts: int, folder: Path, place: Place) -> Row:
        """Prove ours where that is quick, and simulate the smallest."""
        if luts > place.most_proved or self.target != "xc7" or self.dense:
            return {}
        place.say("prove")
        row: Row = {"proved": prove(folder).proved}
        if self.fps == min(GOALS[self.model]):
            place.say("simulate")
            simulated = simulate(folder, simulator="verilator")
            row |= {"simulated": simulated.passed, "vectors": simulated.vectors}
        return row


def _placed(found: SynthResult, plan: Plan) -> Row:
    place = found.placement
    row = counts(found, plan) | {"bram_bits": found.total.bram_bits, "tools": found.tools}
    if place.part is None:
        return row
    return row | {
        "fmax_mhz": found.fmax_mhz,
        "samples_a_second": frames_a_second(found, plan),
        "part": place.part,
        "note": place.note,
    }

"""Designs of `convolutional.py`: built, counted and placed, simulated and proved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.shared.block_rams import priced_luts
from bench.shared.row_file import Row
from bench.shared.timed_command import measured
from bench.whole_nets.parts.finn import finn_luts
from bench.whole_nets.parts.rows import (
    WIDE,
    Place,
    counts,
    facts,
    frames_a_second,
    net_of,
    synthesised,
)
from hwgen.errors import ModelError
from hwgen.plan.design import LayerSummary, Plan, Target
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.plan_file import read_plan
from hwgen.prove.run import prove
from hwgen.report.page import make_report
from hwgen.simulate import simulate
from hwgen.synth.run import SynthResult

CLOCK_MHZ = 100  # that the goals are meant at
GOALS = {  # frames a second
    "digits_cnn": (20_000, 100_000),
    "spoken_digits_cnn": (2_000, 10_000),
    "cifar10_cnn": (250, 1_000, 4_000),
    "mobilenet_v1": (60, 250, 1_000),
}
UNROLLED = ("digits_cnn", "spoken_digits_cnn", "cifar10_cnn")
Measure = Literal["design", "checks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cnn:
    """A net as a design: all units unrolled, or folded for `fps` frames a second.

    The baseline is the net of `qat`, in registers of 32 bits; folded it is dense.
    """

    model: str  # of `MODELS`
    baseline: bool
    target: Target
    fps: int | None

    @property
    def case(self) -> str:
        """Name it among the rows."""
        goal = "unrolled" if self.fps is None else f"folded for {self.fps:,}"
        exact = " exact" if self.model.endswith(" qat") and not self.baseline else ""
        return f"{self.model}{exact}, {goal}"

    def key(self, measure: Measure) -> Row:
        """What a row is found by."""
        return {"measure": measure, "case": self.case, "target": self.target}

    def options(self) -> tuple[str, ...]:
        """Options of `hwgen build`."""
        style = "unrolled" if self.fps is None else "folded"
        goal = () if self.fps is None else ("--fps", str(self.fps), "--clock-mhz", str(CLOCK_MHZ))
        wide = ("--accumulator", str(WIDE)) if self.baseline else ()
        dense = ("--no-skip",) if self.baseline and self.fps is not None else ()
        return ("--target", self.target, "--style", style, *goal, *wide, *dense)

    def folder(self, place: Place) -> Path:
        """Give the design's folder."""
        name = f"{self.case}_{self.target}".replace(", ", "_").replace(",", "").replace(" ", "_")
        return place.work / name

    def build(self, place: Place) -> tuple[Plan, Row]:
        """Build the design with the command line."""
        model = place.work / f"{self.model.replace(' ', '_')}.pt"
        place.say("build")
        took = measured("build", str(model), "-o", str(self.folder(place)), *self.options())
        return read_plan(self.folder(place) / "plan.json"), {"build": took}

    def design(self, place: Place) -> Row:
        """Build it, count it, and place it on ecp5."""
        graph = net_of(self.model, place)
        plan, row = self.build(place)
        cost = chain_cost(plan.stages, plan.target)
        summed = [layer for layer in plan.layers if layer.accumulator_bits]  # no pooling
        row |= facts(self.model, graph) | {
            "options": " ".join(self.options()),
            "fps": self.fps,
            "multipliers": [_multipliers(layer) for layer in summed],
            "interval_cycles": plan.interval_cycles,
            "latency_cycles": plan.latency_cycles,
            "register_bits": [max(layer.accumulator_bits) for layer in summed],
            "planned_luts": cost.luts,
            "planned_brams": cost.brams,
            "planned_priced_luts": priced_luts(cost.luts, cost.brams, plan.target),
            "finn_luts": None if self.fps is None else finn_luts(graph, plan.interval_cycles),
        }
        if cost.luts <= place.most_luts:
            pnr = self.target == "ecp5" and cost.luts <= place.most_placed
            found = synthesised(plan, self.folder(place), self.target, place.say, pnr=pnr)
            row |= _counted(found, plan)
        return self.key("design") | row

    def checks(self, place: Place) -> Row:
        """Simulate and prove it, and write its report."""
        net_of(self.model, place)
        folder = self.folder(place)
        plan, row = self.build(place)
        place.say("simulate")
        start = time.perf_counter()
        result = simulate(folder, simulator="verilator")
        row |= {
            "simulated": result.passed,
            "vectors": result.vectors,
            "as_planned": result.latency_cycles == plan.latency_cycles
            and result.interval_cycles in (None, plan.interval_cycles),  # None: too few vectors
            "simulated_s": round(time.perf_counter() - start, 1),
        }
        place.say("prove")
        start = time.perf_counter()
        try:
            row["proved"] = prove(folder).proved
        except ModelError as refusal:
            row["not_proved"] = str(refusal).removeprefix(f"{folder}: ")
        row["proved_s"] = round(time.perf_counter() - start, 1)
        make_report(folder)
        return self.key("checks") | row


def _multipliers(layer: LayerSummary) -> int:
    """Multipliers of a layer: those of its folded unit, or its nonzero weights."""
    return layer.pe * layer.simd * layer.pixels if layer.style == "folded" else layer.nonzero


def _counted(found: SynthResult, plan: Plan) -> Row:
    """What Yosys and nextpnr say of a design."""
    row = counts(found, plan)
    if found.placement.part is None:
        return row | ({"note": found.placement.note} if found.placement.note else {})
    rate = frames_a_second(found, plan)
    return row | {
        "fmax_mhz": found.fmax_mhz,
        "frames_a_second": rate,
        "part": found.placement.part,
    }


def cases() -> tuple[Cnn, ...]:
    """Give every design, small nets first."""
    return tuple(
        Cnn(model=f"{net} qat" if baseline else net, baseline=baseline, target=target, fps=fps)
        for net, goals in GOALS.items()
        for fps in (*((None,) if net in UNROLLED else ()), *goals)
        for target in ("xc7", "ecp5")
        for baseline in (False, True)
    )

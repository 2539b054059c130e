"""Layers of random weights for the benchmark of folded units, and one unit measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from amaranth.back import verilog

from bench.shared.block_rams import block_rams
from bench.shared.synthesis import text_synthesised
from hwgen.bounds import data_type_bits
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntArray, IntType
from hwgen.plan.design import LUTS_PER_BRAM, Target
from hwgen.plan.estimate.folded import readers
from hwgen.plan.estimate.stage import stage_cost
from hwgen.plan.execute import from_slots, run_stage, to_slots
from hwgen.plan.folded.folding import FoldedOptions
from hwgen.plan.folded.matrix import FoldedPlan, plan_folded
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import PADDING, FoldedDense, Stream
from hwgen.report.finn_estimate import FinnUnit
from hwgen.rtl.folded_dense import FoldedDenseUnit

TOP = "unit"
LOAD_MARGIN = 4  # cycles that loading a vector is ahead of its interval
VECTORS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A square layer: size, share of zeros, bits of weights and inputs, the fold, a seed."""

    size: int
    zeros: float
    weight_bits: int
    input_bits: int
    pe: int
    simd: int
    seed: int = 0

    @property
    def name(self) -> str:
        """What the tables call it."""
        return (
            f"{self.size}x{self.size} {self.zeros:.0%} zeros W{self.weight_bits}A{self.input_bits} "
            f"{self.pe}x{self.simd}"
        )

    def weights(self) -> IntArray:
        """Uniform magnitudes, random signs, independent zeros."""
        rng = np.random.default_rng(self.seed)
        shape, top = (self.size, self.size), 2 ** (self.weight_bits - 1) - 1
        values = rng.integers(1, top + 1, shape) * rng.choice([-1, 1], shape)
        return (values * (rng.random(shape) >= self.zeros)).astype(np.int64)

    def layer(self) -> tuple[Layer, IntType]:
        """Give the layer with its sums at the output, and the type of its inputs."""
        inputs = IntType(bits=self.input_bits, signed=False)
        return layers_of(matrix_graph("m", self.weights(), inputs))[0], inputs

    def finn_luts(self, accumulator_bits: int | None = None) -> int:
        """FINN's analytic model of the same fold, without thresholds; by default its own width."""
        inputs = IntType(bits=self.input_bits, signed=False)
        usual = data_type_bits(self.size, inputs, self.weight_bits)
        return FinnUnit(
            rows=self.size,
            columns=self.size,
            pe=self.pe,
            simd=self.simd,
            weight_bits=self.weight_bits,
            input_bits=self.input_bits,
            input_signed=False,
            accumulator_bits=accumulator_bits or usual,
            threshold_bits=0,
        ).luts


def planned(case: Case, target: Target, **options: object) -> FoldedPlan:
    """Plan a unit with the narrowest input stream that keeps up, and check it on vectors."""
    plan = narrowest(case, target, **options)
    check(case, plan)
    return plan


def narrowest(case: Case, target: Target, **options: object) -> FoldedPlan:
    """Plan a unit with the narrowest input stream that keeps up."""
    layer, inputs = case.layer()
    price = LUTS_PER_BRAM[target]
    fold = {"pe": case.pe, "simd": case.simd, "luts_per_bram": price, "drop_empty": True}
    settings = FoldedOptions(target=target, **(fold | options))
    lanes = 1
    while True:
        order = (*range(case.size), *[PADDING] * (-case.size % lanes))
        plan = plan_folded(layer, Stream(lanes=(inputs,) * lanes, order=order), settings)
        if -(-case.size // lanes) <= max(plan.stage.cycles - LOAD_MARGIN, 1):
            return plan
        lanes += 1


def check(case: Case, plan: FoldedPlan) -> None:
    """Stop where a plan gives other sums than the matrix."""
    stage, (_, inputs) = plan.stage, case.layer()
    x = np.random.default_rng(1).integers(0, inputs.hi + 1, (VECTORS, case.size))
    slots = run_stage(stage, to_slots(stage.inputs, x))
    sums = from_slots(stage.outputs, slots)
    order = np.array([row for row in stage.rows if row != PADDING])
    if not np.array_equal(sums[:, order], x @ case.weights()[order].T):
        raise SystemExit(f"{case.name}: the plan differs from the matrix")


def verilog_of_unit(stage: FoldedDense) -> str:
    """Verilog of the unit alone."""
    return str(verilog.convert(FoldedDenseUnit(stage), name=TOP, emit_src=False))


def measure(plan: FoldedPlan, target: Target, *, pnr: bool = True) -> dict[str, object]:
    """Synthesise one unit, on ecp5 place and route it too where asked for."""
    stage = plan.stage
    pnr = pnr and target == "ecp5"
    found = text_synthesised(verilog_of_unit(stage), TOP, target, clock="clk", pnr=pnr)
    return {
        "luts": found.total.luts,
        "ffs": found.total.ffs,
        "brams": block_rams(found.total, target),
        "memory_bits": memory_bits(stage),
        "fmax_mhz": found.fmax_mhz,
        "cycles": stage.cycles,
        "luts_x_cycles": found.total.luts * stage.cycles,
        "estimated_luts": stage_cost(stage, target).luts,
        "lanes": [part.lanes for part in stage.pe_sets],
        "width": stage.width,
        "sets": stage.sets,
        "dense": stage.counted,
        "accumulator_bits": [element.accumulator.bits for element in stage.elements],
    }


def memory_bits(stage: FoldedDense) -> int:
    """Bits of weights and positions, and of all copies of the vector."""
    vectors = 2 * len(stage.inputs.order) * max(lane.bits for lane in stage.inputs.lanes)
    program = program_memory(stage)
    copies = 1 if stage.counted else readers(stage, program)
    return len(program.held) * stage.cycles + copies * vectors

"""How the stages of an unrolled design wait for a sink that is not ready.

Registers that all hold together hang on one clock enable, and its way through the chip grows with
the design. Where that way is longer than the clock allows, no register waits: an output buffer
behind the last stage takes what is under way, and the first stage takes no more.
"""

from __future__ import annotations

from dataclasses import replace

from hwgen.plan.cost.delay import MODELS
from hwgen.plan.identifier import part_name
from hwgen.plan.options import BuildOptions
from hwgen.plan.requantize.channel import path_of
from hwgen.plan.stages.stage import (
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Stage,
    UnrolledDense,
)
from hwgen.plan.unrolled.pipelining import tree_bits, widest_bits
from hwgen.plan.unrolled.registers import Placement, register_bits

ENABLE_SHARE = 0.8  # of the period: a net to every register is placed worse than others
READY_CYCLES = 2  # from a beat in the buffer to the first stage that hears of it


def with_flow(stages: tuple[Stage, ...], options: BuildOptions) -> tuple[Stage, ...]:
    """Give the stages with an output buffer where a common clock enable would be too slow.

    Only for designs of unrolled stages throughout; others are given as they are.
    """
    parts = [s for s in stages if isinstance(s, UnrolledDense | ParallelThreshold | ParallelArgmax)]
    latency = sum(stage.latency for stage in parts)
    if len(parts) < len(stages) or not latency:
        return stages
    enable_ns = MODELS[options.target].enable(sum(held_bits(stage) for stage in parts))
    if enable_ns <= ENABLE_SHARE * _period_ns(stages, options):
        return stages
    under_way = latency + READY_CYCLES
    lanes = stages[-1].outputs
    buffer = OutputBuffer(
        name=part_name(stages[-1].name, "output"),
        inputs=lanes,
        outputs=lanes,
        depth=1 << (under_way + READY_CYCLES - 1).bit_length(),
        under_way=under_way,
    )
    return (replace(parts[0], flow="gate"), *(replace(p, flow="free") for p in parts[1:]), buffer)


def _period_ns(stages: tuple[Stage, ...], options: BuildOptions) -> float:
    """Give the clock period that the registers were placed for."""
    if options.pipeline == "auto" and options.clock_mhz:
        return 1000 / options.clock_mhz
    widest = [widest_bits(stage.graph) for stage in stages if isinstance(stage, UnrolledDense)]
    return MODELS[options.target].adders(options.levels_per_stage, max(widest))


def held_bits(stage: UnrolledDense | ParallelThreshold | ParallelArgmax) -> int:
    """Count the bits that the registers of a stage hold."""
    match stage:
        case UnrolledDense():
            placement = Placement(
                latency=stage.latency,
                adder_stages=stage.adder_stages,
                output_stages=stage.output_stages,
            )
            return register_bits(stage.graph, placement)
        case ParallelThreshold():
            return sum(_lane_bits(stage, index) for index in range(len(stage.channels)))
        case ParallelArgmax():
            return sum(tree_bits(stage.inputs, stage.outputs, cut) for cut in stage.cuts)


def _lane_bits(stage: ParallelThreshold, index: int) -> int:
    lane, code = stage.inputs.lanes[index], stage.outputs.lanes[index]
    held = path_of(stage.channels[index], lane, code.bits).held
    return sum(held[cut] for cut in stage.cuts[index])

"""What a stage will take of a target, from its numbers alone: LUT sites and block RAMs.

Each kind of stage has a count of its parts; `FITTED` corrects it to what Yosys makes of them, with
a base and a factor. `bench/planner/estimates.py` measures the error, and fits them anew with
`--fit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.cost.fabric import adder_luts, mux_luts
from hwgen.plan.cost.memory import BlockMemory, block_memory, ram_luts
from hwgen.plan.design import Plan, Target
from hwgen.plan.estimate.fitted import FITTED
from hwgen.plan.estimate.folded import (
    folded_brams,
    folded_luts,
    reorder_luts,
    serial_threshold_brams,
    serial_threshold_luts,
)
from hwgen.plan.estimate.maps import map_brams, map_luts
from hwgen.plan.identifier import part_name
from hwgen.plan.requantize.channel import luts
from hwgen.plan.stages.positions import at_one_position
from hwgen.plan.stages.stage import (
    Enlarger,
    Fifo,
    FoldedDense,
    Joint,
    Narrower,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Reorder,
    RunningPool,
    SerialArgmax,
    SerialThreshold,
    Stage,
    UnrolledDense,
    Widener,
    WindowBuffer,
    WindowMax,
)

# of a bit of the places in a queue of block RAM
QUEUE_LUTS: dict[Target, int] = {"xc7": 5, "ecp5": 13, "gowin": 20, "ice40": 9}
# of a bit that is one of so many, by Yosys (`bench/planner/cuts.py`)
_XC7 = (2, 4, 5, 6, 8, 12, 16, 20, 32), (1.0, 1.0, 2.0, 2.1, 3.1, 4.2, 6.8, 10.5, 15.0)
_ECP5 = (2, 3, 4, 5, 8, 12, 16, 20, 32), (1.0, 2.0, 4.2, 3.3, 6.3, 12.5, 22.8, 34.0, 40.0)
_ICE40 = (2, 4, 5, 8, 12, 16, 32), (1.0, 3.1, 3.3, 6.3, 10.3, 13.2, 28.0)
CUT_LUTS: dict[Target, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "xc7": _XC7,
    "ecp5": _ECP5,
    "gowin": _ECP5,
    "ice40": _ICE40,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """LUT sites and block RAMs; those of xc7 in halves of 18 kbit."""

    luts: int
    brams: int

    def priced(self, luts_per_bram: int) -> int:
        """Give one number: LUTs, and block RAMs at their price."""
        return self.luts + self.brams * luts_per_bram


def chain_cost(stages: tuple[Stage, ...], target: Target) -> Cost:
    """Give the estimate for some stages together."""
    costs = [stage_cost(stage, target) for stage in stages]
    return Cost(luts=sum(c.luts for c in costs), brams=sum(c.brams for c in costs))


def stage_cost(stage: Stage, target: Target) -> Cost:
    """Give the estimate for a stage."""
    stage = at_one_position(stage)
    base, factor = FITTED[target][type(stage).__name__]
    brams = 0
    if isinstance(stage, FoldedDense | Reorder):
        brams = folded_brams(stage, target)
    elif isinstance(stage, Fifo):
        brams = _queue_blocks(stage, target).blocks
    elif isinstance(stage, SerialThreshold):
        brams = serial_threshold_brams(stage, target)
    elif isinstance(stage, WindowBuffer | RunningPool | Enlarger):
        brams = map_brams(stage, target)
    return Cost(luts=round(base + factor * counted_luts(stage, target)), brams=brams)


def layer_cost(stages: tuple[Stage, ...], target: Target) -> Cost:
    """Give the estimate for a layer's stages, with the queue that a converter may need."""
    queues = tuple(
        Fifo(name=part_name(stage.name, "fifo"), inputs=stage.inputs, outputs=stage.inputs, depth=2)
        for stage in stages
        if isinstance(stage, Narrower)
    )
    return chain_cost((*stages, *queues), target)


def layer_costs(plan: Plan) -> tuple[Cost, ...]:
    """Give the estimate for every layer, with what follows it up to the next one."""
    return tuple(chain_cost(stages, plan.target) for stages in plan.stages_by_layer)


def counted_luts(stage: Stage, target: Target) -> int:
    """LUTs of a stage's parts, before the correction."""
    stage = at_one_position(stage)
    match stage:
        case UnrolledDense():
            return graph_luts(stage.graph, target)
        case ParallelThreshold():
            channels = zip(stage.channels, stage.inputs.lanes, stage.outputs.lanes, strict=True)
            return round(
                sum(luts(channel, lane, code.bits, target) for channel, lane, code in channels)
            )
        case ParallelArgmax() | SerialArgmax():
            lanes, bits = len(stage.inputs.lanes), stage.inputs.lanes[0].bits
            index = stage.outputs.lanes[0].bits
            serial = isinstance(stage, SerialArgmax)
            return (lanes - 1 + serial) * (adder_luts(target, bits) + bits + index)
        case FoldedDense():
            return folded_luts(stage, target)
        case Reorder():
            return reorder_luts(stage, target)
        case SerialThreshold():
            return serial_threshold_luts(stage, target)
        case OutputBuffer():
            return ram_luts(target, stage.depth, stage.inputs.width) or 0
        case WindowBuffer() | RunningPool() | WindowMax() | Enlarger():
            return map_luts(stage, target)
        case Fifo() | Narrower() | Widener():
            return _joint_luts(stage, target)
        case _:
            assert_never(stage)


def _cut_luts(target: Target, parts: int) -> float:
    """LUTs of a bit of beats that are cut into parts, between those that were measured."""
    known, luts = CUT_LUTS[target]
    beyond = max(parts / known[-1], 1.0)
    return float(np.interp(parts, known, luts)) * beyond


def _queue_blocks(stage: Fifo, target: Target) -> BlockMemory:
    blocks = block_memory(target, stage.words, stage.inputs.width)
    return blocks if stage.memory == "block" else BlockMemory(blocks=0, luts=0)


def _joint_luts(stage: Joint, target: Target) -> int:
    match stage:
        case Fifo():
            width = stage.inputs.width
            if stage.memory == "block":
                places = QUEUE_LUTS[target] * (stage.words - 1).bit_length()
                return width + places + _queue_blocks(stage, target).luts
            stored = None if stage.in_registers else ram_luts(target, stage.words, width)
            return width * mux_luts(target, stage.depth) if stored is None else stored
        case Narrower():
            return round(_cut_luts(target, stage.parts) * stage.outputs.width)
        case Widener():
            return stage.inputs.beats
        case _:
            assert_never(stage)

"""Memories of the queues between stages, by price."""

from __future__ import annotations

from dataclasses import replace

from hwgen.plan.design import LayerChoice, Target
from hwgen.plan.estimate.stage import stage_cost
from hwgen.plan.stages.stage import Fifo, Stage


def with_queue_memories(
    stages: tuple[Stage, ...], choices: tuple[LayerChoice, ...], target: Target
) -> tuple[Stage, ...]:
    """Put each queue in LUTs or in block RAM, whichever is cheaper; its rhythm is the same.

    A block RAM has the highest price that it has for a layer.
    """
    price = max(choice.luts_per_bram for choice in choices)
    return tuple(
        _cheapest(stage, target, price) if isinstance(stage, Fifo) else stage for stage in stages
    )


def _cheapest(queue: Fifo, target: Target, luts_per_bram: int) -> Fifo:
    if queue.in_registers:
        return queue
    ways = queue, replace(queue, memory="block")
    return min(ways, key=lambda way: stage_cost(way, target).priced(luts_per_bram))

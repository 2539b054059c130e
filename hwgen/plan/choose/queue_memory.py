"""Memories of the queues between stages, by price."""

from __future__ import annotations

from dataclasses import replace

from hwgen.plan.design import LayerChoice, Target
from hwgen.plan.estimate.stage import stage_cost
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import Fifo, Stage


def with_queue_memories(
    stages: tuple[Stage, ...], choices: tuple[LayerChoice, ...], options: BuildOptions
) -> tuple[Stage, ...]:
    """Put each queue in LUTs or in block RAM, whichever is cheaper; its rhythm is the same.

    A block RAM has the price that it has for the folded layers.
    """
    prices = [choice.luts_per_bram for choice in choices if choice.style == "folded"]
    price = max(prices, default=options.bram_price)
    return tuple(
        _cheapest(stage, options.target, price) if isinstance(stage, Fifo) else stage
        for stage in stages
    )


def _cheapest(queue: Fifo, target: Target, luts_per_bram: int) -> Fifo:
    if queue.in_registers:
        return queue
    ways = queue, replace(queue, memory="block")
    return min(ways, key=lambda way: stage_cost(way, target).priced(luts_per_bram))

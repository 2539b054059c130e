"""Queues and converters of a chain: as few and as small as its slowest stage allows."""

from dataclasses import replace

import pytest

from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_chosen
from hwgen.plan.stages.stage import Fifo, Narrower, Widener
from hwgen.plan.streams.joints import slowest_stage
from hwgen.plan.streams.timing import latency_and_interval
from tests.tiny_nets import network

UNROLLED = (0, 0)
CHAINS = {
    "wide beats": ((16, 16, 16, 16), ((2, 8), (2, 8), (2, 8)), 1.0),
    "thresholds in turn": ((16, 16, 16, 16), ((4, 1), (4, 1), (4, 1)), 1.0),
    "sparse": ((24, 20, 16, 12), ((3, 1), (2, 1), (4, 1)), 0.2),
    "mixed": ((20, 16, 12, 8), ((2, 2), UNROLLED, (2, 1)), 0.5),
    "unrolled first": ((20, 16, 12, 8), (UNROLLED, (3, 1), UNROLLED), 0.5),
}


def planned(widths, folds, density):
    net = network(1, widths=widths, density=density, argmax=False)
    layers, options = layers_of(net), BuildOptions(effort="low")
    choices = [
        unrolled(layer, options) if fold == UNROLLED else folded(layer, *fold, options)
        for layer, fold in zip(layers, folds, strict=True)
    ]
    return plan_chosen(net, layers, tuple(choices), options)


def lowered(stages, index):
    """The chain with a place less in one queue, or without it where it has the least."""
    queue = stages[index]
    rest = (replace(queue, depth=queue.depth - 1),) if queue.depth > 2 else ()
    return (*stages[:index], *rest, *stages[index + 1 :])


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_chain_is_as_fast_as_its_slowest_stage(chain):
    plan = planned(*chain)
    assert plan.interval_cycles == slowest_stage(plan.stages)


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_no_queue_has_a_place_too_many(chain):
    plan = planned(*chain)
    for index, stage in enumerate(plan.stages):
        if isinstance(stage, Fifo):
            _, interval = latency_and_interval(lowered(plan.stages, index))
            assert interval > plan.interval_cycles


def test_queues_and_converters_are_used_at_all():
    kinds = {type(stage) for chain in CHAINS.values() for stage in planned(*chain).stages}
    assert {Fifo, Narrower, Widener} <= kinds

"""Register placement against exhaustive search and a checker of its own."""

import itertools
import math

import numpy as np
import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.cost.delay import MODELS, StageLimit
from hwgen.plan.layers import layers_of
from hwgen.plan.unrolled.matrix import plan_adder_graph
from hwgen.plan.unrolled.registers import Placement, earliest, fewest_bits, register_bits

MODEL = MODELS["ecp5"]


def graph_of(weight, inputs="u3", style="signed"):
    graph = matrix_graph("m", np.asarray(weight, np.int64), IntType.parse(inputs))
    layer = layers_of(graph)[0]
    lanes = (graph.input.type,) * layer.columns
    return plan_adder_graph(layer, lanes, style=style, effort="low")


def random_graph(seed, shape, style="signed"):
    rng = np.random.default_rng(seed)
    return graph_of(rng.integers(-5, 6, shape) * (rng.random(shape) < 0.7), style=style)


def levels(count):
    return StageLimit(model=MODEL, levels=count, period_ns=1e9)


def period(ns):
    return StageLimit(model=MODEL, levels=99, period_ns=ns)


def rows_in_stage(graph, placement, node, stage, widest=0):
    """Every row of adders that ends in `node` within its stage, as (length, widest sum)."""
    widest = max(widest, graph.stored_range(node).bits)
    yield 1, widest
    for operand, _ in graph.adders[node - len(graph.inputs)].signed_operands:
        index = operand.node - len(graph.inputs)
        if index >= 0 and placement.adder_stages[index] == stage:
            for length, wide in rows_in_stage(graph, placement, operand.node, stage, widest):
                yield length + 1, wide


def check(graph, placement, limit, tails):
    """Walk every path of every stage, adder by adder."""
    first = len(graph.inputs)
    for index, stage in enumerate(placement.adder_stages):
        for length, widest in rows_in_stage(graph, placement, first + index, stage):
            assert length == 1 or limit.adders_fit(length, widest)
    for index, output in enumerate(graph.outputs):
        end = placement.output_stages[index] if output.adjusts else placement.latency
        if output.node < first:
            continue
        stage = placement.adder_stages[output.node - first]
        assert stage <= end
        assert math.isfinite(tails[index]) or min(stage, end) < placement.latency
        rows = [(0, 0)]
        if stage == end:
            rows = list(rows_in_stage(graph, placement, output.node, stage))
        for length, widest in rows:
            if output.adjusts:
                length, widest = length + 1, max(widest, output.range.bits)
            after = tails[index] if end == placement.latency else 0.0
            assert length < 2 or limit.adders_fit(length, widest, after)


CASES = [
    (seed, style, limit)
    for seed in range(4)
    for style in ("signed", "ternary")
    for limit in (levels(1), levels(2), period(3.5), period(5.5), period(9.0))
]


@pytest.mark.parametrize(("seed", "style", "limit"), CASES)
@pytest.mark.parametrize("tail", [math.inf, 1.2])
def test_every_stage_fits(seed, style, limit, tail):
    graph = random_graph(seed, (6, 8), style)
    tails = (tail,) * len(graph.outputs)
    first, best = earliest(graph, limit, tails), fewest_bits(graph, limit, tails)
    check(graph, first, limit, tails)
    check(graph, best, limit, tails)
    assert best.latency == first.latency
    assert register_bits(graph, best) <= register_bits(graph, first)


SHAPES = ((3, 3), (2, 3), (1, 3), (1, 2))


def size(graph):
    """Adders, those that adjust outputs among them."""
    return len(graph.adders) + sum(o.adjusts and o.node >= 0 for o in graph.outputs)


def placements(graph, latency):
    """Every assignment of stages that grows along the edges, outputs in registers."""
    first = len(graph.inputs)
    adjusting = [k for k, o in enumerate(graph.outputs) if o.adjusts and o.node >= 0]
    for stages in itertools.product(range(latency), repeat=len(graph.adders) + len(adjusting)):
        nodes = (0,) * first + stages
        ends = [latency] * len(graph.outputs)
        for index, stage in zip(adjusting, stages[len(graph.adders) :], strict=True):
            ends[index] = stage
        grows = all(
            nodes[operand.node] <= nodes[first + index]
            for index, adder in enumerate(graph.adders)
            for operand, _ in adder.signed_operands
        ) and all(nodes[graph.outputs[k].node] <= ends[k] for k in adjusting)
        if grows:
            yield Placement(
                latency=latency,
                adder_stages=stages[: len(graph.adders)],
                output_stages=tuple(ends),
            )


def one_level_a_stage(graph, placement):
    first = len(graph.inputs)
    stages = (-1,) * first + placement.adder_stages
    apart = all(
        stages[operand.node] < stages[first + index]
        for index, adder in enumerate(graph.adders)
        for operand, _ in adder.signed_operands
    )
    return apart and all(
        stages[output.node] < placement.output_stages[index]
        for index, output in enumerate(graph.outputs)
        if output.adjusts and output.node >= 0
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_placement_holds_fewer_bits(seed):
    graph = next(g for g in (random_graph(seed, s) for s in SHAPES) if size(g) <= 7)
    tails = (math.inf,) * len(graph.outputs)
    found = fewest_bits(graph, levels(1), tails)
    assert found.latency <= 4
    least = min(
        register_bits(graph, p)
        for p in placements(graph, found.latency)
        if one_level_a_stage(graph, p)
    )
    assert register_bits(graph, found) == least


def test_a_narrow_value_is_delayed_rather_than_two_wide_ones():
    # the inputs of the long row wait as two bits each until the wide product arrives
    graph = graph_of([[127, 0, 0], [127 * 85, 1, 1]], "u2")
    tails = (math.inf,) * 2
    limit = levels(1)
    first, best = earliest(graph, limit, tails), fewest_bits(graph, limit, tails)
    assert register_bits(graph, best) <= register_bits(graph, first)
    check(graph, best, limit, tails)


def test_a_shared_operand_is_delayed_once():
    graph = graph_of([[1, 1, 0], [1, 0, 1]], "u3")
    placement = earliest(graph, levels(1), (math.inf,) * 2)
    assert register_bits(graph, placement) == 4 + 4


def test_outputs_that_are_inputs_still_end_in_registers():
    graph = graph_of([[1, 0], [0, 0]], "u3")
    placement = fewest_bits(graph, levels(1), (math.inf,) * 2)
    assert placement.latency == 1
    assert register_bits(graph, placement) == 3

"""The rules that `bench/unrolled/widths.py` compares, against the plan and against each other."""

from itertools import pairwise

import pytest

from bench.unrolled.widths import RULES, Forms, reach, sizes
from hwgen.ir import Dense
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import UnrolledDense
from tests.tiny_nets import network


def planned(seed, target, **net):
    graph = network(seed, **net)
    plan = plan_design(graph, BuildOptions(style="unrolled", target=target, effort="low"))
    stages = [stage for stage in plan.stages if isinstance(stage, UnrolledDense)]
    return graph, [node for node in graph.nodes if isinstance(node, Dense)], stages


@pytest.mark.parametrize("target", ["xc7", "ice40", "ecp5"])
@pytest.mark.parametrize("inputs", ["u4", "s3"])
def test_forms_over_the_ranges_of_the_plan_are_its_ranges(target, inputs):
    _, _, stages = planned(2, target, inputs=inputs)
    for stage in stages:
        forms = Forms(stage.graph, list(stage.graph.inputs))
        assert forms.ranges[len(stage.graph.inputs) :] == [a.range for a in stage.graph.adders]


@pytest.mark.parametrize("seed", range(3))
def test_each_rule_needs_no_more_bits_than_the_one_before(seed):
    graph, nodes, stages = planned(seed, "ecp5", codes="u2")
    narrower = False
    for node, stage in zip(nodes, stages, strict=True):
        found = sizes(node, graph.source(node).range, stage)
        for before, after in pairwise(RULES):
            if "data type" not in (before, after):  # above 32 bits, or loose by design
                assert sum(found[after].adders) <= sum(found[before].adders)
        built, by_node = found["reachable range"], found["node"]
        narrower |= sum(built.adders) < sum(by_node.adders)
    assert narrower


def test_what_cannot_happen_is_counted():
    graph, _, _ = planned(1, "ecp5", codes="u2")
    layer = layers_of(graph)[0]
    counts = reach(graph, layer)
    never = sum(
        int(t > total.hi)
        for row, total in zip(layer.thresholds, layer.totals, strict=True)
        for t in row
    )
    assert counts["never_reached"] == never
    assert counts["channels_below_top_code"] == sum(o.hi < 3 for o in layer.outputs)

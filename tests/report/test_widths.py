"""Widths that the planner gives against the fewest bits that any register can have."""

import pytest

from hwgen.ir import Dense
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.report.widths import widths_of
from tests.tiny_nets import network

OPTIONS = (
    {"style": "unrolled"},
    {"style": "unrolled", "target": "ecp5", "accumulator": "signed", "effort": "low"},
    {"style": "folded"},
    {"style": "folded", "pe": 3, "simd": 2, "accumulator": "signed"},
    {"style": "folded", "accumulator": "32"},
)


def all_widths(graph, **options):
    plan = plan_design(graph, BuildOptions(**options))
    nodes = [node for node in graph.nodes if isinstance(node, Dense)]
    layers = layers_of(graph)
    return [
        widths_of(node, graph.source(node).range, layer, summary.accumulator_bits)
        for node, layer, summary in zip(nodes, layers, plan.layers, strict=True)
    ]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    "fields", [{}, {"inputs": "s4", "codes": "s2"}, {"inputs": "u1", "codes": "u1"}]
)
@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])  # 0.1 leaves constant channels
def test_no_register_of_the_planner_is_too_narrow(options, fields, density):
    for seed in range(2):
        for widths in all_widths(network(seed, density=density, **fields), **options):
            assert widths.too_narrow == ()


def test_reachable_ranges_need_no_more_than_whole_types():
    for widths in all_widths(network(3, density=0.9), style="folded"):
        assert all(a <= b for a, b in zip(widths.needed, widths.offset, strict=True))
        assert all(a <= b for a, b in zip(widths.offset, widths.signed, strict=True))
        assert all(a <= b for a, b in zip(widths.signed, widths.l1_norm, strict=True))
        assert max(widths.l1_norm) <= widths.data_type


def test_a_constant_channel_needs_no_register():
    found = all_widths(network(4, density=0.1), style="folded")
    assert any(0 in widths.needed for widths in found)
    assert any(0 in widths.built for widths in found)

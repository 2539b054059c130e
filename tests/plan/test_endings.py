"""Plans of bipolar nets: registers as narrow as their sums, and a bit a row where signs leave."""

import pytest

from hwgen.nn import export_graph
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.reference import outputs
from tests.nn.bipolar_networks import bipolar_codes, bipolar_net

STYLES = {
    "unrolled": BuildOptions(style="unrolled", effort="low"),
    "folded": BuildOptions(style="folded", pe=2, simd=2),
    "folded, one PE": BuildOptions(style="folded", pe=1, target="ice40"),
}


@pytest.mark.parametrize("options", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("result", ["argmax", "sums", "sign"])
@pytest.mark.parametrize("rows", [2, 5])
def test_a_plan_gives_what_the_reference_gives(result, options, rows):
    net = bipolar_net(rows=rows, hidden=(7,), bias=True)
    graph = export_graph(net, name="net", input_shape=(10,), result=result)
    plan = plan_design(graph, options)
    x = bipolar_codes(300)
    given = from_slots(plan.outputs, run_plan(plan, x)[-1])
    assert (given == outputs(graph, x)).all()
    if result == "sign":
        assert {lane.bits for lane in plan.outputs.lanes} == {1}


@pytest.mark.parametrize("options", STYLES.values(), ids=STYLES)
def test_a_register_has_the_bits_of_so_many_signs(options):
    """Ten inputs of one bit, weights -1 and 1: eleven sums, four bits; by data types seven."""
    graph = export_graph(bipolar_net(hidden=(7,)), name="net", input_shape=(10,))
    first, last = plan_design(graph, options).layers
    assert max(first.accumulator_bits) == 4
    assert first.data_type_bits == 7
    assert max(last.accumulator_bits) <= 4  # seven inputs, and the constants that are compared

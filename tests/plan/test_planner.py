import json

import numpy as np
import pytest

from hwgen.bounds import offset_bits
from hwgen.errors import PlanError
from hwgen.plan.codec import decode, encode
from hwgen.plan.design import Plan
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.reference import outputs
from tests.tiny_nets import network, random_inputs

OPTIONS = {
    "unrolled": BuildOptions(style="unrolled"),
    "unrolled ecp5": BuildOptions(style="unrolled", target="ecp5", pipeline="none"),
    "unrolled 32": BuildOptions(style="unrolled", accumulator="32", pipeline="1"),
    "folded": BuildOptions(style="folded"),
    "folded 3x2 signed": BuildOptions(style="folded", pe=3, simd=2, accumulator="signed"),
    "folded dense 32": BuildOptions(style="folded", pe=5, simd=3, skip=False, accumulator="32"),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("seed", range(8))
def test_a_plan_gives_what_the_reference_gives(seed, options):
    graph = network(
        seed,
        inputs=["u4", "s4", "u1", "s3"][seed % 4],
        codes=["u4", "s2", "u1", "u2", "s4"][seed % 5],
        density=[0.5, 0.1, 0.9][seed % 3],
        argmax=seed % 3 != 0,
    )
    plan = plan_design(graph, options)
    x = random_inputs(graph, 200)
    assert np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), outputs(graph, x))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_plan_survives_json(options):
    plan = plan_design(network(2), options)
    assert decode(json.loads(json.dumps(encode(plan))), Plan, "plan") == plan


def test_accumulators_have_offset_width_when_folded():
    graph = network(1, widths=(12, 1, 2))
    plan = plan_design(graph, BuildOptions(style="folded", pe=1))
    assert plan.layers[0].accumulator_bits == tuple(
        a.bits for a in graph.node("dense0").accumulators
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": "virtex"}, "plan.target: must be one of"),
        ({"stages": [{"kind": "Magic"}]}, r"plan.stages\[0\]: kind must be one of"),
        ({"latency_cycles": 1.5}, "plan.latency_cycles: must be a whole number, not 1.5"),
        ({"speed": 1}, "plan: must have the keys .* unknown: speed"),
        ({"stages": 3}, "plan.stages: must be a list, not 3"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(change, sentence):
    document = encode(plan_design(network(2), BuildOptions(style="folded"))) | change
    with pytest.raises(PlanError, match=sentence):
        decode(document, Plan, "plan")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"accumulator": "narrow"}, "accumulator: must be offset, signed or a width"),
        ({"accumulator": "1"}, "accumulator: must be offset, signed or a width"),
        ({"pipeline": "0"}, "pipeline: must be none, auto or a number"),
    ],
)
def test_wrong_options_are_refused(options, sentence):
    with pytest.raises(PlanError, match=sentence):
        BuildOptions(**options)


def test_too_narrow_an_accumulator_is_refused():
    with pytest.raises(PlanError, match="dense0: accumulator must have at least"):
        plan_design(network(0), BuildOptions(style="folded", accumulator="4"))


def test_folding_options_need_the_folded_style():
    with pytest.raises(PlanError, match="leave out --pe and --simd, or choose --style folded"):
        plan_design(network(0), BuildOptions(style="unrolled", pe=2, simd=2))


@pytest.mark.parametrize("target", ["xc7", "ice40", "ecp5", "gowin"])
@pytest.mark.parametrize("seed", range(4))
def test_an_unrolled_accumulator_has_exactly_the_bits_of_its_span(seed, target):
    graph = network(seed, inputs=["u4", "s4"][seed % 2])
    plan = plan_design(graph, BuildOptions(style="unrolled", target=target))
    for layer, summary in zip(layers_of(graph)[:-1], plan.layers[:-1], strict=True):
        for row, total in enumerate(layer.totals):
            divisor = np.gcd.reduce(np.abs(layer.weight[row])) or 1
            assert summary.accumulator_bits[row] <= offset_bits(total, int(divisor))

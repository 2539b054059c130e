import itertools
from dataclasses import replace

import numpy as np
import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.adder_graph import complement_constant, evaluate
from hwgen.plan.unrolled.matrix import plan_adder_graph
from tests.tiny_nets import network

STYLES = ("signed", "additive", "complement", "ternary")


def planned(weight, inputs, style, effort="low"):
    graph = matrix_graph("m", np.asarray(weight, np.int64), IntType.parse(inputs))
    layer = layers_of(graph)[0]
    lanes = (graph.input.type,) * layer.columns
    return plan_adder_graph(layer, lanes, style=style, effort=effort), lanes


def all_inputs(inputs, columns):
    limits = IntType.parse(inputs)
    values = range(limits.lo, limits.hi + 1)
    return np.array(list(itertools.product(values, repeat=columns)))


def stored_values(graph, x, lanes):
    """Every node's stored value, by an evaluation of its own."""
    values = [
        x[:, i] + (1 << (t.bits - 1) if graph.flipped and t.signed else 0)
        for i, t in enumerate(lanes)
    ]
    for adder in graph.adders:
        operands = []
        for operand in (adder.a, adder.b, *adder.third):
            value = values[operand.node]
            if operand.inverted:
                value = complement_constant(graph.stored_range(operand.node)) - value
            operands.append(value * 2**operand.shift)
        total = operands[0] + (-operands[1] if adder.subtract else operands[1])
        if adder.third:
            total = total + operands[2]
        values.append(total + adder.constant)
    return values


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("inputs", ["u1", "u2", "u4", "s1", "s3", "s8"])
@pytest.mark.parametrize(
    "weight",
    [
        [[0, 0, 0]],
        [[-8, 0, 0], [0, 0, 0]],
        [[1], [-1], [3], [-128], [0]],
        [[3, -2, 1]],
        [[1, 1, 1], [1, 1, 1], [-1, -1, -1], [2, 2, 2]],
        [[-1, -1, -1]],
    ],
)
def test_degenerate_matrices_give_the_product(weight, inputs, style):
    graph, lanes = planned(weight, inputs, style)
    limits = IntType.parse(inputs)
    x = np.random.default_rng(0).integers(limits.lo, limits.hi + 1, (100, len(weight[0])))
    assert np.array_equal(evaluate(graph, x, lanes), x @ np.array(weight).T)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("effort", ["low", "normal"])
def test_a_random_matrix_gives_the_product(style, effort):
    rng = np.random.default_rng(3)
    weight = rng.integers(-127, 128, (24, 20)) * (rng.random((24, 20)) < 0.4)
    graph, lanes = planned(weight, "u4", style, effort)
    x = rng.integers(0, 16, (200, 20))
    assert np.array_equal(evaluate(graph, x, lanes), x @ weight.T)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("inputs", ["u2", "s2"])
@pytest.mark.parametrize("seed", range(6))
def test_every_adder_reaches_both_ends_of_its_range_and_no_further(seed, inputs, style):
    weight = np.random.default_rng(seed).integers(-7, 8, (4, 5))
    graph, lanes = planned(weight, inputs, style)
    values = stored_values(graph, all_inputs(inputs, 5), lanes)
    for node, value in enumerate(values):
        limits = graph.stored_range(node)
        assert (value.min(), value.max()) == (limits.lo, limits.hi)


def test_equal_negated_and_shifted_rows_are_built_once():
    row = [1, -3, 5, 0, 7]
    once, _ = planned([row], "u4", "complement")
    weight = [row, [-w for w in row], [4 * w for w in row], row]
    graph, _ = planned(weight, "u4", "complement")
    assert len(graph.adders) == len(once.adders)


def test_sharing_saves_adders():
    rng = np.random.default_rng(5)
    weight = rng.integers(-7, 8, (32, 16))
    graph, _ = planned(weight, "u4", "signed")
    apart = sum(len(planned([row], "u4", "signed")[0].adders) for row in weight)
    assert len(graph.adders) < 0.8 * apart


def test_a_common_factor_is_taken_out_before_thresholds():
    graph = network(0, widths=(4, 3, 2), weight_bits=4)
    layer = layers_of(graph)[0]
    weight = layer.weight * 6
    tripled = type(layer)(**{f: getattr(layer, f) for f in layer.__slots__} | {"weight": weight})
    lanes = (graph.input.type,) * 4
    plain = plan_adder_graph(layer, lanes, style="signed", effort="low")
    factored = plan_adder_graph(tripled, lanes, style="signed", effort="low")
    assert [a.range for a in plain.adders] == [a.range for a in factored.adders]
    for before, after in zip(plain.outputs, factored.outputs, strict=True):
        assert after.unit == (6 * before.unit if before.node >= 0 else 1)


def test_adders_of_three_operands_take_fewer_luts():
    weight = np.random.default_rng(2).integers(-7, 8, (16, 16))
    two, _ = planned(weight, "u4", "signed")
    three, _ = planned(weight, "u4", "ternary")
    assert graph_luts(three, "xc7") < 0.7 * graph_luts(two, "ecp5")
    assert any(adder.third for adder in three.adders)


def test_sums_of_three_operands_are_unsigned_up_to_the_last_adder():
    weight = np.random.default_rng(4).integers(-7, 8, (8, 12))
    graph, _ = planned(weight, "u4", "ternary")
    roots = {output.node for output in graph.outputs}
    for node, adder in enumerate(graph.adders, len(graph.inputs)):
        assert adder.lo >= 0 or node in roots
        assert not adder.constant or node in roots
    assert any(adder.constant for adder in graph.adders)


@pytest.mark.parametrize("style", STYLES)
def test_more_effort_never_costs_more(style):
    weight = np.random.default_rng(6).integers(-7, 8, (12, 12))
    target = {"ternary": "xc7", "signed": "ecp5"}.get(style, "ice40")
    low, normal = (
        graph_luts(planned(weight, "u4", style, effort)[0], target) for effort in ("low", "normal")
    )
    assert normal <= low


def test_the_same_matrix_gives_the_same_graph():
    weight = np.random.default_rng(9).integers(-7, 8, (12, 12))
    assert (
        planned(weight, "u4", "signed", "normal")[0] == planned(weight, "u4", "signed", "normal")[0]
    )


def test_nodes_that_do_not_exist_are_refused():
    graph, _ = planned([[1, 2, -3], [3, 1, 2]], "u4", "signed")
    first = graph.adders[0]
    last = len(graph.inputs) + len(graph.adders)
    for node in (-1, 3, last):
        adder = replace(first, a=first.a._replace(node=node))
        with pytest.raises(ValueError, match=r"^adders\[0\]: operands must be inputs or earlier"):
            replace(graph, adders=(adder, *graph.adders[1:]))
    for node in (-2, last):
        output = replace(graph.outputs[0], node=node)
        with pytest.raises(ValueError, match=rf"^outputs\[0\]: node must be -1 to {last - 1}, not"):
            replace(graph, outputs=(output, *graph.outputs[1:]))

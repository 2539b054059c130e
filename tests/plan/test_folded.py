import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.execute import to_slots
from hwgen.plan.folded import plan_folded
from hwgen.plan.layers import layers_of
from hwgen.plan.stages import PADDING, Stream
from tests.tiny_nets import network

FOLDS = [(1, 1), (2, 1), (3, 2), (4, 3), (7, 5)]


def planned(layer, lane, pe, simd, **options):
    stream = Stream(lanes=(lane,), order=tuple(range(layer.columns)))
    settings = {"skip": True, "accumulator": "offset"} | options
    return plan_folded(layer, stream, pe=pe, simd=simd, **settings)


def hidden_layer(seed, inputs="u4", **options):
    graph = network(seed, inputs=inputs, **options)
    return layers_of(graph)[0], graph.input.type


@pytest.mark.parametrize(("pe", "simd"), FOLDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_schedule_holds_every_nonzero_once_and_nothing_else(seed, pe, simd):
    layer, lane = hidden_layer(seed)
    stage = planned(layer, lane, pe, simd).stage
    group = np.concatenate([[0], np.cumsum(stage.last)[:-1]]).repeat(simd)
    matrix = np.zeros((layer.rows, layer.columns), int)
    for p, element in enumerate(stage.elements):
        for step_group, slot, weight in zip(group, element.slots, element.weights, strict=True):
            row = stage.rows[step_group * pe + p]
            if weight:
                assert matrix[row, slot] == 0
                matrix[row, slot] = weight
    scale = [np.gcd.reduce(row) or 1 for row in np.abs(layer.weight)]
    assert np.array_equal(matrix * np.array(scale)[:, None], layer.weight)


@pytest.mark.parametrize(("pe", "simd"), FOLDS)
@pytest.mark.parametrize("inputs", ["u4", "s4"])
@pytest.mark.parametrize("accumulator", ["offset", "signed"])
def test_registers_have_the_exact_range_of_all_prefixes(accumulator, inputs, pe, simd):
    layer, lane = hidden_layer(1, inputs)
    plan = planned(layer, lane, pe, simd, accumulator=accumulator)
    rng = np.random.default_rng(0)
    corners = rng.choice([lane.lo, lane.hi], (4000, layer.columns))
    slots = to_slots(plan.stage.inputs, corners)
    starts = np.flatnonzero([True, *plan.stage.last[:-1]])
    for element in plan.stage.elements:
        lowest, highest = [], []
        for group, start in enumerate(starts):
            sums = np.full(len(slots), element.initial[group])
            extremes = [sums]
            step = start
            while True:
                for k in range(step * simd, step * simd + simd):
                    sums = sums + element.weights[k] * slots[:, element.slots[k]]
                extremes.append(sums)
                if plan.stage.last[step]:
                    break
                step += 1
            lowest.append(min(e.min() for e in extremes))
            highest.append(max(e.max() for e in extremes))
        assert element.accumulator.lo <= min(lowest)
        assert max(highest) <= element.accumulator.hi


def test_cycles_follow_the_nonzeros():
    rng = np.random.default_rng(0)
    weight = rng.choice([-1, 1], (64, 64)) * (rng.random((64, 64)) < 0.1)
    graph = matrix_graph("m", weight, IntType.parse("u4"))
    layer = layers_of(graph)[0]
    sparse = planned(layer, graph.input.type, 4, 1).stage
    dense = planned(layer, graph.input.type, 4, 1, skip=False).stage
    assert dense.cycles == 64 * 64 // 4
    assert sparse.cycles < 0.2 * dense.cycles


@pytest.mark.parametrize(("pe", "simd", "name"), [(10, 1, "pe"), (0, 1, "pe"), (1, 13, "simd")])
def test_a_fold_that_does_not_fit_is_refused(pe, simd, name):
    layer, lane = hidden_layer(0)
    with pytest.raises(PlanError, match=f"dense0: {name} must be 1 to the layer's"):
        planned(layer, lane, pe, simd)


def test_padding_rows_are_marked():
    layer, lane = hidden_layer(0)
    stage = planned(layer, lane, 4, 1).stage
    assert sorted(stage.rows) == [PADDING] * 3 + list(range(9))

import dataclasses

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.execute import from_slots, run_stage, to_slots
from hwgen.plan.folded.folding import FoldedOptions
from hwgen.plan.folded.matrix import plan_folded
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.stage import PADDING, Stream
from tests.tiny_nets import network

FOLDS = [(1, 1), (2, 1), (3, 2), (4, 3), (7, 5)]


def planned(layer, lane, pe, simd, *, stream_lanes=1, **options):
    slots = (*range(layer.columns), *[PADDING] * (-layer.columns % stream_lanes))
    stream = Stream(lanes=(lane,) * stream_lanes, order=slots)
    settings = {"target": "xc7", "pe": pe, "simd": simd, "luts_per_bram": 200} | options
    return plan_folded(layer, stream, FoldedOptions(**settings))


def hidden_layer(seed, inputs="u4", **options):
    graph = network(seed, inputs=inputs, **options)
    return layers_of(graph)[0], graph.input.type


def sparse_layer(size, zeros, *, tail=True, seed=0, values=(-7, 7)):
    """A layer of random sparsity with thresholds behind, or the bare matrix."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, values[1] + 1, (size, size)) * rng.choice([-1, 1], (size, size))
    graph = matrix_graph("m", weight * (rng.random((size, size)) >= zeros), IntType.parse("u4"))
    layer = layers_of(graph)[0]
    thresholds = np.tile(np.arange(-7, 8), (size, 1))
    hidden = dataclasses.replace(layer, tail="threshold", thresholds=thresholds)
    return (hidden if tail else layer), graph.input.type


def programs(stage):
    """(row, slot, weight) of every step and lane of a unit."""
    rows = {source: stage.rows[slot] for slot, source in stage.sources.items()}
    for index, (element, owner) in enumerate(zip(stage.elements, stage.owners, strict=True)):
        part = stage.pe_sets[owner]
        for place, (slot, weight) in enumerate(zip(element.slots, element.weights, strict=True)):
            k = int(np.searchsorted(part.ends, place // part.lanes))
            if k < len(part.ends):
                yield rows[index, k], slot, weight
            else:
                assert weight == 0


@pytest.mark.parametrize("skip", [True, False], ids=["sparse", "dense"])
@pytest.mark.parametrize(("pe", "simd"), FOLDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_schedule_holds_every_nonzero_once_and_nothing_else(seed, pe, simd, skip):
    layer, lane = hidden_layer(seed)
    stage = planned(layer, lane, pe, simd, skip=skip).stage
    matrix = np.zeros((layer.rows, layer.columns), int)
    for row, slot, weight in programs(stage):
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
    stage = planned(layer, lane, pe, simd, accumulator=accumulator).stage
    rng = np.random.default_rng(0)
    random = rng.choice([lane.lo, lane.hi], (2000, layer.columns))
    corners = [random]
    for row in layer.weight:  # the extremes of every prefix: a row's own corner up to a column
        best, worst = np.where(row > 0, lane.hi, lane.lo), np.where(row > 0, lane.lo, lane.hi)
        rest = np.clip(0, lane.lo, lane.hi)
        for end in range(layer.columns + 1):
            mask = np.arange(layer.columns) < end
            corners += [np.where(mask, x, rest)[None] for x in (best, worst)]
    slots = to_slots(stage.inputs, np.concatenate(corners))
    for element, owner in zip(stage.elements, stage.owners, strict=True):
        lanes, ends = stage.pe_sets[owner].lanes, stage.ends[owner]
        reached, start = [], 0
        for k, end in enumerate(ends):
            sums = np.full(len(slots), element.initial[k])
            reached.append(sums)
            for place in range(start * lanes, (end + 1) * lanes):
                sums = sums + element.weights[place] * slots[:, element.slots[place]]
                if place % lanes == lanes - 1:
                    reached.append(sums)
            start = end + 1
        assert element.accumulator.lo == min(int(e.min()) for e in reached)
        assert element.accumulator.hi == max(int(e.max()) for e in reached)


@pytest.mark.parametrize("zeros", [0.5, 0.8, 0.9, 0.95, 0.98])
@pytest.mark.parametrize(("size", "pe", "simd"), [(64, 4, 1), (128, 4, 2), (256, 4, 4)])
def test_cycles_are_close_to_the_bound(size, pe, simd, zeros):
    for seed in range(3):
        layer, lane = sparse_layer(size, zeros, seed=seed)
        # block RAM that costs little: at its usual price dense mode may be cheaper at half zeros
        options = {"drop_empty": True, "luts_per_bram": 10}
        stage = planned(layer, lane, pe, simd, **options).stage
        bound = -(-layer.nonzero // (pe * simd))
        assert stage.cycles <= 1.10 * bound


def test_dense_mode_takes_every_slot_and_no_position():
    layer, lane = sparse_layer(32, 0.9)
    for stream_lanes in (1, 2, 4, 8, 16):
        stage = planned(layer, lane, 4, 4, skip=False, stream_lanes=stream_lanes).stage
        assert stage.cycles == 32 * 32 // 16
        assert stage.counted


def test_a_full_matrix_falls_back_to_dense_mode():
    layer, lane = sparse_layer(32, 0.0)
    assert planned(layer, lane, 4, 4).stage.counted
    assert not planned(*sparse_layer(32, 0.9), 4, 4).stage.counted


def test_pes_of_a_set_end_together_and_no_result_is_overwritten():
    layer, lane = sparse_layer(64, 0.95)
    stage = planned(layer, lane, 4, 4).stage
    assert stage.sets > 1
    leaves, left = 0, [0] * stage.sets
    for vector in range(3):
        for beat in range(stage.groups):
            k, which = divmod(beat, stage.sets)
            end = stage.ends[which][k] + vector * stage.cycles
            assert end >= left[which]
            leaves = max(leaves, end) + 1
            left[which] = leaves


EDGES = {
    "one dense row among empty ones": np.vstack([np.ones((1, 64), int), np.zeros((63, 64), int)]),
    "empty columns": np.tile([1, 0, 0, -2], (64, 16)),
    "banded": sum(np.eye(64, k=k, dtype=int) for k in range(-2, 3)),
    "all equal": np.full((64, 64), 3),
    "all zero": np.zeros((64, 64), int),
    "single weight": np.array([[5]]),
}


@pytest.mark.parametrize("skip", [True, False], ids=["sparse", "dense"])
@pytest.mark.parametrize(("pe", "simd"), [(1, 1), (4, 2), (16, 4), (64, 64)])
@pytest.mark.parametrize("name", EDGES)
def test_edge_cases_give_the_sums(name, pe, simd, skip):
    weight = EDGES[name]
    graph = matrix_graph("m", weight, IntType.parse("s4"))
    layer = layers_of(graph)[0]
    fold = min(pe, layer.rows), min(simd, layer.columns)
    plan = planned(layer, graph.input.type, *fold, skip=skip, stream_lanes=fold[1])
    x = np.random.default_rng(0).integers(-8, 8, (20, layer.columns))
    slots = run_stage(plan.stage, to_slots(plan.stage.inputs, x))
    assert np.array_equal(from_slots(plan.stage.outputs, slots), x @ weight.T)


def test_a_row_of_its_own_is_split_over_lanes():
    layer, lane = EDGES["one dense row among empty ones"], IntType.parse("u4")
    graph = matrix_graph("m", layer, lane)
    stage = planned(layers_of(graph)[0], lane, 4, 4).stage
    assert stage.cycles < 64


@pytest.mark.parametrize(("pe", "simd", "name"), [(10, 1, "pe"), (0, 1, "pe"), (1, 13, "simd")])
def test_a_fold_that_does_not_fit_is_refused(pe, simd, name):
    layer, lane = hidden_layer(0)
    with pytest.raises(PlanError, match=f"dense0: {name} must be 1 to the layer's"):
        planned(layer, lane, pe, simd)


def test_padding_rows_are_marked():
    layer, lane = hidden_layer(0)
    stage = planned(layer, lane, 4, 1, skip=False).stage
    assert sorted(stage.rows) == [PADDING] * 3 + list(range(9))


def test_rows_without_weights_can_be_left_out():
    layer, lane = sparse_layer(64, 0.98)
    used = np.flatnonzero(layer.weight.any(axis=1))
    assert len(used) < 64
    stage = planned(layer, lane, 4, 1, drop_empty=True).stage
    assert sorted(row for row in stage.rows if row != PADDING) == used.tolist()

"""Rows of unlike length: PEs of unlike lanes, in cycles close to the bound."""

import dataclasses

import numpy as np
import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.execute import from_slots, run_stage, to_slots
from hwgen.plan.folded.folding import FoldedOptions
from hwgen.plan.folded.matrix import plan_folded
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import PADDING, Stream

INPUTS = IntType.parse("u4")
RNG = np.random.default_rng(0)
SIZE = 32
PLACE = np.arange(SIZE)


def of_lengths(lengths, columns=SIZE):
    return np.stack([RNG.permutation(np.arange(columns) < length) for length in lengths])


PATTERNS = {
    "dense row among sparse ones": (RNG.random((SIZE, SIZE)) < 0.05) | (PLACE[:, None] == 7),
    "dense row and diagonal": (PLACE[:, None] == PLACE) | (PLACE[:, None] == 7),
    "arrow": (PLACE[:, None] == PLACE) | (PLACE[:, None] == 0) | (PLACE == 0),
    "dense column": (RNG.random((SIZE, SIZE)) < 0.02) | (PLACE == 7),
    "triangle": np.tri(SIZE) > 0,
    "banded": np.abs(PLACE[:, None] - PLACE) <= 4,
    "random": RNG.random((SIZE, SIZE)) < 0.1,
    "lengths 1/k": of_lengths(SIZE // (PLACE + 1)),
    "lengths 1/sqrt k": of_lengths((SIZE / np.sqrt(PLACE + 1)).astype(int)),
    "all equal": of_lengths(np.full(SIZE, 5)),
    "blocks": PLACE[:, None] // 12 == PLACE // 12,
    "few long rows": of_lengths((60, 40, 7), 64),
}
FOLDS = [(3, 1), (4, 4), (7, 3)]


def planned(mask, pe, simd, **options):
    rng = np.random.default_rng(1)
    weight = mask * rng.integers(1, 8, mask.shape) * rng.choice([-1, 1], mask.shape)
    layer = layers_of(matrix_graph("m", weight, INPUTS))[0]
    pe, simd = min(pe, layer.rows), min(simd, layer.columns)
    settings = FoldedOptions(
        target="xc7", pe=pe, simd=simd, luts_per_bram=200, drop_empty=True, **options
    )
    stream = Stream(lanes=(INPUTS,) * 4, order=tuple(range(layer.columns)))
    return plan_folded(layer, stream, settings).stage, weight, -(-layer.nonzero // (pe * simd))


def check_sums(stage, weight):
    x = np.random.default_rng(2).integers(0, 16, (20, weight.shape[1]))
    sums = from_slots(stage.outputs, run_stage(stage, to_slots(stage.inputs, x)))
    rows = sorted(row for row in stage.rows if row != PADDING)
    assert rows == np.flatnonzero(weight.any(axis=1)).tolist()
    assert np.array_equal(sums[:, rows], (x @ weight.T)[:, rows])


def check_departures(stage):
    """No result is overwritten before it left; two results never share a lane of a beat."""
    leaves, left = 0, [0] * stage.sets
    for vector in range(3):
        following = [0] * stage.sets
        for together in stage.turns:
            lanes = [lane for s in together for lane in stage.pe_sets[s].fed]
            assert len(set(lanes)) == len(lanes)
            for s in together:
                end = vector * stage.cycles + stage.ends[s][following[s]] + 1
                following[s] += 1
                assert stage.sets == 1 or end >= left[s]
                leaves = max(leaves, end)
            leaves += 1
            for s in together:
                left[s] = leaves
        assert following == [len(ends) for ends in stage.ends]


@pytest.mark.parametrize(("pe", "simd"), FOLDS)
@pytest.mark.parametrize("name", PATTERNS)
def test_cycles_are_close_to_the_bound_for_every_pattern(name, pe, simd):
    stage, weight, bound = planned(PATTERNS[name], pe, simd)
    check_sums(stage, weight)
    check_departures(stage)
    assert stage.multipliers <= pe * simd
    if bound >= 5:
        assert stage.cycles <= (1.15 if bound >= 20 else 1.25) * bound


@pytest.mark.parametrize("seed", range(12))
def test_random_lengths_give_the_sums(seed):
    rng = np.random.default_rng(seed)
    rows, columns = (int(n) for n in rng.integers(2, 40, 2))
    lengths = np.minimum(rng.pareto(rng.uniform(0.3, 3), rows) * 2, columns)
    mask = np.stack([rng.permutation(np.arange(columns) < length) for length in lengths])
    mask[0, 0] = True
    padded = np.pad(mask, ((0, 0), (0, -columns % 4)))
    stage, weight, _ = planned(padded, int(rng.integers(1, 9)), int(rng.integers(1, 5)))
    check_sums(stage, weight)
    check_departures(stage)


def test_cycles_of_many_rows_are_close_to_the_bound():
    """Too many to look at every way to deal them."""
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.pareto(1, 512) * 3 + 1, 512).astype(int)
    stage, weight, bound = planned(of_lengths(lengths, 512), 16, 8)
    check_sums(stage, weight)
    check_departures(stage)
    assert bound <= stage.cycles <= 1.15 * bound


def test_a_long_row_gets_more_lanes_and_no_other_multiplier():
    name = "dense row and diagonal"
    stage, _, bound = planned(PATTERNS[name], 4, 4)
    alike = planned(PATTERNS[name], 4, 4, alike=True)[0]
    assert (alike.cycles, stage.cycles) == (15, 4)
    assert bound == 4
    assert stage.multipliers <= alike.multipliers
    lanes = sorted(part.lanes for part in stage.pe_sets for _ in range(part.size))
    assert lanes[-1] * stage.cycles >= SIZE > lanes[-2] * stage.cycles


def test_like_rows_keep_like_pes():
    for name in ("triangle", "banded", "all equal", "blocks"):
        stage = planned(PATTERNS[name], 4, 4)[0]
        assert stage == planned(PATTERNS[name], 4, 4, alike=True)[0]
        assert len({(part.lanes, part.size) for part in stage.pe_sets}) == 1


def test_the_program_has_a_field_for_every_lane():
    stage = planned(PATTERNS["arrow"], 4, 4)[0]
    memory = program_memory(stage)
    assert len(memory.weights) == len(memory.places) == stage.multipliers
    assert len(memory.ends) == stage.sets


def test_registers_hold_every_prefix_of_a_long_row():
    """A PE's register is as wide as its widest row needs, not wider for having more lanes."""
    stage, weight, _ = planned(PATTERNS["dense row and diagonal"], 4, 4)
    widest = max(stage.elements, key=lambda element: element.accumulator.span)
    ends = np.minimum(weight[7], 0).sum(), np.maximum(weight[7], 0).sum()
    assert [widest.accumulator.lo, widest.accumulator.hi] == [15 * end for end in ends]


def test_the_stage_is_frozen_data():
    stage = planned(PATTERNS["arrow"], 4, 4)[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        stage.turns = ()

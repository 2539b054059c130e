"""Long rows: what is sought stays small, and every row is still its own."""

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Accumulator, Dense, Graph, Input, Threshold
from hwgen.numeric import IntType
from hwgen.plan.adders import pieces
from hwgen.plan.adders.multiples import multiples
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.adders.pieces import pieces_of
from hwgen.plan.adders.sub_sums import SHIFT_BITS, SHIFT_MASK
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import design_vectors
from hwgen.plan.vectors.worst_cases import worst_cases
from hwgen.reference import outputs

U4 = IntType(bits=4, signed=False)
PIPELINES = [
    {"pipeline": "none"},
    {"pipeline": "1"},
    {"pipeline": "2"},
    {"pipeline": "3"},
    {"pipeline": "auto"},
    {"clock_mhz": 50.0},
]


def weights_of(terms, count):
    found = np.zeros(count, np.int64)
    for key, sign in terms.items():
        found[key >> SHIFT_BITS] += sign << (key & SHIFT_MASK)
    return found


def matrix_of(cut, columns):
    """The matrix that pieces stand for."""
    inputs = np.array([weights_of(column, columns) for column in cut.columns])
    found = np.array([weights_of(terms, columns) for terms in cut.loose])
    for row, terms in zip(cut.rows, cut.sums, strict=True):
        found[row] += weights_of(terms, len(cut.columns)) @ inputs.reshape(-1, columns)
    return found


@pytest.mark.parametrize("shape", [(1, 60), (2, 60), (5, 40), (40, 3), (12, 12)])
@pytest.mark.parametrize("most", [0, 40, 400])
def test_pieces_are_the_matrix(shape, most, monkeypatch):
    monkeypatch.setattr(pieces, "MOST_APART", 0)
    monkeypatch.setattr(pieces, "MOST_APART_ALIKE", 0)
    monkeypatch.setattr(pieces, "MOST_PAIRS", most)
    monkeypatch.setattr(pieces, "LEAST_TERMS", 4)
    rng = np.random.default_rng(most)
    weight = rng.integers(-8, 8, shape) * (rng.random(shape) < 0.8)
    cut = pieces_of(weight)
    assert np.array_equal(matrix_of(cut, shape[1]), weight)
    assert most or max(map(len, cut.sums)) <= 8


@pytest.mark.parametrize(("rows", "size", "most"), [(1, 600, 4), (1, 990, 4), (2, 500, 100)])
def test_a_long_row_is_sought_by_its_few_different_columns(rows, size, most):
    """By every column they took 6 to 20 s, longer than rows of twice the size."""
    weight = np.random.default_rng(size).integers(-7, 8, (rows, size))
    cut = pieces_of(weight)
    assert len(cut.columns) <= most
    assert np.array_equal(matrix_of(cut, size), weight)


def test_columns_that_are_alike_are_one_and_lonely_inputs_are_left_out():
    weight = np.tile([3, -6, 12, 5, 4, 0], (1, 500))
    cut = pieces_of(weight)
    assert [len(column) for column in cut.columns] == [1500, 500]
    assert len(cut.loose[0]) == 500
    assert len(cut.sums) == 1


def test_vectors_are_told_by_the_first_of_the_least():
    found = multiples(np.array([[2, -4], [-1, 2], [0, 0], [4, 8], [1, -2]]))
    assert found == [(1, 1, -1), (1, 0, 1), (2, 0, 1), (3, 0, 1), (1, 0, -1)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("shape", "limit"), [((1, 400), 7), ((3, 90), 7), ((200, 1), 127), ((80, 4), 3)]
)
def test_long_and_tall_matrices_give_what_the_reference_gives(shape, limit, target, monkeypatch):
    monkeypatch.setattr("hwgen.plan.unrolled.matrix.MOST_WORK", {"normal": 10_000})
    monkeypatch.setattr(pieces, "MOST_APART", 5_000)
    rng = np.random.default_rng(0)
    weight = rng.integers(-limit, limit + 1, shape)
    graph = matrix_graph("long", weight, IntType(bits=3, signed=True))
    plan = plan_design(graph, BuildOptions(style="unrolled", target=target))
    x = rng.integers(-4, 4, (20, shape[1]))
    assert np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), outputs(graph, x))
    design_vectors(plan, graph)


def test_rows_that_are_one_another_are_built_once():
    row = np.random.default_rng(1).integers(-7, 8, (1, 20))
    one = matrix_graph("one", row, U4)
    many = matrix_graph("many", np.tile(row, (50, 1)), U4)
    graphs = [
        plan_design(graph, BuildOptions(style="unrolled")).stages[0].graph for graph in (one, many)
    ]
    assert graph_luts(graphs[1], "xc7") == graph_luts(graphs[0], "xc7")
    assert {output.node for output in graphs[1].outputs} == {graphs[1].outputs[0].node}


@pytest.mark.parametrize("shape", [(200, 1), (60, 60), (40, 5)])
def test_worst_cases_reach_both_ends_of_every_row_in_few_vectors(shape):
    rng = np.random.default_rng(2)
    weight = rng.integers(-3, 4, shape) * (rng.random(shape) < 0.1 + 5 / shape[1] ** 2)
    layer = layers_of(matrix_graph("worst", weight, IntType(bits=3, signed=True)))[0]
    cases = worst_cases(layer, np.random.default_rng(0))
    sums = cases @ layer.weight.T + layer.bias
    assert sums.min(axis=0).tolist() == [total.lo for total in layer.totals]
    assert sums.max(axis=0).tolist() == [total.hi for total in layer.totals]
    assert len(cases) <= layer.rows


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (
            (1, 20_000),
            "dense: the 20,000 inputs of an unrolled layer must have at most 65,536 bits together, "
            "as wide as a Verilog vector is sure to be, not 80,000; use at most 16,384 inputs or "
            "--style folded",
        ),
        (
            (10_000, 1),
            "dense: the 10,000 sums of an unrolled layer must have at most 65,536 bits together, "
            "as wide as a Verilog vector is sure to be, not 70,000; use at most 9,362 sums or "
            "--style folded",
        ),
    ],
)
def test_ports_wider_than_verilog_promises_are_refused(shape, text):
    weight = np.resize([3, -3, 2], shape)
    graph = matrix_graph("wide", weight, U4)
    with pytest.raises(PlanError) as refusal:
        plan_design(graph, BuildOptions(style="unrolled"))
    assert str(refusal.value) == text


def net(seed):
    """A small net with dead, constant, repeated, opposite and single rows, and equal columns."""
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(1, 7)), int(rng.integers(1, 6))
    weight = rng.integers(-7, 8, (rows, columns)) * (rng.random((rows, columns)) < 0.7)
    for row in range(1, rows):
        kind = rng.integers(0, 6)
        if kind < 3:
            weight[row] = [0 * weight[0], weight[row - 1], -2 * weight[row - 1]][kind]
    weight = weight.clip(-8, 7)
    if columns > 1:
        weight[:, 1] = weight[:, 0]
    thresholds = np.sort(rng.integers(-60, 60, (rows, 3)), axis=1)
    thresholds[rng.random(rows) < 0.3] = 10_000  # never reached
    thresholds[rng.random(rows) < 0.2] = -10_000  # always reached
    dense = Dense(
        name="fc",
        inputs=("input",),
        weight=weight,
        weight_bits=4,
        bias=rng.integers(-9, 9, rows),
        accumulators=(Accumulator(method="signed", bits=20),) * rows,
    )
    act = Threshold(name="act", inputs=("fc",), thresholds=thresholds, output=IntType.parse("u2"))
    last = Dense(
        name="last",
        inputs=("act",),
        weight=rng.integers(-3, 4, (2, rows)),
        weight_bits=3,
        bias=np.zeros(2, np.int64),
        accumulators=(Accumulator(method="signed", bits=20),) * 2,
    )
    given = Input(shape=(columns,), type=IntType.parse(["u4", "s4", "u1"][seed % 3]))
    return Graph(name="odd", input=given, nodes=(dense, act, last), output="last")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("options", PIPELINES, ids=str)
def test_dead_constant_and_repeated_channels_build_in_every_pipeline(options, style, target):
    for seed in range(6):
        graph = net(seed)
        own = {} if style == "folded" and "clock_mhz" in options else options
        given = BuildOptions(style=style, target=target, effort="low", **own)
        plan = plan_design(graph, given)
        design_vectors(plan, graph)

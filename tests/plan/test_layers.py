import dataclasses

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.ir import (
    Add,
    Argmax,
    Concat,
    Dense,
    Flatten,
    Graph,
    Input,
    PixelShuffle,
    Threshold,
    UpsampleNearest,
)
from hwgen.numeric import IntType, Range
from hwgen.plan.layers import layers_of
from hwgen.reference import run
from tests.tiny_nets import dense, network, random_inputs

U4 = IntType.parse("u4")


def graph_of(nodes, shape=(3,)):
    return Graph(
        name="net", input=Input(shape=shape, type=U4), nodes=tuple(nodes), output=nodes[-1].name
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_value_lies_in_its_reachable_range(seed):
    graph = network(seed, argmax=False)
    values = run(graph, random_inputs(graph, 3000))
    for layer in layers_of(graph):
        sums, codes = values[layer.name], values[layer.tail_name]
        for row in range(layer.rows):
            assert layer.totals[row].lo <= sums[:, row].min()
            assert sums[:, row].max() <= layer.totals[row].hi
            assert layer.outputs[row].lo <= codes[:, row].min()
            assert codes[:, row].max() <= layer.outputs[row].hi


def test_a_constant_channel_is_folded_into_the_next_bias():
    first = dense("a", "input", [[1, 1, 1], [1, -1, 0]], U4.range)
    steps = np.array([[-5, -4, 90], [1, 5, 9]])  # channel 0: always at 2 of 3
    act = Threshold(name="t", inputs=("a",), thresholds=steps, output=IntType.parse("u2"))
    last = dense("b", "t", [[3, 1]], IntType.parse("u2").range)
    layers = layers_of(graph_of([first, act, last]))
    assert layers[0].outputs == (Range(2, 2), Range(0, 3))
    assert layers[1].weight.tolist() == [[0, 1]]
    assert layers[1].bias.tolist() == [6]
    assert layers[1].totals == (Range(6, 9),)


def test_an_image_is_flattened_by_wiring():
    node = dense("a", "f", np.ones((2, 12)), U4.range)
    layers = layers_of(graph_of([Flatten(name="f", inputs=("input",)), node], (3, 2, 2)))
    assert layers[0].columns == 12


def test_two_dense_layers_in_a_row_are_refused():
    first = dense("a", "input", np.ones((2, 3)), U4.range)
    second = dense("b", "a", np.ones((2, 2)), Range(0, 45))
    with pytest.raises(PlanError, match="net: b: hardware needs a threshold between 'a' and 'b'"):
        layers_of(graph_of([first, second]))


def test_what_nothing_reads_is_refused():
    first = dense("a", "input", np.ones((2, 3)), U4.range)
    second = dense("b", "input", np.ones((2, 3)), U4.range)
    with pytest.raises(PlanError) as caught:
        layers_of(graph_of([first, second]))
    assert str(caught.value) == (
        "net: a: must be read by a node or be the output, which is 'b'; remove it"
    )


def test_an_output_that_is_read_is_refused():
    first = dense("a", "input", np.ones((2, 3)), U4.range)
    second = Threshold(
        name="b", inputs=("a",), thresholds=np.zeros((2, 1), int), output=IntType.parse("u1")
    )
    source = Input(shape=(3,), type=U4)
    with pytest.raises(PlanError) as caught:
        layers_of(Graph(name="net", input=source, nodes=(first, second), output="a"))
    assert str(caught.value) == (
        "net: output 'a' must be read by no node, and 'b' reads it; remove the nodes behind it"
    )


@pytest.mark.parametrize("kind", [Add, Concat])
def test_a_matrix_on_sums_that_join_is_refused(kind):
    first = dense("a", "input", np.ones((3, 3)), U4.range)
    joined = kind(name="j", inputs=("input", "a"))
    size = 3 if kind is Add else 6
    last = dense("b", "j", np.ones((2, size)), Range(0, 60))
    with pytest.raises(PlanError) as caught:
        layers_of(graph_of([first, joined, last]))
    assert str(caught.value) == (
        "net: b: hardware needs a threshold between 'a' and 'b'; add an activation"
    )


def test_a_threshold_on_the_input_stands_behind_a_matrix_that_changes_nothing():
    act = Threshold(
        name="t", inputs=("input",), thresholds=np.zeros((3, 1), int), output=IntType.parse("u1")
    )
    layer = layers_of(graph_of([act]))[0]
    assert (layer.name, layer.tail_name, layer.op) == ("t_in", "t", "threshold")
    assert layer.weight.tolist() == np.eye(3).tolist()


def test_a_net_without_layers_is_refused():
    with pytest.raises(PlanError, match="net: hardware needs at least one operation; add one"):
        layers_of(graph_of([Flatten(name="f", inputs=("input",))]))


def test_an_argmax_ends_the_chain():
    node = dense("a", "input", np.ones((4, 3)), U4.range)
    layer = layers_of(graph_of([node, Argmax(name="m", inputs=("a",))]))[0]
    assert (layer.tail, layer.tail_name, layer.outputs) == ("argmax", "m", (Range(0, 3),))
    assert isinstance(node, Dense)


@pytest.mark.parametrize(
    ("node", "sources", "weight"),
    [
        (Add(name="x", inputs=("input", "input")), (-1, -1), [[1, 0, 1, 0], [0, 1, 0, 1]]),
        (Concat(name="x", inputs=("input", "input")), (-1, -1), np.eye(4).tolist()),
        (UpsampleNearest(name="x", inputs=("input",), factor=2), (-1,), np.eye(2).tolist()),
        (PixelShuffle(name="x", inputs=("input",), factor=1), (-1,), np.eye(2).tolist()),
    ],
)
def test_what_moves_and_adds_is_a_layer_of_ones(node, sources, weight):
    (layer,) = layers_of(graph_of([node], (2, 3, 2)))
    assert layer.sources == sources
    assert layer.weight.tolist() == weight
    factor = getattr(node, "factor", None)
    assert [part.factor for part in layer.front] == ([factor] if factor else [])
    assert layer.positions == ((6, 4) if factor == 2 else (3, 2))


def test_codes_that_cannot_occur_narrow_everything_behind_them():
    graph = network(3, codes="u3")
    dense, activation = graph.nodes[:2]
    totals = dense.totals(graph.input.type.range)
    thresholds = activation.thresholds.copy()
    thresholds[:, 3:] = np.array([total.hi + 1 for total in totals])[:, None]  # never fire
    thresholds[:, 0] = [total.lo for total in totals]  # never fail
    thresholds.sort(axis=1)
    changed = dataclasses.replace(activation, thresholds=thresholds)
    nodes = (dense, changed, *graph.nodes[2:])
    wide, narrow = layers_of(graph)[1], layers_of(dataclasses.replace(graph, nodes=nodes))[1]
    assert all(1 <= limits.lo <= limits.hi <= 3 for limits in narrow.inputs)
    spans = [(n.span, w.span) for n, w in zip(narrow.totals, wide.totals, strict=True)]
    assert all(after <= before for after, before in spans)
    assert any(after < before for after, before in spans)

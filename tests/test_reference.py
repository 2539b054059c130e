"""The golden model against loops over Python integers, which cannot overflow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.errors import ModelError, VerifyError
from hwgen.ir import Accumulator, Argmax, Dense, Flatten, Graph, Input, Samples, Threshold
from hwgen.numeric import IntType, Range
from hwgen.reference import check_input, check_samples, evaluate, outputs, run


def array(values):
    return np.array(values, dtype=np.int64)


def dense(weight, bias, inputs, name="fc1", source="input"):
    """A layer with exact signed accumulators."""
    node = Dense(
        name=name,
        inputs=(source,),
        weight=weight,
        weight_bits=62,
        bias=bias,
        accumulators=(),
    )
    exact = (Accumulator.exact(total, 1, "signed") for total in node.totals(inputs))
    return replace(node, accumulators=tuple(exact))


U4 = IntType(bits=4, signed=False)


def network(kind=U4, seed=1):
    rng = np.random.default_rng(seed)
    first = dense(rng.integers(-7, 8, (6, 12)), rng.integers(-50, 51, 6), kind.range)
    levels = IntType(bits=2, signed=True)
    thresholds = np.sort(rng.integers(-200, 200, (6, 3)), axis=1)
    second = dense(
        rng.integers(-7, 8, (4, 6)), rng.integers(-3, 4, 4), levels.range, "fc2", "relu1"
    )
    return Graph(
        name="net",
        input=Input(shape=(3, 4), type=kind),
        nodes=(
            Flatten(name="flat", inputs=("input",)),
            replace(first, inputs=("flat",)),
            Threshold(name="relu1", inputs=("fc1",), thresholds=thresholds, output=levels),
            second,
            Argmax(name="best", inputs=("fc2",)),
        ),
        output="best",
    )


def slow(graph, sample):
    """One sample, by the words of the operations' docstrings, in Python integers."""
    values = {"input": [int(v) for v in np.asarray(sample).ravel()]}
    for node in graph.nodes:
        x = values[node.inputs[0]]
        match node:
            case Dense():
                values[node.name] = [
                    sum(int(w) * v for w, v in zip(row, x, strict=True)) + int(b)
                    for row, b in zip(node.weight, node.bias, strict=True)
                ]
            case Threshold():
                values[node.name] = [
                    node.output.lo + sum(v >= int(t) for t in thresholds)
                    for v, thresholds in zip(x, node.thresholds, strict=True)
                ]
            case Flatten():
                values[node.name] = x
            case Argmax():
                values[node.name] = [x.index(max(x))]
    return values


@pytest.mark.parametrize("kind", ["u1", "u4", "s1", "s4", "u16", "s16"])
def test_a_network(kind):
    kind = IntType.parse(kind)
    graph = network(kind)
    x = np.random.default_rng(2).integers(kind.lo, kind.hi + 1, (40, 3, 4))
    x[0], x[1] = kind.lo, kind.hi
    found = run(graph, x)
    assert list(found) == ["input", "flat", "fc1", "relu1", "fc2", "best"]
    for index, sample in enumerate(x):
        expected = slow(graph, sample)
        for name, values in found.items():
            assert values.dtype == np.int64
            assert values[index].ravel().tolist() == expected[name], name
    for name, values in found.items():
        tensor = graph.tensors[name]
        assert values.shape == (40, *tensor.shape)
        assert tensor.range.lo <= values.min() <= values.max() <= tensor.range.hi


@given(
    st.lists(st.integers(-(1 << 57), 1 << 57), min_size=1, max_size=5),
    st.integers(-(1 << 57), 1 << 57),
    st.integers(0, 4),
)
def test_large_weights_are_exact(weights, bias, pick):
    """Where float64 would round, int64 takes over."""
    kind = IntType(bits=2, signed=True)
    node = dense(array([weights]), array([bias]), kind.range)
    graph = Graph(
        name="net", input=Input(shape=(len(weights),), type=kind), nodes=(node,), output="fc1"
    )
    x = np.random.default_rng(pick).integers(-2, 2, (8, len(weights)))
    assert outputs(graph, x).tolist() == [slow(graph, sample)["fc1"] for sample in x]


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_at_the_edge_of_float64(extra):
    weights = [(1 << 53) - 1 + extra, -1, 1]
    node = dense(array([weights]), array([0]), Range(0, 1))
    for x in ([1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 0, 1]):
        expected = sum(w * v for w, v in zip(weights, x, strict=True))
        assert evaluate(node, array([x]), Range(0, 1)).tolist() == [[expected]]


def test_the_bias_may_take_the_sum_beyond_float64():
    bias = (1 << 60) + 1
    node = dense(array([[1]]), array([bias]), Range(0, 1))
    assert evaluate(node, array([[1]]), Range(0, 1)).tolist() == [[bias + 1]]


def test_thresholds_count_what_the_value_reaches():
    node = Threshold(
        name="t",
        inputs=("x",),
        thresholds=array([[-5, 0, 0], [7, 8, 9]]),
        output=IntType(bits=2, signed=False),
    )
    x = array([[-6, 6], [-5, 7], [-1, 8], [0, 9], [1, 100]])
    assert evaluate(node, x, Range(-6, 100)).tolist() == [[0, 0], [1, 1], [1, 2], [3, 3], [3, 3]]


def test_thresholds_of_an_image_are_per_channel():
    node = Threshold(
        name="t", inputs=("x",), thresholds=array([[0], [5]]), output=IntType(bits=1, signed=True)
    )
    x = array([[[[0, -1]], [[4, 5]]]])
    assert evaluate(node, x, Range(-1, 5)).tolist() == [[[[0, -1]], [[-1, 0]]]]


def test_flatten_puts_the_last_index_fastest():
    x = np.arange(24).reshape(2, 2, 3, 2)
    found = evaluate(Flatten(name="f", inputs=("x",)), x, Range(0, 23))
    assert found.tolist() == [list(range(12)), list(range(12, 24))]


@pytest.mark.parametrize(
    ("values", "index"),
    [([5], 0), ([1, 1], 0), ([0, 7, 3, 7], 1), ([-3, -2, -2], 1), ([-1 << 40, -1 << 41], 0)],
)
def test_argmax_takes_the_lowest_index_among_equals(values, index):
    found = evaluate(Argmax(name="a", inputs=("x",)), array([values]), Range(-9, 9))
    assert found.tolist() == [[index]]


def test_batches_join():
    graph = network()
    x = np.random.default_rng(3).integers(0, 16, (10, 3, 4))
    assert outputs(graph, x, batch=3).tolist() == run(graph, x)["best"].tolist()


def test_no_samples():
    assert outputs(network(), np.zeros((0, 3, 4), np.int64)).shape == (0, 1)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint64])
def test_inputs_of_any_integer_type(kind):
    graph = network()
    x = np.full((2, 3, 4), 15, kind)
    assert check_input(graph, x).dtype == np.int64
    assert outputs(graph, x).tolist() == outputs(graph, x.astype(np.int64)).tolist()


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.zeros((1, 3, 4)), "net: input: must be integers, not float64"),
        (np.zeros((1, 3, 4), bool), "net: input: must be integers, not bool"),
        (
            np.zeros((3, 4), np.int64),
            "net: input: must have shape (samples, 3, 4), not (3, 4)",
        ),
        (np.int64(3), "net: input: must have shape (samples, 3, 4), not ()"),
        (
            np.full((1, 3, 4), 16),
            "net: input: values must be u4, 0 to 15, not 16 to 16",
        ),
        (
            np.array([[[0, 1, 2, 3]] * 2 + [[0, 0, 0, -1]]]),
            "net: input: values must be u4, 0 to 15, not -1 to 3",
        ),
        (
            np.full((1, 3, 4), (1 << 64) - 1, np.uint64),
            f"net: input: values must be u4, 0 to 15, not {(1 << 64) - 1} to {(1 << 64) - 1}",
        ),
    ],
)
def test_inputs_that_are_refused(x, expected):
    with pytest.raises(ModelError) as caught:
        check_input(network(), x)
    assert str(caught.value) == expected


def test_golden_samples():
    graph = network()
    check_samples(graph)  # none to check
    x = np.random.default_rng(4).integers(0, 16, (5, 3, 4))
    y = outputs(graph, x)
    check_samples(replace_samples(graph, x, y))
    for wrong in (y + 1, y[:4], np.concatenate([y, y], axis=1)):
        with pytest.raises(VerifyError) as caught:
            check_samples(replace_samples(graph, x, wrong))
        assert str(caught.value) == (
            "net: samples: the reference must give the stored outputs, and does not; "
            "the file is damaged or was edited: export the model again"
        )


def replace_samples(graph, x, y):
    return Graph(
        name=graph.name,
        input=graph.input,
        nodes=graph.nodes,
        output=graph.output,
        samples=Samples(x=x, y=y),
    )

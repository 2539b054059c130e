"""A graph that holds together is accepted; each way not to is refused with its sentence."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.ir import Accumulator, Argmax, Dense, Flatten, Graph, Input, Tensor, Threshold
from hwgen.numeric import IntType, Range

U4, S4 = IntType(bits=4, signed=False), IntType(bits=4, signed=True)
U1 = IntType(bits=1, signed=False)


def array(values):
    return np.array(values, dtype=np.int64)


def signed(bits, **options):
    return Accumulator(method="signed", bits=bits, **options)


DENSE = Dense(
    name="fc1",
    inputs=("input",),
    weight=array([[3, -2, 1], [4, 0, -8]]),
    weight_bits=4,
    bias=array([5, 4]),
    accumulators=(signed(8), signed(8)),  # [-25, 65] and [-116, 64]
)
THRESHOLD = Threshold(name="relu1", inputs=("fc1",), thresholds=array([[0], [-3]]), output=U1)
FLATTEN = Flatten(name="flat", inputs=("relu1",))
ARGMAX = Argmax(name="best", inputs=("flat",))


def graph(*nodes, output=None, shape=(3,), kind=U4, scale=1.0):
    return Graph(
        name="net",
        input=Input(shape=shape, type=kind, scale=scale),
        nodes=nodes,
        output=output or nodes[-1].name,
    )


def refusal(*nodes, **options):
    with pytest.raises(ModelError) as caught:
        graph(*nodes, **options)
    return str(caught.value)


def test_a_whole_network():
    net = graph(DENSE, THRESHOLD, FLATTEN, ARGMAX)
    assert net.tensors == {
        "input": Tensor((3,), Range(0, 15)),
        "fc1": Tensor((2,), Range(-116, 65)),
        "relu1": Tensor((2,), Range(0, 1)),
        "flat": Tensor((2,), Range(0, 1)),
        "best": Tensor((1,), Range(0, 1)),
    }
    assert net.node("relu1") is THRESHOLD
    assert net.source(THRESHOLD) == Tensor((2,), Range(-116, 65))
    with pytest.raises(FrozenInstanceError):
        net.name = "other"


def test_shapes_and_ranges():
    net = graph(FLATTEN_INPUT, shape=(2, 3, 4), kind=S4)
    assert net.tensors["flat"] == Tensor((24,), Range(-8, 7))
    one = graph(replace(ARGMAX, inputs=("input",)), shape=(1,))
    assert one.tensors["best"] == Tensor((1,), Range(0, 0))


FLATTEN_INPUT = replace(FLATTEN, inputs=("input",))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"shape": ()}, "net: input: shape must have positive sizes, not ()"),
        ({"shape": (3, 0)}, "net: input: shape must have positive sizes, not (3, 0)"),
        ({"shape": (-3,)}, "net: input: shape must have positive sizes, not (-3,)"),
        ({"scale": 0.0}, "net: input: scale must be positive and finite, not 0.0"),
        ({"scale": -1.0}, "net: input: scale must be positive and finite, not -1.0"),
        ({"scale": float("nan")}, "net: input: scale must be positive and finite, not nan"),
        ({"scale": float("inf")}, "net: input: scale must be positive and finite, not inf"),
        ({"output": "nowhere"}, "net: output: must name a node, not 'nowhere'"),
        ({"output": "input"}, "net: output: must name a node, not 'input'"),
    ],
)
def test_input_and_output(options, expected):
    assert refusal(FLATTEN_INPUT, **options) == expected


def test_no_nodes():
    assert refusal(output="x") == "net: output: must name a node, not 'x'"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (
            (DENSE, replace(THRESHOLD, name="fc1")),
            "net: fc1: name must be unique; rename one of the two",
        ),
        (
            (replace(DENSE, name="input"),),
            "net: input: name must be unique; rename one of the two",
        ),
        ((replace(FLATTEN, inputs=()),), "net: flat: must have 1 input, not 0"),
        (
            (replace(FLATTEN, inputs=("input", "input")),),
            "net: flat: must have 1 input, not 2",
        ),
        (
            (FLATTEN, replace(FLATTEN_INPUT, name="relu1")),
            "net: flat: input 'relu1' must be an earlier node; list nodes in topological order",
        ),
        (
            (replace(FLATTEN, inputs=("flat",)),),
            "net: flat: input 'flat' must be an earlier node; list nodes in topological order",
        ),
    ],
)
def test_wiring(nodes, expected):
    assert refusal(*nodes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"weight": array([1, 2, 3])},
            "net: fc1: weight must be a matrix (out_features, in_features), not (3,)",
        ),
        (
            {"weight": np.zeros((0, 3), np.int64)},
            "net: fc1: weight must be a matrix (out_features, in_features), not (0, 3)",
        ),
        (
            {"weight": array([[1, 2], [3, 4]])},
            "net: fc1: in_features must be (3,), not (2,)",
        ),
        (
            {"weight_bits": 3},
            "net: fc1: weight must fit weight_bits = 3, not reach from -8 to 4",
        ),
        ({"weight_bits": 0}, "net: fc1: weight_bits must be 1 to 62, not 0"),
        ({"weight_bits": 1 << 40}, "net: fc1: weight_bits must be 1 to 62, not 1099511627776"),
        ({"bias": array([1])}, "net: fc1: bias must have shape (2,), not (1,)"),
        ({"bias": array([[1, 2]])}, "net: fc1: bias must have shape (2,), not (1, 2)"),
        (
            {"accumulators": (signed(8),)},
            "net: fc1: must have one accumulator a channel, 2, not 1",
        ),
        (
            {"accumulators": (signed(7), signed(8))},
            "net: fc1: channel 0: accumulator must have 8 bits for sums in [-25, 65], not 7",
        ),
        (
            {"accumulators": (signed(8), signed(8, offset=1))},
            "net: fc1: channel 1: a signed accumulator has offset 0, not 1",
        ),
        (
            {"accumulators": (signed(8), signed(8, target_bits=7))},
            "net: fc1: channel 1: accumulator needs 8 bits, "
            "more than the 7 that it was trained for",
        ),
        (
            {"accumulators": (signed(8), signed(63))},
            "net: fc1: channel 1: accumulator must have at most 62 bits, not 63",
        ),
        (
            {"accumulators": (signed(8), signed(1 << 60))},
            f"net: fc1: channel 1: accumulator must have at most 62 bits, not {1 << 60}",
        ),
        (
            {"accumulators": (signed(8), Accumulator(method="offset", bits=5))},
            "net: fc1: channel 1: accumulator must have 6 bits for sums in [-116, 64], not 5",
        ),
        (
            {"accumulators": (signed(8), Accumulator(method="offset", bits=6, offset=20))},
            "net: fc1: channel 1: offset 20 puts sums at [-9, 36], outside 6 bits",
        ),
        (
            {"weight": array([[3, -2, 1], [1 << 60, 0, 0]]), "weight_bits": 62},
            "net: fc1: channel 1: accumulator must have 65 bits for sums in "
            "[4, 17293822569102704644], not 8\nnet: fc1: channel 1: sums must fit 62 bits",
        ),
    ],
)
def test_dense(changes, expected):
    assert refusal(replace(DENSE, **changes)) == expected


def test_inputs_that_never_are_zero():
    shifted = replace(DENSE, bias=array([100, 120]), accumulators=(signed(9), signed(10)))
    second = Dense(
        name="fc2",
        inputs=("fc1",),
        weight=array([[1, 1]]),
        weight_bits=2,
        bias=array([0]),
        accumulators=(signed(10),),
    )
    positive = replace(shifted, weight=array([[3, 2, 1], [4, 0, 7]]))
    assert refusal(positive, second) == (
        "net: fc2: the input's range must contain 0, or partial sums are not bounded"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"thresholds": array([[0]] * 3)},
            "net: relu1: thresholds must have shape (2 or 1, 1 to 1), not (3, 1)",
        ),
        (
            {"thresholds": array([[0, 1]] * 2)},
            "net: relu1: thresholds must have shape (2 or 1, 1 to 1), not (2, 2)",
        ),
        (
            {"thresholds": array([0, 1])},
            "net: relu1: thresholds must have shape (2 or 1, 1 to 1), not (2,)",
        ),
        (
            {
                "thresholds": array([[0, 1, 2], [5, 4, 6]]),
                "output": IntType(bits=2, signed=False),
            },
            "net: relu1: thresholds must ascend in every channel",
        ),
        (
            {
                "thresholds": array([[0, 1, 2], [(1 << 63) - 1, -(1 << 63), 6]]),
                "output": IntType(bits=2, signed=False),
            },
            "net: relu1: thresholds must ascend in every channel",
        ),
    ],
)
def test_threshold(changes, expected):
    assert refusal(DENSE, replace(THRESHOLD, **changes)) == expected


def test_thresholds_may_be_equal_and_far_apart():
    ends = array([[0, 0, 0], [-(1 << 63), 0, (1 << 63) - 1]])
    wide = replace(THRESHOLD, thresholds=ends, output=IntType(bits=2, signed=True))
    assert graph(DENSE, wide).tensors["relu1"].range == Range(-2, 1)


def test_argmax_needs_one_axis():
    assert refusal(replace(ARGMAX, inputs=("input",)), shape=(2, 3)) == (
        "net: best: input must have one axis, not shape (2, 3); flatten it"
    )


def test_all_problems_at_once():
    broken = replace(DENSE, weight_bits=2, bias=array([1]), accumulators=(), weight=array([[9, 9]]))
    text = refusal(broken, THRESHOLD, output="nowhere", scale=-1.0)
    assert text.splitlines() == [
        "net: input: scale must be positive and finite, not -1.0",
        "net: fc1: in_features must be (3,), not (2,)",
        "net: fc1: weight must fit weight_bits = 2, not reach from 9 to 9",
        "net: fc1: must have one accumulator a channel, 1, not 0",
        "net: output: must name a node, not 'nowhere'",
    ]


@pytest.mark.parametrize("method", ["signed", "offset"])
@pytest.mark.parametrize("bias", [0, 4, -100, 3])
def test_the_exact_accumulator_holds_every_sum_and_no_narrower_one_does(method, bias):
    weights, inputs = array([[4, -8, 2]]), range(16)
    node = replace(DENSE, weight=weights, weight_bits=5, bias=array([bias]))
    total, divisor = node.totals(U4.range)[0], node.divisor(0)
    register = Accumulator.exact(total, divisor, method)
    assert register.problem(total, divisor) is None
    assert replace(register, bits=register.bits - 1).problem(total, divisor) is not None
    unit = divisor if method == "offset" else 1
    sums = {4 * a - 8 * b + 2 * c + bias for a in inputs for b in inputs for c in inputs}
    held = {total // unit + register.offset for total in sums}
    assert len(held) == len(sums)  # what the bias leaves of a unit is the same in all of them
    assert min(held) >= -(1 << (register.bits - 1))
    assert max(held) < 1 << (register.bits - 1)


def test_a_wider_accumulator_is_accepted():
    wide = Accumulator(method="offset", bits=9, offset=-100)
    assert graph(replace(DENSE, accumulators=(signed(20), wide))).output == "fc1"


def test_a_channel_of_zeros():
    total, divisor = Range(5, 5), 5
    register = Accumulator.exact(total, divisor, "offset", target_bits=1)
    assert (register.bits, register.offset) == (1, -2)
    assert register.problem(total, divisor) is None

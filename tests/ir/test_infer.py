"""Operations on images: the shape and range of what they make, and each refusal's sentence."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.ir import (
    Add,
    Argmax,
    Concat,
    Graph,
    Input,
    MaxPool2d,
    PixelShuffle,
    SumPool2d,
    Tensor,
    Threshold,
    UpsampleNearest,
    operation_name,
)
from hwgen.numeric import IntType, Range
from tests.tiny_nets import conv2d

S4 = IntType.parse("s4")
CONV = conv2d("conv", "input", np.ones((8, 2, 3, 3)), S4.range, bias=range(8), groups=2)
MAX = MaxPool2d(name="max", inputs=("input",), kernel_size=(2, 3), stride=(2, 1))
SUM = SumPool2d(name="sum", inputs=("input",), kernel_size=(2, 3), stride=(2, 1))
ADD = Add(name="sum", inputs=("input", "input"))
CONCAT = Concat(name="both", inputs=("input", "max"))
UP = UpsampleNearest(name="up", inputs=("input",), factor=3)
SHUFFLE = PixelShuffle(name="shuffle", inputs=("input",), factor=2)


def graph(*nodes, shape=(4, 5, 6), kind=S4):
    spec = Input(shape=shape, type=kind)
    return Graph(name="net", input=spec, nodes=nodes, output=nodes[-1].name)


def refusal(*nodes, **options):
    with pytest.raises(ModelError) as caught:
        graph(*nodes, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (CONV, Tensor((8, 3, 4), Range(-144, 133))),
        (replace(CONV, stride=(2, 3)), Tensor((8, 2, 2), Range(-144, 133))),
        (replace(CONV, padding=(1, 0)), Tensor((8, 5, 4), Range(-144, 133))),
        (replace(CONV, padding=(1, 2), stride=(2, 2)), Tensor((8, 3, 4), Range(-144, 133))),
        (replace(CONV, padding=(1, 0, 2, 1)), Tensor((8, 6, 5), Range(-144, 133))),
        (MAX, Tensor((4, 2, 4), Range(-8, 7))),
        (replace(MAX, padding=(1, 0)), Tensor((4, 3, 4), Range(-8, 7))),
        (replace(MAX, padding=(0, 1, 1, 1)), Tensor((4, 3, 6), Range(-8, 7))),
        (SUM, Tensor((4, 2, 4), Range(-48, 42))),
        (ADD, Tensor((4, 5, 6), Range(-16, 14))),
        (UP, Tensor((4, 15, 18), Range(-8, 7))),
        (SHUFFLE, Tensor((1, 10, 12), Range(-8, 7))),
    ],
)
def test_shapes_and_ranges(node, expected):
    assert graph(node).tensors[node.name] == expected


def test_concat_joins_channels_and_ranges():
    wide = replace(SUM, kernel_size=(1, 2), stride=(1, 1))
    narrow = replace(MAX, kernel_size=(1, 2), stride=(1, 1))
    joined = graph(wide, narrow, replace(CONCAT, inputs=("max", "sum", "max")))
    assert joined.tensors["both"] == Tensor((12, 5, 5), Range(-16, 14))


def test_a_threshold_on_an_image_is_per_channel():
    node = Threshold(
        name="act",
        inputs=("conv",),
        thresholds=np.zeros((8, 1), np.int64),
        output=IntType.parse("u1"),
    )
    assert graph(CONV, node).tensors["act"] == Tensor((8, 3, 4), Range(0, 1))
    few = replace(node, thresholds=np.zeros((4, 1), np.int64))
    assert refusal(CONV, few) == "net: act: thresholds must have shape (8 or 1, 1 to 1), not (4, 1)"


def test_names_of_operations():
    nodes = (CONV, MAX, SUM, ADD, CONCAT, UP, SHUFFLE)
    names = "conv2d max_pool2d sum_pool2d add concat upsample_nearest pixel_shuffle"
    assert " ".join(operation_name(node) for node in nodes) == names


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"weight": np.ones((8, 2), np.int64)},
            "weight must be (out_channels, in_channels / groups, kh, kw), not (8, 2)",
        ),
        (
            {"weight": np.ones((8, 2, 0, 3), np.int64)},
            "weight must be (out_channels, in_channels / groups, kh, kw), not (8, 2, 0, 3)",
        ),
        ({"stride": (1, 0)}, "stride must be at least 1, not (1, 0)"),
        ({"padding": (-1, 0)}, "padding must not be negative, not (-1, 0)"),
        ({"groups": 3}, "groups must divide out_channels = 8, not 3"),
        ({"groups": 0}, "groups must divide out_channels = 8, not 0"),
        ({"groups": 4}, "in_channels must be 4, not 8"),
        ({"groups": 1}, "in_channels must be 4, not 2"),
        (
            {"weight": np.ones((8, 2, 6, 3), np.int64)},
            "kernel must fit the padded image (5, 6), not (6, 3)",
        ),
        (
            {"weight": np.ones((8, 2, 1, 9), np.int64), "padding": (0, 1)},
            "kernel must fit the padded image (5, 8), not (1, 9)",
        ),
        ({"weight_bits": 1}, "weight must fit weight_bits = 1, not reach from 1 to 1"),
        ({"bias": np.zeros(4, np.int64)}, "bias must have shape (8,), not (4,)"),
        (
            {"accumulators": CONV.accumulators[:3]},
            "must have one accumulator a channel, 8, not 3",
        ),
        (
            {"accumulators": (replace(CONV.accumulators[0], bits=8), *CONV.accumulators[1:])},
            "channel 0: accumulator must have 9 bits for sums in [-144, 126], not 8",
        ),
    ],
)
def test_conv2d_is_refused(changes, expected):
    assert refusal(replace(CONV, **changes)) == f"net: conv: {expected}"


@pytest.mark.parametrize("node", [CONV, MAX, SUM, UP, SHUFFLE])
def test_images_have_three_axes(node):
    assert refusal(node, shape=(4,)) == (
        f"net: {node.name}: input must be an image (channels, height, width), not (4,)"
    )


@pytest.mark.parametrize("node", [MAX, SUM])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"kernel_size": (0, 1)},
            "kernel_size and stride must be at least 1, not kernel_size (0, 1) and stride (2, 1)",
        ),
        (
            {"stride": (0, 1)},
            "kernel_size and stride must be at least 1, not kernel_size (2, 3) and stride (0, 1)",
        ),
        ({"kernel_size": (6, 1)}, "kernel_size must fit the image (5, 6), not (6, 1)"),
    ],
)
def test_pooling_is_refused(node, changes, expected):
    assert refusal(replace(node, **changes)) == f"net: {node.name}: {expected}"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((replace(ADD, inputs=("input",)),), "sum: must have 2 inputs, not 1"),
        ((replace(ADD, inputs=("input",) * 3),), "sum: must have 2 inputs, not 3"),
        ((replace(CONCAT, inputs=("input",)),), "both: must have at least 2 inputs, not 1"),
        ((replace(MAX, inputs=("input",) * 2),), "max: must have 1 input, not 2"),
        (
            (replace(ADD, inputs=("input", "max")), MAX),
            "sum: input 'max' must be an earlier node; list nodes in topological order",
        ),
        (
            (MAX, replace(ADD, inputs=("input", "max"))),
            "sum: inputs must have one shape, not (4, 5, 6) and (4, 2, 4)",
        ),
        (
            (MAX, CONCAT),
            "both: inputs must have one shape but for the channels, not (4, 5, 6) and (4, 2, 4)",
        ),
        ((replace(UP, factor=0),), "up: factor must be at least 1, not 0"),
        ((replace(SHUFFLE, factor=-1),), "shuffle: factor must be at least 1, not -1"),
        (
            (replace(SHUFFLE, factor=3),),
            "shuffle: channels must be a multiple of factor**2 = 9, not 4",
        ),
    ],
)
def test_wiring_and_shapes_are_refused(nodes, expected):
    assert refusal(*nodes) == f"net: {expected}"


@pytest.mark.parametrize("node", [SUM, ADD])
def test_sums_beyond_the_reference_are_refused(node):
    wide = IntType(bits=62, signed=True)
    assert refusal(node, kind=wide) == f"net: {node.name}: sums must fit 62 bits"


def test_padding_needs_a_zero_in_the_range():
    ones = conv2d("ones", "input", np.zeros((4, 4, 1, 1)), S4.range, bias=[1] * 4)
    second = conv2d("conv", "ones", np.ones((1, 4, 1, 1)), Range(1, 1), padding=(1, 1))
    assert refusal(ones, second) == (
        "net: conv: the input's range must contain 0, or partial sums are not bounded"
    )


def test_a_threshold_may_share_a_row_and_stop_short():
    node = Threshold(
        name="act",
        inputs=("conv",),
        thresholds=np.array([[0, 4]]),
        output=IntType.parse("s4"),
    )
    assert graph(CONV, node).tensors["act"] == Tensor((8, 3, 4), Range(-8, -6))
    assert node.of_channel(5).tolist() == [0, 4]
    assert node.full(3).tolist() == [[0, 4]] * 3


def test_sums_of_unlike_multiples():
    both = Add(name="sum", inputs=("input", "input"), multipliers=(3, -2))
    assert graph(both).tensors["sum"] == Tensor((4, 5, 6), Range(-38, 37))
    nothing = replace(both, multipliers=(0, 1))
    assert refusal(nothing) == "net: sum: multipliers must not be 0, not (0, 1)"


def test_multiples_of_what_always_is_0_fit_too():
    zero = conv2d("conv", "input", np.zeros((4, 4, 1, 1)), S4.range)
    both = Add(name="sum", inputs=("input", "conv"), multipliers=(1, -(1 << 62)))
    assert refusal(zero, both) == "net: sum: multipliers must fit 62 bits"


def test_labels_of_an_argmax():
    node = Argmax(name="class", inputs=("input",), labels=(3, 1, 7))
    assert graph(node, shape=(3,)).tensors["class"] == Tensor((1,), Range(1, 7))
    for labels in [(1, 2), (1, 1, 2), (-1, 0, 1)]:
        assert refusal(replace(node, labels=labels), shape=(3,)) == (
            f"net: class: labels must be 3 unlike numbers from 0 on, not {labels}"
        )


def test_paddings_that_are_refused():
    assert refusal(replace(CONV, padding=(1, 1), padding_value=8)) == (
        "net: conv: padding_value must be a code, -8 to 7, not 8"
    )
    assert refusal(replace(MAX, padding=(0, 0, 2, 0))) == (
        "net: max: padding must be 0 to less than kernel_size (2, 3), not (0, 0, 2, 0)"
    )

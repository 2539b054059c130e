"""Operations on images against loops over Python integers and against torch in float64."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from hwgen.ir import (
    Add,
    Argmax,
    Concat,
    Graph,
    Input,
    MaxPool2d,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
)
from hwgen.numeric import IntType, Range
from hwgen.reference import evaluate, outputs, run
from tests.tiny_nets import conv2d

S4 = Range(-8, 7)
WINDOWS = [
    {},
    {"padding": (1, 1)},
    {"stride": (2, 2), "padding": (1, 1)},
    {"stride": (3, 1), "padding": (0, 2)},
    {"padding": (4, 5)},
]
UNEVEN = [
    {"padding": (0, 0, 1, 1), "stride": (2, 2)},
    {"padding": (2, 1, 0, 3), "padding_value": 5},
    {"padding": (1, 1), "padding_value": -8},
]


def images(shape, seed=0, limits=S4):
    return np.random.default_rng(seed).integers(limits.lo, limits.hi + 1, shape)


def slow_conv2d(node, x):
    """The words of the docstring: every product of every window, in Python integers."""
    (down, right), (above, left), (below, beside) = node.stride, node.padding[:2], node.padding[-2:]
    out_channels, group_channels, kernel_height, kernel_width = node.weight.shape
    _, height, width = x.shape
    rows = (height + above + below - kernel_height) // down + 1
    columns = (width + left + beside - kernel_width) // right + 1
    sums = np.zeros((out_channels, rows, columns), object)
    for o, row, column in np.ndindex(sums.shape):
        first = o // (out_channels // node.groups) * group_channels
        total = int(node.bias[o])
        for c, i, j in np.ndindex(group_channels, kernel_height, kernel_width):
            y, z = row * down + i - above, column * right + j - left
            inside = 0 <= y < height and 0 <= z < width
            seen = int(x[first + c, y, z]) if inside else node.padding_value
            total += int(node.weight[o, c, i, j]) * seen
        sums[o, row, column] = total
    return sums


@pytest.mark.parametrize("window", WINDOWS + UNEVEN)
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("large", [False, True])
def test_conv2d_equals_the_slow_loop(window, groups, large):
    rng = np.random.default_rng(groups)
    top = 1 << 52 if large else 8  # beyond 53 bits int64 takes over
    weight = rng.integers(-top, top, (8, 4 // groups, 3, 2))
    node = conv2d("c", "x", weight, S4, bias=rng.integers(-9, 10, 8), groups=groups, **window)
    x = images((2, 4, 6, 5))
    found = evaluate(node, x, S4)
    assert found.dtype == np.int64
    for image, sums in zip(x, found, strict=True):
        assert sums.tolist() == slow_conv2d(node, image).tolist()


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(("groups", "out"), [(1, 7), (2, 6), (6, 6), (6, 12)])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (5, 2)])
def test_conv2d_equals_torch(window, groups, out, kernel):
    rng = np.random.default_rng(out)
    weight, bias = rng.integers(-8, 8, (out, 6 // groups, *kernel)), rng.integers(-99, 99, out)
    node = conv2d("c", "x", weight, S4, bias=bias, groups=groups, **window)
    x = images((3, 6, 9, 8))
    tensors = [torch.from_numpy(a).double() for a in (x, weight, bias)]
    expected = functional.conv2d(*tensors, groups=groups, **window)
    assert evaluate(node, x, S4).tolist() == expected.long().tolist()


def test_every_sum_lies_in_its_range_and_reaches_both_ends():
    weight = images((3, 2, 3, 3), seed=5)
    node = conv2d("c", "x", weight, S4)
    for row, total in enumerate(node.totals(S4)):
        high = np.where(weight[row] > 0, 7, -8)[np.newaxis]
        low = np.where(weight[row] > 0, -8, 7)[np.newaxis]
        assert evaluate(node, high, S4)[0, row].item() == total.hi
        assert evaluate(node, low, S4)[0, row].item() == total.lo


@pytest.mark.parametrize("kernel", [(1, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (2, 3)])
def test_pooling_equals_torch(kernel, stride):
    x = images((3, 2, 7, 6))
    real = torch.from_numpy(x).double()
    options = {"name": "p", "inputs": ("x",), "kernel_size": kernel, "stride": stride}
    largest = functional.max_pool2d(real, kernel, stride)
    assert evaluate(MaxPool2d(**options), x, S4).tolist() == largest.long().tolist()
    sums = functional.avg_pool2d(real, kernel, stride, divisor_override=1)
    assert evaluate(SumPool2d(**options), x, S4).tolist() == sums.long().tolist()


@pytest.mark.parametrize("padding", [(1, 1), (0, 1, 2, 0)])
def test_a_maximum_leaves_out_what_is_beside_the_image(padding):
    x = images((3, 2, 5, 6)) - 8  # none above 0, which must not win
    node = MaxPool2d(name="p", inputs=("x",), kernel_size=(3, 2), stride=(2, 2), padding=padding)
    found = evaluate(node, x, Range(-16, -1))
    above, left = padding[:2]
    for place in np.ndindex(found.shape):
        y, z = place[2] * 2 - above, place[3] * 2 - left
        window = x[place[0], place[1], max(y, 0) : y + 3, max(z, 0) : z + 2]
        assert found[place] == window.max()


def test_multiples_labels_and_shared_thresholds():
    x = images((4, 3), seed=4)
    add = Add(name="a", inputs=("x", "x"), multipliers=(5, -3))
    assert np.array_equal(evaluate(add, x, S4, x[::-1]), 5 * x - 3 * x[::-1])
    labelled = Argmax(name="c", inputs=("x",), labels=(4, 0, 2))
    winners = evaluate(labelled, np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]]), S4)
    assert winners.tolist() == [[4], [0], [2]]
    shared = Threshold(
        name="t", inputs=("x",), thresholds=np.array([[-2, 3]]), output=IntType.parse("u2")
    )
    assert np.array_equal(evaluate(shared, x, S4), (x >= -2).astype(int) + (x >= 3))


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_upsampling_and_pixel_shuffle_equal_torch(factor):
    x = images((2, 2 * factor**2, 3, 4))
    real = torch.from_numpy(x).double()
    up = UpsampleNearest(name="u", inputs=("x",), factor=factor)
    expected = functional.interpolate(real, scale_factor=factor, mode="nearest")
    assert evaluate(up, x, S4).tolist() == expected.long().tolist()
    shuffle = PixelShuffle(name="s", inputs=("x",), factor=factor)
    expected = functional.pixel_shuffle(real, factor)
    assert evaluate(shuffle, x, S4).tolist() == expected.long().tolist()


def branching():
    """Both branches of a residual addition, its threshold, and a concatenation."""
    kind = IntType.parse("s4")
    return Graph(
        name="net",
        input=Input(shape=(2, 4, 4), type=kind),
        nodes=(
            conv2d("conv", "input", images((2, 2, 3, 3), seed=1), S4, padding=(1, 1)),
            Add(name="add", inputs=("conv", "input")),
            Threshold(
                name="act",
                inputs=("add",),
                thresholds=np.array([[-9, 0, 9], [0, 1, 2]]),
                output=IntType.parse("u2"),
            ),
            Concat(name="both", inputs=("act", "input", "act")),
        ),
        output="both",
    )


def test_a_network_with_branches():
    graph, x = branching(), images((5, 2, 4, 4), seed=2)
    values = run(graph, x)
    assert np.array_equal(values["add"], values["conv"] + x)
    for channel, steps in enumerate([[-9, 0, 9], [0, 1, 2]]):
        expected = sum((values["add"][:, channel] >= step).astype(int) for step in steps)
        assert np.array_equal(values["act"][:, channel], expected)
    assert np.array_equal(values["both"], np.concatenate([values["act"], x, values["act"]], 1))
    for name, tensor in graph.tensors.items():
        assert values[name].shape == (5, *tensor.shape)
        assert values[name].min() >= tensor.range.lo
        assert values[name].max() <= tensor.range.hi


def test_batches_and_no_samples():
    graph, x = branching(), images((5, 2, 4, 4), seed=3)
    assert np.array_equal(outputs(graph, x, batch=2), outputs(graph, x))
    assert outputs(graph, x[:0]).shape == (0, 6, 4, 4)

"""Convolutions in front of the enlargement that they read give the same integers."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.ir import Accumulator, Conv2d, Graph, Threshold, UpsampleNearest
from hwgen.ir.graph import Input
from hwgen.ir.ops import PixelShuffle
from hwgen.ir.subpixel import subpixel_candidates, with_subpixels
from hwgen.numeric import IntType
from hwgen.reference import outputs


def net_of(kind, channels, factor, conv, *behind):
    """An upsampling and a convolution with exact registers, and what is behind."""
    registers = [
        Accumulator.exact(total, conv.divisor(row), "offset")
        for row, total in enumerate(conv.totals(kind.range))
    ]
    nodes = (
        UpsampleNearest(name="up", inputs=("input",), factor=factor),
        replace(conv, accumulators=tuple(registers)),
        *behind,
    )
    spec = Input(shape=(channels, 4, 3), type=kind)
    return Graph(name="net", input=spec, nodes=nodes, output=nodes[-1].name)


def enlarging(seed, kernel=None, **own):
    """Give a random one whose convolution keeps the size, and mostly a threshold."""
    rng = np.random.default_rng(seed)
    height, width = kernel or rng.integers(1, 6, 2)
    top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
    groups = int(rng.integers(1, 3))
    weight = rng.integers(-3, 4, (3 * groups, 2, height, width))
    weight *= rng.random(weight.shape) < 0.6
    conv = Conv2d(
        name="conv",
        inputs=("up",),
        weight=weight,
        weight_bits=4,
        bias=rng.integers(-5, 6, 3 * groups),
        accumulators=(),
        padding=(top, left, height - 1 - top, width - 1 - left),
        groups=groups,
        padding_value=int(rng.integers(0, 3)),
    )
    rows = 1 if seed % 5 == 0 else 3 * groups
    steps = np.sort(rng.integers(-20, 20, (rows, 3)), axis=1)
    act = Threshold(name="act", inputs=("conv",), thresholds=steps, output=IntType.parse("u2"))
    kind, factor = IntType.parse("s4" if seed % 2 else "u4"), int(rng.integers(2, 4))
    return net_of(kind, 2 * groups, factor, replace(conv, **own), *[act] * (seed % 3 > 0))


@pytest.mark.parametrize("seed", range(60))
def test_the_network_gives_the_same_integers(seed):
    graph = enlarging(seed)
    kind, rng = graph.input.type, np.random.default_rng(seed)
    moved = with_subpixels(graph, subpixel_candidates(graph))
    assert [type(node) for node in moved.nodes][-1] is PixelShuffle
    assert UpsampleNearest not in map(type, moved.nodes)
    x = rng.integers(kind.lo, kind.hi + 1, (20, *graph.input.shape))
    x[0], x[1] = kind.lo, kind.hi
    assert (outputs(graph, x) == outputs(moved, x)).all()


@pytest.mark.parametrize(("factor", "taps"), [(3, 25), (2, 16)])
def test_taps_that_fall_on_one_pixel_are_one(factor, taps):
    """A 3x3 kernel has 81 taps behind an enlargement by 3, and 36 behind one by 2."""
    conv = Conv2d(
        name="conv",
        inputs=("up",),
        weight=np.ones((1, 1, 3, 3), np.int64),
        weight_bits=2,
        bias=np.zeros(1, np.int64),
        accumulators=(),
        padding=(1, 1),
    )
    graph = net_of(IntType.parse("u4"), 1, factor, conv)
    moved = with_subpixels(graph, ("conv",)).node("conv_small")
    assert np.count_nonzero(moved.weight) == taps
    assert moved.weight.sum(axis=(1, 2, 3)).tolist() == [9] * factor**2


def test_registers_are_no_wider_and_keep_their_promise():
    graph = enlarging(4)
    conv = graph.node("conv")
    kept = tuple(replace(own, target_bits=own.bits) for own in conv.accumulators)
    promised = replace(conv, accumulators=kept)
    graph = replace(graph, nodes=(graph.nodes[0], promised, *graph.nodes[2:]))
    moved = with_subpixels(graph, ("conv",)).node("conv")
    phases = len(moved.accumulators) // len(kept)
    for row, own in enumerate(moved.accumulators):
        assert own.bits <= kept[row // phases].bits == own.target_bits


@pytest.mark.parametrize(
    "own",
    [{"stride": (2, 2)}, {"padding": (0, 0)}],
    ids=["of stride 2", "that makes the map smaller"],
)
def test_other_convolutions_are_no_candidates(own):
    assert subpixel_candidates(enlarging(2, (3, 3), **own)) == ()


def test_an_upsampling_that_others_read_too_stays():
    graph = enlarging(2, (3, 3))
    second = replace(graph.nodes[1], name="second")
    graph = replace(graph, nodes=(*graph.nodes, second))
    moved = with_subpixels(graph, ("conv",))
    assert [type(node).__name__ for node in moved.nodes].count("UpsampleNearest") == 1
    x = np.random.default_rng(0).integers(-8, 8, (5, *graph.input.shape)) % 8
    assert (outputs(moved, x) == outputs(graph, x)).all()

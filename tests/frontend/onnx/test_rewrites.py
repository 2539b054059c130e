"""What makes an imported network smaller changes no output."""

import numpy as np
import pytest

from hwgen import reference
from hwgen.frontend.onnx.host import real_values, stream_integers
from hwgen.frontend.onnx.rewriting.multipliers import smaller
from hwgen.ir import Add, Argmax, Concat, Conv2d, Dense, PixelShuffle, Threshold
from hwgen.numeric import Range
from tests.frontend.onnx.files import Maker, read

rng = np.random.default_rng(11)


def codes(multipliers, ranges, row):
    a = np.arange(ranges[0].lo, ranges[0].hi + 1)[:, np.newaxis] * multipliers[0]
    b = np.arange(ranges[1].lo, ranges[1].hi + 1) * multipliers[1]
    return np.searchsorted(row, (a + b).ravel(), side="right")


@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1)])
@pytest.mark.parametrize("seed", range(4))
def test_multipliers_are_the_smallest(signs, seed):
    own = np.random.default_rng(seed)
    ranges = [Range(-4, 3), Range(0, 7)]
    exact = tuple(s * int(m) for s, m in zip(signs, own.integers(200_000, 900_000, 2), strict=True))
    ends = sorted((exact[0] * -4, exact[0] * 3)), sorted((0, exact[1] * 7))
    low, high = ends[0][0] + ends[1][0], ends[0][1] + ends[1][1]
    rows = np.sort(own.integers(low, high, (2, 7)), axis=1)
    found = smaller(exact, ranges, rows)
    assert found is not None
    multipliers, thresholds = found
    wanted = [codes(exact, ranges, row) for row in rows]
    for row, want in zip(thresholds, wanted, strict=True):
        assert (codes(multipliers, ranges, row) == want).all()
    for first in range(1, abs(multipliers[0])):
        for second in range(1, abs(multipliers[1]) + 1):
            less = first * signs[0], second * signs[1]
            assert not all(separable(less, ranges, want) for want in wanted)


def separable(multipliers, ranges, wanted):
    a = np.arange(ranges[0].lo, ranges[0].hi + 1)[:, np.newaxis] * multipliers[0]
    sums = (a + np.arange(ranges[1].lo, ranges[1].hi + 1) * multipliers[1]).ravel()
    order = np.lexsort((wanted, sums))
    steps = (np.diff(wanted[order]) >= 0).all()
    same = np.diff(sums[order]) == 0
    return steps and (np.diff(wanted[order])[same] == 0).all()


def test_wide_codes_keep_their_multipliers():
    assert smaller((5, 7), [Range(0, 1023), Range(0, 1023)], np.array([[9]])) is None


def both(path, **options):
    """Read a file both ways, and show that the networks are equal on random integers."""
    found = read(path, **options)
    whole = read(path, keep_all=True, **options)
    kind = found.graph.input
    x = rng.integers(kind.type.lo, kind.type.hi + 1, (200, *kind.shape))
    one, other = (reference.outputs(read_.graph, x) for read_ in (found, whole))
    np.testing.assert_array_equal(one, other)
    return found


def test_a_sum_of_unlike_scales_is_narrow(tmp_path):
    m = Maker([1, 4])
    x = m.quant("x", 0.25, 4)
    branches = [
        m.quant(m.node("MatMul", x, m.quant(rng.normal(size=(4, 5)), 0.3, 4)), scale, 4)
        for scale in (0.31, 0.47)
    ]
    y = m.quant(m.node("Sub", *branches), 0.9, 4)
    y = m.node("MatMul", y, m.quant(rng.normal(size=(5, 2)), 0.3, 4), output="y")
    found = both(m.save(tmp_path / "net.onnx", y))
    add = next(node for node in found.graph.nodes if isinstance(node, Add))
    assert max(map(abs, add.multipliers)) < 64
    assert add.multipliers[1] < 0


def test_layers_without_a_quantizer_between_are_one(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(rng.normal(size=(4, 6)), 0.3, 3))
    y = m.node("MatMul", m.node("Add", y, [0.3] * 6), m.quant(rng.normal(size=(6, 2)), 0.3, 3))
    found = both(m.save(tmp_path / "net.onnx", m.quant(y, 1.0, 4, output="y")))
    assert [type(node) for node in found.graph.nodes] == [Dense, Threshold]


def test_quantizers_in_a_row_are_one(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(rng.normal(size=(4, 6)), 0.3, 3))
    y = m.quant(m.node("Relu", m.quant(y, 0.2, 6)), 0.35, 4, signed=0)
    y = m.quant(y, 0.35, 4, signed=0)  # changes nothing
    y = m.node("MatMul", y, m.quant(rng.normal(size=(6, 2)), 0.3, 3), output="y")
    found = both(m.save(tmp_path / "net.onnx", y))
    assert [type(node) for node in found.graph.nodes] == [Dense, Threshold, Dense]


def test_branches_are_quantized_before_they_are_joined(tmp_path):
    m = Maker([1, 2, 4, 4])
    x = m.quant("x", 0.25, 4)
    parts = [m.node("Conv", x, m.quant(rng.normal(size=(3, 2, 1, 1)), s, 3)) for s in (0.2, 0.3)]
    y = m.quant(m.node("Concat", parts[0], m.node("Relu", parts[1]), axis=1), 0.2, 3)
    y = m.node("Conv", y, m.quant(rng.normal(size=(2, 6, 1, 1)), 0.2, 3), output="y")
    found = both(m.save(tmp_path / "net.onnx", y))
    kinds = [type(node) for node in found.graph.nodes]
    assert kinds.count(Threshold) == 2
    assert kinds.index(Concat) > max(i for i, kind in enumerate(kinds) if kind is Threshold)


def test_halves_of_the_channels_are_read_in_place(tmp_path):
    m = Maker([1, 2, 4, 4])
    y = m.node("Conv", m.quant("x", 0.25, 4), m.quant(rng.normal(size=(4, 2, 1, 1)), 0.2, 3))
    y = m.quant(y, 0.3, 3)
    parts = [
        m.node("Slice", y, *(m.constant([i], np.int64) for i in (start, start + 2, 1)))
        for start in (0, 2)
    ]
    parts = [m.node("Conv", p, m.quant(rng.normal(size=(3, 2, 1, 1)), 0.2, 3)) for p in parts]
    y = m.quant(m.node("Concat", *parts, axis=1), 0.2, 3, output="y")
    found = both(m.save(tmp_path / "net.onnx", y))
    kinds = [type(node) for node in found.graph.nodes]
    assert kinds.count(Conv2d) == 3
    halves = [node for node in found.graph.nodes if isinstance(node, Conv2d)][1:]
    assert [(node.weight != 0).any(axis=(0, 2, 3)).tolist() for node in halves] == [
        [True, True, False, False],
        [False, False, True, True],
    ]


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_pixels_from_channels(tmp_path, mode):
    m, w = Maker([1, 2, 3, 3]), rng.integers(-3, 4, (8, 2, 1, 1)) * 0.25
    y = m.node("Conv", m.quant("x", 0.25, 4), m.quant(w, 0.25, 3, narrow=1))
    y = m.node("Relu", m.node("DepthToSpace", y, blocksize=2, mode=mode))
    y = m.quant(y, 0.5, 4, signed=0)
    v = rng.integers(-3, 4, (2, 2, 1, 1)) * 0.25
    y = m.node("Conv", y, m.quant(v, 0.25, 3, narrow=1), output="y")
    found = both(m.save(tmp_path / "net.onnx", y))
    kinds = [type(node) for node in found.graph.nodes]
    assert kinds == [Conv2d, Threshold, PixelShuffle, Conv2d]
    given = rng.normal(size=(3, 2, 3, 3)).astype(np.float32)
    x = np.clip(np.rint(given / 0.25), -8, 7) * 0.25
    sums = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])
    n, c, h, k = sums.shape
    if mode == "DCR":
        moved = sums.reshape(n, 2, 2, c // 4, h, k).transpose(0, 3, 4, 1, 5, 2)
    else:
        moved = sums.reshape(n, c // 4, 2, 2, h, k).transpose(0, 1, 4, 2, 5, 3)
    moved = moved.reshape(n, c // 4, 2 * h, 2 * k)
    hidden = np.clip(np.rint(np.maximum(moved, 0) / 0.5), 0, 15) * 0.5
    expected = np.einsum("nchw,oc->nohw", hidden, v[:, :, 0, 0])
    outputs = reference.outputs(found.graph, stream_integers(found, given))
    np.testing.assert_array_equal(real_values(found.output, outputs)[:, 0], expected)


def test_a_softmax_may_be_rounded(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(rng.normal(size=(4, 3)), 0.3, 3))
    s, z = m.constant(1 / 256), m.constant(0, np.uint8)
    y = m.node("QuantizeLinear", m.node("Softmax", y, axis=-1), s, z)
    found = both(m.save(tmp_path / "net.onnx", m.node("DequantizeLinear", y, s, z, output="y")))
    assert isinstance(found.graph.node(found.graph.output), Argmax)
    assert len(found.dropped) == 3

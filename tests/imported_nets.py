"""Random networks with what files of other tools have and those of `hwgen.nn` have not."""

import numpy as np

from hwgen.ir import Add
from tests.tiny_graphs import GraphNet
from tests.tiny_maps import MapNet


def _sides(rng, kernel, image):
    """A padding of four sides that leaves the first window an end in the image."""
    first = [int(rng.integers(0, k)) for k in kernel]
    last = [int(rng.integers(0, k)) for k in kernel]
    for axis, size in enumerate(image):
        first[axis] = max(first[axis], kernel[axis] - size)
    return (*first, *last)


def imported_net(seed):
    """A chain with paddings of four sides and any value, shared and short thresholds, labels."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 8)), int(rng.integers(1, 8)))
    net = MapNet(seed, shape, str(rng.choice(["u2", "u4", "s3"])))
    for _ in range(int(rng.integers(1, 4))):
        image = net.tensor.shape[1:]
        stride = tuple(int(s) for s in rng.integers(1, 4, 2))
        kernel = tuple(int(rng.integers(1, 4)) for _ in image)
        padding = _sides(rng, kernel, image)
        if rng.random() < 0.7:
            limits = net.tensor.range
            groups = net.tensor.shape[0] if rng.random() < 0.3 else 1
            net.conv(
                groups * int(rng.integers(1, 4)),
                kernel,
                groups=groups,
                density=rng.choice([0.2, 0.6, 1]),
                stride=stride,
                padding=padding,
                padding_value=int(rng.integers(limits.lo, limits.hi + 1)),
            )
            codes = str(rng.choice(["u1", "u2", "u3", "s3"]))
            steps = int(rng.integers(1, 2 ** int(codes[1])))
            net.act(codes, shared=rng.random() < 0.5, steps=steps)
            if net.tensor.range.lo > 0 or net.tensor.range.hi < 0:
                net.act("u2")
        else:
            net.pool("max", kernel, stride, padding=padding)
    if rng.random() < 0.5:
        net.flatten().dense(int(rng.integers(2, 5)))
        if rng.random() < 0.7:
            net.argmax(tuple(int(k) for k in rng.permutation(9)[: net.tensor.shape[0]]))
    return net.graph()


def multiples(seed):
    """Both branches of an addition, each times a number."""
    rng = np.random.default_rng(seed)
    factors = [int(k) for k in rng.choice([-5, -2, -1, 1, 2, 3, 7], 2)]
    net = GraphNet(seed, (2, 4, 3)).same(3).act()
    start = net.source
    left = net.same(3).act("s3").source
    right = net.at(start).same(3).act("u2").source
    return net.join(Add, left, right, multipliers=tuple(factors)).act().graph()

"""Small networks of convolutions and poolings with random weights, for tests behind the IR."""

import random

import numpy as np

from hwgen.ir import Argmax, Flatten, Graph, Input, MaxPool2d, SumPool2d, Tensor, Threshold
from hwgen.ir.infer import infer
from hwgen.numeric import IntType
from tests.tiny_nets import conv2d, dense


class MapNet:
    """A chain that grows node by node; shapes and ranges are inferred as the graph does."""

    def __init__(self, seed, shape, inputs="u3"):
        self.rng = np.random.default_rng(seed)
        self.unread = np.random.default_rng((seed, 1))
        self.input = Input(shape=shape, type=IntType.parse(inputs))
        self.tensor = Tensor(shape, self.input.type.range)
        self.nodes = []

    @property
    def source(self):
        return self.nodes[-1].name if self.nodes else "input"

    def add(self, node):
        self.nodes.append(node)
        found = infer(node, [self.tensor])
        assert isinstance(found, Tensor), found
        self.tensor = found
        return self

    def weights(self, shape, density=0.6, top=3):
        return self.rng.integers(-top, top + 1, shape) * (self.rng.random(shape) < density)

    def conv(self, channels, kernel, *, groups=1, density=0.6, unread=0, **window):
        weight = self.weights((channels, self.tensor.shape[0] // groups, *kernel), density)
        weight[:, self.unread.random(weight.shape[1]) < unread] = 0
        bias = self.rng.integers(-4, 5, channels)
        name, window = f"conv{len(self.nodes)}", {"groups": groups, **window}
        return self.add(conv2d(name, self.source, weight, self.tensor.range, bias=bias, **window))

    def act(self, codes="u3", *, shared=False, steps=None):
        code, limits = IntType.parse(codes), self.tensor.range
        shape = (1 if shared else self.tensor.shape[0], steps or 2**code.bits - 1)
        middle, spread = (limits.lo + limits.hi) / 2, limits.span / 8 + 1  # where sums mostly are
        drawn = np.rint(self.rng.normal(middle, spread, shape)).astype(np.int64)
        steps = np.sort(np.clip(drawn, limits.lo - 1, limits.hi + 1), axis=1)
        name = f"act{len(self.nodes)}"
        return self.add(Threshold(name=name, inputs=(self.source,), thresholds=steps, output=code))

    def pool(self, kind, kernel, stride=None, **window):
        make = MaxPool2d if kind == "max" else SumPool2d
        sizes = {"kernel_size": kernel, "stride": stride or kernel, **window}
        return self.add(make(name=f"pool{len(self.nodes)}", inputs=(self.source,), **sizes))

    def flatten(self):
        return self.add(Flatten(name=f"flat{len(self.nodes)}", inputs=(self.source,)))

    def dense(self, rows, density=0.6):
        weight = self.weights((rows, self.tensor.shape[0]), density)
        name, limits = f"dense{len(self.nodes)}", self.tensor.range
        bias = -weight.sum(axis=1) * (limits.lo + limits.hi) // 2  # or one row is always largest
        return self.add(dense(name, self.source, weight, limits, bias=bias))

    def argmax(self, labels=None):
        name = f"argmax{len(self.nodes)}"
        return self.add(Argmax(name=name, inputs=(self.source,), labels=labels))

    def graph(self, name="maps"):
        return Graph(name=name, input=self.input, nodes=tuple(self.nodes), output=self.source)


def small_cnn(seed=0, size=(6, 5), channels=2):
    """Two convolutions, both kinds of poolings and a dense layer: every operation of a chain."""
    net = MapNet(seed, (channels, *size))
    net.conv(4, (3, 3), padding=(1, 1)).act()
    net.pool("max", (2, 2))
    net.conv(3, (3, 3), padding=(1, 1)).act()
    net.pool("sum", net.tensor.shape[1:]).act("u4")
    return net.flatten().dense(4).argmax().graph()


def random_conv_net(seed, poolings=0.2):
    """A chain of one to three convolutions of any kernel, stride and padding, and poolings."""
    rng = random.Random(seed)
    net = MapNet(seed, (rng.randint(1, 5), rng.randint(1, 9), rng.randint(1, 9)))
    for _ in range(rng.randint(1, 3)):
        channels, *image = net.tensor.shape
        kernel = (rng.randint(1, 4), rng.randint(1, 4))
        stride = (rng.randint(1, 3), rng.randint(1, 4))
        padding = (rng.randint(0, kernel[0] - 1), rng.randint(0, kernel[1] - 1))
        if any(size + 2 * p < k for size, p, k in zip(image, padding, kernel, strict=True)):
            continue
        depthwise = rng.random() < 0.3
        rows, groups = (channels * rng.randint(1, 2), channels) if depthwise else (5, 1)
        where = {"stride": stride, "padding": padding, "groups": groups}
        net.conv(rows, kernel, density=rng.choice([0.2, 0.6]), **where)
        net.act(rng.choice(["u3", "s3", "u1"]))
        if rng.random() < poolings and min(net.tensor.shape[1:]) >= 2:
            net.pool(rng.choice(["max", "sum"]), (2, 2)).act()
    if not net.nodes:
        net.conv(2, (1, 1)).act()
    if rng.random() < 0.3:
        net.flatten().dense(3).argmax()
    return net.graph()


def random_map_net(seed):
    """A chain of one to three operations on a map of any size, and perhaps a vector behind it."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 8)), int(rng.integers(1, 8)))
    net = MapNet(seed, shape, str(rng.choice(["u1", "u2", "u3", "s3"])))
    for _ in range(int(rng.integers(1, 4))):
        image = net.tensor.shape[1:]
        kind = rng.choice(["conv", "conv", "conv", "max", "sum"])
        stride = tuple(int(s) for s in rng.integers(1, 4, 2))
        if kind == "conv":
            padding = tuple(int(p) for p in rng.integers(0, 3, 2))
            kernel = tuple(
                int(rng.integers(1, min(4, size + 2 * p) + 1))
                for size, p in zip(image, padding, strict=True)
            )
            groups = net.tensor.shape[0] if rng.random() < 0.3 else 1
            rows = groups * int(rng.integers(1, 4))
            where = {"stride": stride, "padding": padding, "groups": groups}
            unread = net.unread.choice([0, 0, 0.4])
            net.conv(rows, kernel, density=rng.choice([0.2, 0.6, 1]), unread=unread, **where)
            net.act(str(rng.choice(["u1", "u2", "u3", "s3"])))
        else:
            kernel = tuple(int(rng.integers(1, min(3, size) + 1)) for size in image)
            net.pool(str(kind), kernel, stride)
            if rng.random() < 0.5:
                net.act()
    if rng.random() < 0.5:
        net.flatten().dense(int(rng.integers(1, 5)))
        if rng.random() < 0.5 and net.tensor.shape[0] > 1:
            net.argmax()
    return net.graph()


def random_folding(seed):
    """Options of a folded build."""
    rng = random.Random(seed)
    return {
        "pe": rng.randint(1, 4),
        "simd": rng.randint(1, 3),
        "pixels": rng.randint(1, 6),
        "target": rng.choice(["xc7", "ecp5", "ice40"]),
        "skip": rng.random() < 0.85,
        "luts_per_bram": rng.choice([0, 10, None]),
    }

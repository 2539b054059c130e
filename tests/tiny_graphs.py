"""Small networks whose tensors are read by several nodes, or join, with random weights."""

from hwgen.ir import Add, Concat, Graph, PixelShuffle, Tensor, UpsampleNearest
from hwgen.ir.infer import infer
from tests.tiny_maps import MapNet


class GraphNet(MapNet):
    """Grows at its `source`, which can be set back to any earlier tensor."""

    def __init__(self, seed, shape, inputs="u3"):
        super().__init__(seed, shape, inputs)
        self.tensors = {"input": self.tensor}

    @property
    def source(self):
        return next(name for name, tensor in self.tensors.items() if tensor is self.tensor)

    def add(self, node):
        self.nodes.append(node)
        self.tensor = infer(node, [self.tensors[name] for name in node.inputs])
        assert isinstance(self.tensor, Tensor), self.tensor
        self.tensors[node.name] = self.tensor
        return self

    def at(self, name):
        """Go on at a tensor."""
        self.tensor = self.tensors[name]
        return self

    def join(self, kind, *names, **options):
        return self.add(kind(name=f"join{len(self.nodes)}", inputs=names, **options))

    def larger(self, factor, kind=UpsampleNearest):
        return self.add(kind(name=f"up{len(self.nodes)}", inputs=(self.source,), factor=factor))

    def same(self, channels, side=3):
        """A convolution that keeps the size of the map."""
        return self.conv(channels, (side, side), padding=(side // 2, side // 2))

    def graph(self, name="graph"):
        return Graph(name=name, input=self.input, nodes=tuple(self.nodes), output=self.source)


def residual(seed=0, size=(4, 5), shortcut=None):
    """A block whose input is added to it: as it is, or behind a 1x1 convolution of a stride."""
    net = GraphNet(seed, (2, *size)).same(3).act()
    start, stride = net.source, (shortcut or 1,) * 2
    net.conv(3, (3, 3), stride=stride, padding=(1, 1)).act().same(3).act()
    left = net.source
    if shortcut:
        net.at(start).conv(3, (1, 1), stride=stride).act()
    return net.join(Add, left, net.source if shortcut else start).act().graph()


def raw_sums(seed=0):
    """Sums of two convolutions are added before any threshold, as a network is trained."""
    net = GraphNet(seed, (2, 4, 4)).same(3).act()
    start = net.source
    left = net.same(3).source
    return net.join(Add, left, net.at(start).conv(3, (1, 1)).source).act().graph()


def inception(seed=0):
    """Branches of three kernels side by side, of a tensor that three nodes read."""
    net = GraphNet(seed, (2, 5, 4)).same(3).act()
    start = net.source
    ends = [net.at(start).same(2, side).act().source for side in (1, 3, 5)]
    return net.join(Concat, *ends).conv(2, (1, 1)).act().graph()


def unet(seed=0, size=(4, 4), joint=Concat, levels=1):
    """Maps get smaller and larger again, and each size skips the smaller ones."""
    net, skips = GraphNet(seed, (1, *size)).same(2).act(), []
    for _ in range(levels):
        skips.append(net.same(2).act().source)
        net.pool("max", (2, 2)).same(2).act()
    for skip in reversed(skips):
        net.larger(2)
        net.join(joint, net.source, skip).act().same(2).act()
    return net.graph()


def espcn(seed=0, size=(3, 4), factor=2):
    """Channels become pixels at the end."""
    net = GraphNet(seed, (1, *size)).same(3).act().same(2 * factor**2).act()
    return net.larger(factor, PixelShuffle).graph()


def larger_in_between(seed=0):
    """Pixels are repeated between two convolutions."""
    return GraphNet(seed, (2, 3, 2)).same(2).act().larger(3).same(2).act().graph()


def dense_branches(seed=0):
    """Vectors divide and join, by addition and side by side."""
    net = GraphNet(seed, (6,)).dense(5).act()
    start = net.source
    left = net.dense(5).act().source
    both = net.join(Add, left, start).act().source
    right = net.at(start).dense(3).act().source
    return net.join(Concat, both, right).dense(4).argmax().graph()


def input_twice(seed=0):
    """The network's input is read by two nodes, and joins what one of them makes of it."""
    net = GraphNet(seed, (2, 4, 3)).same(2).act()
    return net.join(Concat, "input", net.source).same(2).act().graph()


def doubled(seed=0, kind=Add):
    """A tensor joins itself."""
    net = GraphNet(seed, (2, 3, 3)).same(2).act()
    return net.join(kind, net.source, net.source).act().graph()


def joined_output(seed=0):
    """Branches leave side by side."""
    net = GraphNet(seed, (2, 3, 4)).same(2).act()
    start = net.source
    return net.join(Concat, net.same(3).act().source, start).graph()


def flattened_join(seed=0):
    """A dense layer reads a sum of maps as a vector."""
    net = GraphNet(seed, (2, 3, 2)).same(2).act()
    start = net.source
    net.same(2).act()
    return net.join(Add, net.source, start).act().flatten().dense(3).argmax().graph()


def doubled_vector(seed=0):
    """A map joined with itself, which a dense layer reads as a vector."""
    net = GraphNet(seed, (2, 3, 2))
    return net.join(Concat, "input", "input").flatten().dense(3).graph()


def map_and_vector(seed=0):
    """A map is read as a vector first, and then pixel by pixel."""
    net = GraphNet(seed, (2, 3, 2)).flatten().dense(3).act()
    left = net.source
    net.at("input").conv(3, (3, 2)).act().flatten()
    return net.join(Concat, left, net.source).dense(2).graph()


def sums_beside_one_pixel(seed=0):
    """Sums of a map, and a map of one pixel, are read as vectors side by side."""
    net = GraphNet(seed, (3, 2, 2), "s3")
    sums = net.conv(2, (1, 2)).flatten().source
    net.at("input").pool("sum", (2, 2)).flatten()
    return net.join(Concat, sums, net.source).graph()


def long_vectors(seed=0):
    """Two maps are read as vectors side by side, of more than 64 elements."""
    net = GraphNet(seed, (4, 4, 4), "u1")
    left = net.flatten().source
    net.at("input").same(2).act("u1").flatten()
    return net.join(Concat, left, net.source).graph()


NETS = {
    "residual": residual,
    "residual with a shortcut": lambda: residual(shortcut=1),
    "residual with a stride": lambda: residual(shortcut=2),
    "sums without a threshold": raw_sums,
    "three branches": inception,
    "u-net": unet,
    "u-net of two levels that adds": lambda: unet(joint=Add, levels=2),
    "pixel shuffle": espcn,
    "repeated pixels": larger_in_between,
    "vectors": dense_branches,
    "input twice": input_twice,
    "x + x": doubled,
    "x beside x": lambda: doubled(kind=Concat),
    "joined output": joined_output,
    "flatten behind a join": flattened_join,
    "flatten of x beside x": doubled_vector,
    "map and vector": map_and_vector,
}

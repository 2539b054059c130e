"""Random networks with branches: streams that divide and join anywhere, on maps and vectors."""

import random

from hwgen.ir import Add, Concat, PixelShuffle
from tests.tiny_graphs import GraphNet


def random_graph(seed):
    """Two to four random steps, each from any earlier tensor, and all ends joined."""
    rng = random.Random(seed)
    is_vector = rng.random() < 0.15
    image = () if is_vector else (rng.randint(1, 4), rng.randint(1, 4))
    net = GraphNet(seed, (rng.randint(2, 4), *image), rng.choice(["u1", "u3", "s3"]))
    done, sums = ["input"], []  # tensors that have met a threshold, and those that have not
    for _ in range(rng.randint(2, 4)):
        net.at(rng.choice(done[-3:]))
        joins = _step(net, rng, [name for name in (*done, *sums) if name != net.source])
        if joins or rng.random() < 0.8:
            net.act(rng.choice(["u1", "u3", "s3"]))
            done.append(net.source)
        else:
            sums.append(net.source)
    _gather(net, rng)
    return net.graph()


def _step(net, rng, others):
    """A random operation, or a join with tensors of the same size, itself among them.

    Gives whether it is a join, which may be of sums.
    """
    tensor, start = net.tensor, net.source
    shape = tensor.shape
    alike = [name for name in others if net.tensors[name].shape == shape]
    beside = [name for name in others if net.tensors[name].shape[1:] == shape[1:]]
    kind = rng.choice(["matrix", "matrix", "add", "concat", "larger", "pool", "shuffle"])
    if kind == "add":
        net.join(Add, start, rng.choice([*alike, start]))
    elif kind == "concat":
        count = rng.randint(1, 2)
        net.join(Concat, start, *(rng.choice([*beside, start]) for _ in range(count)))
    elif len(shape) == 1:
        net.dense(rng.randint(2, 5))
    elif kind == "larger" and max(shape[1:]) <= 4:
        net.larger(rng.randint(1, 3))
    elif kind == "shuffle" and shape[0] % 4 == 0 and max(shape[1:]) <= 4:
        net.larger(2, PixelShuffle)
    elif kind == "pool" and min(shape[1:]) > 1:
        net.pool(rng.choice(["max", "sum"]), (2, 2), rng.choice([(2, 2), (1, 1)]))
    else:
        side = rng.choice([1, 3])
        stride = (rng.choice([1, 1, 2]), rng.choice([1, 1, 2]))
        where = {"stride": stride, "padding": (side // 2, side // 2)}
        net.conv(rng.randint(1, 4), (side, side), density=rng.choice([0.3, 0.8]), **where)
    return kind in ("add", "concat")


def _gather(net, rng):
    """Read everything that nothing reads yet: maps of other sizes as vectors."""
    read = {name for node in net.nodes for name in node.inputs}
    ends = [node.name for node in net.nodes if node.name not in read]
    shapes = {net.tensors[name].shape[1:] for name in ends}
    if len(ends) > 1 and len(shapes) > 1:
        ends = [
            name if len(net.tensors[name].shape) == 1 else net.at(name).flatten().source
            for name in ends
        ]
    if len(ends) > 1:
        net.join(Concat, *ends)
    if len(net.tensor.shape) == 1 and net.tensor.shape[0] > 1 and rng.random() < 0.3:
        net.argmax()

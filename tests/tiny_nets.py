"""Small integer networks with random weights, for tests of everything behind the IR."""

from itertools import pairwise

import numpy as np

from hwgen.ir import Accumulator, Argmax, Conv2d, Dense, Graph, Input, Threshold
from hwgen.numeric import IntType


def dense(name, source, weight, inputs, *, weight_bits=8, bias=None, method="offset"):
    """A dense node with exact accumulators for inputs of a range."""
    weight = np.asarray(weight, np.int64)
    bias = np.zeros(len(weight), np.int64) if bias is None else np.asarray(bias, np.int64)
    fields = {
        "name": name,
        "inputs": (source,),
        "weight": weight,
        "weight_bits": weight_bits,
        "bias": bias,
    }
    bare = Dense(accumulators=(), **fields)
    accumulators = tuple(
        Accumulator.exact(total, bare.divisor(row), method)
        for row, total in enumerate(bare.totals(inputs))
    )
    return Dense(accumulators=accumulators, **fields)


def conv2d(name, source, weight, inputs, *, bias=None, method="offset", **window):
    """A convolution with exact accumulators for inputs of a range."""
    weight = np.asarray(weight, np.int64)
    bias = np.zeros(len(weight), np.int64) if bias is None else np.asarray(bias, np.int64)
    fields = {"name": name, "inputs": (source,), "weight": weight, "bias": bias, **window}
    bare = Conv2d(accumulators=(), weight_bits=62, **fields)
    accumulators = tuple(
        Accumulator.exact(total, bare.divisor(row), method)
        for row, total in enumerate(bare.totals(inputs))
    )
    return Conv2d(accumulators=accumulators, weight_bits=62, **fields)


def network(
    seed=0,
    *,
    widths=(12, 9, 7, 5),
    inputs="u4",
    codes="u4",
    weight_bits=4,
    density=0.5,
    argmax=True,
    long_row=False,
):
    """A chain of dense layers with thresholds between, some of which can never fire.

    With `long_row` the second row of every layer has no zero.
    """
    rng = np.random.default_rng(seed)
    source, limits = "input", IntType.parse(inputs).range
    code = IntType.parse(codes)
    nodes = []
    top = 2 ** (weight_bits - 1)
    for layer, (columns, rows) in enumerate(pairwise(widths)):
        weight = rng.integers(1 - top, top, (rows, columns)) * (
            rng.random((rows, columns)) < density
        )
        if long_row:
            weight[1] = rng.integers(1, top, columns)
        is_last = layer == len(widths) - 2
        bias = rng.integers(-9, 10, rows) if is_last else None
        node = dense(f"dense{layer}", source, weight, limits, weight_bits=weight_bits, bias=bias)
        nodes.append(node)
        source = node.name
        if not is_last:
            thresholds = [
                np.sort(rng.integers(t.lo - 5, t.hi + 6, 2**code.bits - 1))
                for t in node.totals(limits)
            ]
            nodes.append(
                Threshold(
                    name=f"act{layer}",
                    inputs=(source,),
                    thresholds=np.stack(thresholds),
                    output=code,
                )
            )
            source, limits = f"act{layer}", code.range
    if argmax:
        nodes.append(Argmax(name="argmax", inputs=(source,)))
        source = "argmax"
    return Graph(
        name="tiny",
        input=Input(shape=(widths[0],), type=IntType.parse(inputs)),
        nodes=tuple(nodes),
        output=source,
    )


def affine_network(seed=3, codes="u6", inputs="s4", **net):
    """Give a network whose thresholds are those of a scale and an offset for each channel."""
    rng = np.random.default_rng(seed)
    graph = network(seed, widths=(10, 6, 4), codes=codes, inputs=inputs, **net)
    dense, activation, *rest = graph.nodes
    steps = np.arange(1, activation.thresholds.shape[1] + 1) - 0.5
    totals = dense.totals(graph.input.type.range)
    scales = [total.span * rng.uniform(0.4, 0.9) / len(steps) for total in totals]
    rows = [
        np.ceil(steps * scale + total.lo + total.span * rng.uniform(0, 0.4))
        for total, scale in zip(totals, scales, strict=True)
    ]
    thresholds = np.array(rows).astype(np.int64)
    changed = Threshold(
        name=activation.name,
        inputs=activation.inputs,
        thresholds=thresholds,
        output=activation.output,
    )
    return Graph(name="tiny", input=graph.input, nodes=(dense, changed, *rest), output=graph.output)


def random_inputs(graph, count, seed=1):
    """Inputs of a network, uniform over its type."""
    limits = graph.input.type
    shape = (count, *graph.input.shape)
    return np.random.default_rng(seed).integers(limits.lo, limits.hi + 1, shape)


def wide_network(
    seed=0, *, inputs="u12", codes="u12", weight_bits=12, widths=(3, 3, 2), argmax=True
):
    """Give a net of wide sums whose thresholds are exactly those of a scale and an offset."""
    rng = np.random.default_rng(seed)
    graph = network(
        seed,
        widths=widths,
        inputs=inputs,
        codes=codes,
        weight_bits=weight_bits,
        density=1,
        argmax=argmax,
    )
    dense, activation, *_ = graph.nodes
    rows = []
    for total in dense.totals(graph.input.type.range):
        count = activation.thresholds.shape[1]
        step = (total.span * int(rng.integers(600, 900)) << 20) // (1000 * count) + 12345
        start = total.lo + total.span // 16
        rows.append([start + (k * step + (1 << 19) >> 20) for k in range(count)])
    return _with_thresholds(graph, rows)


def bent(graph):
    """Give a network whose thresholds lie on no line."""
    dense, activation, *_ = graph.nodes
    totals = dense.totals(graph.input.type.range)
    steps = np.linspace(0.05, 0.95, activation.thresholds.shape[1])
    return _with_thresholds(graph, [t.lo + (steps**1.1 * t.span) for t in totals])


def _with_thresholds(graph, rows):
    dense, activation, *rest = graph.nodes
    changed = Threshold(
        name=activation.name,
        inputs=activation.inputs,
        thresholds=np.array(rows).astype(np.int64),
        output=activation.output,
    )
    nodes = (dense, changed, *rest)
    return Graph(name="tiny", input=graph.input, nodes=nodes, output=graph.output)

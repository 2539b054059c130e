"""Convolutions behind a nearest upsampling, moved in front of it: fewer products, same integers.

A convolution on a map that was enlarged `r` times reads each small pixel up to `r * r` times. Its
taps that fall on one small pixel can be added up beforehand, which depends only on where an output
lies among the `r * r` that a small pixel becomes. So it is a convolution on the small map with
`r * r` channels for each channel, and a pixel shuffle behind it: the sub-pixel convolution of ESPCN
(arXiv 1609.05158), with the kernels of arXiv 1707.02937, section 4. A 3x3 kernel behind an
enlargement by 3 has 25 taps so in place of 81, by 2 16 in place of 36.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwgen.ir.accumulator import Accumulator
from hwgen.ir.graph import Graph
from hwgen.ir.ops import Op, PixelShuffle, Tensor, Threshold, UpsampleNearest
from hwgen.ir.padding import sides
from hwgen.ir.weighted import Conv2d
from hwgen.numeric import IntArray, signed_bits

SMALL = "_small"  # behind the name of the last node whose result is not shuffled yet


def subpixel_candidates(graph: Graph) -> tuple[str, ...]:
    """Name the convolutions that can be computed in front of the enlargement that they read."""
    nodes = {node.name: node for node in graph.nodes}
    found = []
    for node in graph.nodes:
        source = nodes.get(node.inputs[0])
        if not isinstance(node, Conv2d) or not isinstance(source, UpsampleNearest):
            continue
        keeps_size = graph.tensors[node.name].shape[1:] == graph.tensors[source.name].shape[1:]
        one_by_one = node.stride == (1, 1) and keeps_size and source.factor > 1
        if one_by_one and _last_before_shuffle(graph, node) + SMALL not in nodes:
            found.append(node.name)
    return tuple(found)


def with_subpixels(graph: Graph, names: tuple[str, ...]) -> Graph:
    """Give the network with these convolutions in front of their enlargement; the same function.

    `names` are some of `subpixel_candidates`. What follows reads the same names as before.
    """
    nodes: list[Op] = []
    shuffled: dict[str, int] = {}  # by what factor which value is
    for node in graph.nodes:
        moved = node
        if node.name in names:
            assert isinstance(node, Conv2d)
            enlarger = graph.node(node.inputs[0])
            assert isinstance(enlarger, UpsampleNearest)
            moved = _small(node, enlarger, graph.tensors[enlarger.inputs[0]])
            shuffled[_last_before_shuffle(graph, node)] = enlarger.factor
        factor = shuffled.get(node.name)
        if factor is None:
            nodes.append(moved)
            continue
        if isinstance(moved, Threshold):
            moved = _repeated(moved, factor)
        small = node.name + SMALL
        nodes.append(replace(moved, name=small))
        nodes.append(PixelShuffle(name=node.name, inputs=(small,), factor=factor))
    read = {source for node in nodes for source in node.inputs} | {graph.output}
    kept = [n for n in nodes if not isinstance(n, UpsampleNearest) or n.name in read]
    return replace(graph, nodes=tuple(kept))


def _last_before_shuffle(graph: Graph, node: Conv2d) -> str:
    """Give the name of the threshold that alone reads a convolution, or else of the convolution."""
    readers = [other for other in graph.nodes if node.name in other.inputs]
    alone = len(readers) == 1 and isinstance(readers[0], Threshold) and node.name != graph.output
    return readers[0].name if alone else node.name


def _small(node: Conv2d, enlarger: UpsampleNearest, source: Tensor) -> Conv2d:
    """Give the convolution on the small map; channel `(c * r + a) * r + b` is phase (a, b) of c."""
    r = enlarger.factor
    top, left, _, _ = sides(node.padding)
    rows = _small_taps(node.weight.shape[2], top, r)
    columns = _small_taps(node.weight.shape[3], left, r)
    moved = np.einsum("ocuv,auy,bvx->oabcyx", node.weight, rows, columns)
    weight: IntArray = moved.reshape(-1, *moved.shape[3:])
    phases = r * r
    before = -(-top // r), -(-left // r)  # as far as the tap of phase 0 that is furthest out
    behind = rows.shape[2] - 1 - before[0], columns.shape[2] - 1 - before[1]
    found = replace(
        node,
        inputs=enlarger.inputs,
        weight=weight,
        weight_bits=max(node.weight_bits, signed_bits(int(weight.min()), int(weight.max()))),
        bias=node.bias.repeat(phases),
        accumulators=tuple(a for a in node.accumulators for _ in range(phases)),
        padding=(*before, *behind),
    )
    return replace(found, accumulators=_narrowest(found, source))


def _small_taps(kernel: int, before: int, factor: int) -> IntArray:
    """Say which small pixel a tap falls on: (phases, taps, small taps), 0 or 1.

    Phase a of small pixel y is pixel `factor * y + a`, whose tap u is pixel
    `factor * y + a + u - before`, part of small pixel `y + (a + u - before) // factor`.
    """
    phase, tap = np.mgrid[:factor, :kernel]
    small = (phase + tap - before) // factor
    least = int(small.min())
    found: IntArray = np.zeros((factor, kernel, int(small.max()) - least + 1), np.int64)
    found[phase, tap, small - least] = 1
    return found


def _narrowest(node: Conv2d, source: Tensor) -> tuple[Accumulator, ...]:
    """Give each phase the register of its own sums, which promise what the channel's did."""
    return tuple(
        replace(
            Accumulator.exact(total, node.divisor(row), own.method, own.target_bits),
            target_units=own.target_units,
        )
        for row, (total, own) in enumerate(
            zip(node.totals(source.range), node.accumulators, strict=True)
        )
    )


def _repeated(node: Threshold, factor: int) -> Threshold:
    """Give each phase of a channel its thresholds."""
    if len(node.thresholds) == 1:
        return node
    return replace(node, thresholds=node.thresholds.repeat(factor * factor, axis=0))

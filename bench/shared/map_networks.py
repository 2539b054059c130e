"""Networks of convolutions and poolings with random weights, for the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hwgen.ir import Accumulator, Conv2d, Graph, Input, MaxPool2d, SumPool2d, Tensor, Threshold
from hwgen.ir.infer import infer
from hwgen.numeric import IntType, Range

Pair = tuple[int, int]
Node = Conv2d | Threshold | MaxPool2d | SumPool2d
EMPTY = Accumulator(method="offset", bits=1)  # of a channel without weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """A convolution with thresholds behind it; its padding keeps the size at stride 1."""

    channels: int
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    depthwise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pooling; the stride is the kernel's where none is given."""

    kind: Literal["max", "sum"] = "max"
    kernel: Pair = (2, 2)
    stride: Pair | None = None


def map_network(
    *,
    seed: int,
    shape: tuple[int, int, int],
    layers: tuple[Conv | Pool, ...],
    inputs: int,
    codes: int,
    weight_bits: int,
    density: float,
) -> Graph:
    """Give a chain on maps of `shape`, (channels, height, width), with unsigned inputs and codes.

    Weights are nonzero with the probability `density`.
    """
    source = Input(shape=shape, type=IntType(bits=inputs, signed=False))
    rng = np.random.default_rng(seed)
    nodes: list[Node] = []
    tensor = Tensor(shape, source.type.range)
    for layer in layers:
        if isinstance(layer, Pool):
            found: list[Node] = [_pooling(layer, len(nodes))]
        else:
            conv, totals = _convolution(layer, tensor, weight_bits, density, rng, len(nodes))
            found = [conv, _thresholds(conv.name, totals, codes)]
        for node in found:
            node = replace(node, inputs=(nodes[-1].name if nodes else "input",))
            inferred = infer(node, [tensor])
            assert isinstance(inferred, Tensor), inferred
            nodes.append(node)
            tensor = inferred
    return Graph(name="maps", input=source, nodes=tuple(nodes), output=nodes[-1].name)


def _convolution(
    layer: Conv, tensor: Tensor, bits: int, density: float, rng: np.random.Generator, number: int
) -> tuple[Conv2d, list[Range]]:
    """Give a convolution of a tensor, and the range of each channel's sums."""
    channels = tensor.shape[0]
    groups = channels if layer.depthwise else 1
    shape = (layer.channels, channels // groups, *layer.kernel)
    values = rng.integers(1, 2 ** (bits - 1), shape) * rng.choice([-1, 1], shape)
    bare = Conv2d(
        name=f"conv{number}",
        inputs=(),
        weight=values * (rng.random(shape) < density),
        weight_bits=bits,
        bias=np.zeros(layer.channels, np.int64),
        accumulators=(),
        stride=layer.stride,
        padding=(layer.kernel[0] // 2, layer.kernel[1] // 2),
        groups=groups,
    )
    totals = bare.totals(tensor.range)
    accumulators = tuple(
        Accumulator.exact(total, bare.divisor(row), "offset") if total.span else EMPTY
        for row, total in enumerate(totals)
    )
    return replace(bare, accumulators=accumulators), totals


def _thresholds(conv: str, totals: list[Range], codes: int) -> Threshold:
    """Give thresholds that lie evenly over the middle of what each channel can reach."""
    quarters = [(total.lo + total.span // 4, total.lo + 3 * total.span // 4) for total in totals]
    last = 2**codes - 2
    steps = [lo - np.arange(last + 1) * (lo - hi) // max(last, 1) for lo, hi in quarters]
    output = IntType(bits=codes, signed=False)
    return Threshold(name=f"{conv}_act", inputs=(), thresholds=np.stack(steps), output=output)


def _pooling(layer: Pool, number: int) -> MaxPool2d | SumPool2d:
    make = MaxPool2d if layer.kind == "max" else SumPool2d
    stride = layer.stride or layer.kernel
    return make(name=f"pool{number}", inputs=(), kernel_size=layer.kernel, stride=stride)

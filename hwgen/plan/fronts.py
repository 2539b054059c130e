"""What is done with a map in front of a layer's matrix, as operations of the network say."""

from __future__ import annotations

from collections import defaultdict
from math import prod

from hwgen.errors import PlanError
from hwgen.ir import Concat, Conv2d, Graph, MaxPool2d, PixelShuffle, SumPool2d, UpsampleNearest
from hwgen.numeric import Range
from hwgen.plan.layer import Enlargement, Pool
from hwgen.plan.stages.window import PoolKind, pooled_range
from hwgen.plan.windows import full_window

Image = tuple[int, int]


def pool_of(node: MaxPool2d | SumPool2d, image: Image | None, channels: tuple[Range, ...]) -> Pool:
    """Give a pooling of a map.

    Raises
    ------
    PlanError
        Where the first window ends beside the image.
    """
    assert image is not None
    padding = node.padding if isinstance(node, MaxPool2d) else (0, 0)
    window = full_window(image, 1, node.kernel_size, node.stride, padding)
    if any(axis.origin + axis.kernel > axis.size for axis in (window.rows, window.columns)):
        raise PlanError(
            f"{node.name}: hardware needs windows of which the first ends in the image {image}, "
            f"not {node.kernel_size} padded by {padding}; take a smaller kernel"
        )
    kind: PoolKind = "max" if isinstance(node, MaxPool2d) else "sum"
    pixels = prod(node.kernel_size)
    return Pool(
        name=node.name,
        kind=kind,
        rows=window.rows,
        columns=window.columns,
        inputs=channels,
        outputs=tuple(pooled_range(kind, limits, pixels) for limits in channels),
    )


def is_matrix(node: MaxPool2d | SumPool2d, image: Image | None) -> bool:
    """Whether a pooling is a matrix: of sums of pixels those whose windows overlap are."""
    return isinstance(node, SumPool2d) and pool_of(node, image, ()).overlaps


def enlargement_of(
    node: UpsampleNearest | PixelShuffle, image: Image | None, channels: tuple[Range, ...]
) -> Enlargement:
    """Give an enlargement of a map."""
    assert image is not None
    factor = node.factor
    phases = range(factor * factor)
    if isinstance(node, PixelShuffle):
        sources = tuple(tuple(range(phase, len(channels), len(phases))) for phase in phases)
    else:
        sources = (tuple(range(len(channels))),) * len(phases)
    outputs = [
        Range.covering([channels[channel] for channel in shown])
        for shown in zip(*sources, strict=True)
    ]
    return Enlargement(
        name=node.name,
        factor=factor,
        image=image,
        sources=sources,
        inputs=channels,
        outputs=tuple(outputs),
    )


def held_beside(graph: Graph) -> dict[str, set[int]]:
    """Give what convolutions see beside maps, by the node that makes the map.

    Lanes of the map hold these values, even where no code of a channel is one.
    """
    nodes = {node.name: node for node in graph.nodes}
    found: dict[str, set[int]] = defaultdict(set)
    for reader in graph.nodes:
        if isinstance(reader, Conv2d) and reader.padding_value and any(reader.padding):
            waiting = list(reader.inputs)
            while waiting:
                name = waiting.pop()
                node = nodes.get(name)
                if isinstance(node, MaxPool2d | Concat | UpsampleNearest | PixelShuffle):
                    waiting += node.inputs
                else:
                    found[name].add(reader.padding_value)
    return found

"""Makes the network that was read smaller, without a change of any output."""

from __future__ import annotations

from hwgen.frontend.onnx.walk import Walk
from hwgen.ir import Op


def simplified(
    walk: Walk, output: str, keep_all: bool
) -> tuple[tuple[Op, ...], str, dict[str, list[str]]]:
    """Give the nodes that the output needs, its name, and of each node those of the file."""
    needed = {output}
    for node in reversed(list(walk.nodes.values())):
        if node.name in needed:
            needed.update(node.inputs)
    nodes = tuple(node for node in walk.nodes.values() if node.name in needed)
    trails = {node.name: list(walk.trails[node.name]) for node in nodes}
    return nodes, output, trails

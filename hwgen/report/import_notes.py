"""What `hwgen inspect` says of a network that another tool wrote: what became of its nodes."""

from __future__ import annotations

from typing import Any

MOST_LINES = 20  # of nodes that were dropped, and of thresholds that nothing reaches


def of_the_file(document: dict[str, Any]) -> dict[str, str]:
    """Give for each node of the network the first and the last of the file's that it stands for."""
    nodes = document["metadata"].get("onnx", {}).get("nodes", {})
    return {name: _span(trail) for name, trail in nodes.items() if trail}


def _span(trail: list[str]) -> str:
    if len(trail) == 1:
        return trail[0]
    between = f" (+{len(trail) - 2})" if len(trail) > 2 else ""
    return f"{trail[0]} .. {trail[-1]}{between}"


def import_lines(document: dict[str, Any]) -> list[str]:
    """Give what the host computes, what was dropped, and what no input reaches."""
    notes = document["metadata"].get("onnx")
    if notes is None:
        return []
    lines = [f"host, input: {notes['host']['input']}", f"host, output: {notes['host']['output']}"]
    orders = (("input_order", "the stream"), ("output_order", "the output"))
    lines += [
        f"{what} has the elements in another order than the file (--json)"
        for name, what in orders
        if name in notes
    ]
    lines += [f"dropped: {text}" for text in notes["dropped"]]
    for node in document["nodes"]:
        reached, all_of_them = node.get("reached"), node.get("thresholds")
        if reached is not None and reached < all_of_them:
            lines.append(
                f"{node['name']}: {all_of_them - reached} of {all_of_them} thresholds lie "
                "where no sum comes"
            )
    return lines[:MOST_LINES]

"""What `hwgen inspect` says of a network that another tool wrote: what became of its nodes."""

from __future__ import annotations

import math
from typing import Any

from rich.table import Table

MOST_LINES = 20  # of nodes that were dropped, and of codes and thresholds that nothing reaches
MOST_CODES = 8  # that are named


def import_table(document: dict[str, Any], result: str) -> Table | None:
    """Give what became of a file: its nodes and scales; None of a network that is from none.

    `result` is a line on what leaves the network.
    """
    if "onnx" not in document["metadata"]:
        return None
    files, scales = of_the_file(document), scales_of_the_file(document)
    table = Table(
        title=f"{document['metadata']['onnx']['file']}: what became of it",
        title_justify="left",
        caption="\n".join([result, *import_lines(document)]),
        caption_justify="left",
    )
    for name in ("layer", "scale of weights or codes", "nodes of the file"):
        table.add_column(name)
    for name in ("input", *(node["name"] for node in document["nodes"])):
        table.add_row(name, scales.get(name, ""), files.get(name, ""))
    return table


def of_the_file(document: dict[str, Any]) -> dict[str, str]:
    """Give for each node of the network the first and the last of the file's that it stands for."""
    nodes = document["metadata"].get("onnx", {}).get("nodes", {})
    return {name: _span(trail) for name, trail in nodes.items() if trail}


def scales_of_the_file(document: dict[str, Any]) -> dict[str, str]:
    """Give for each node of the network the scale that its weights or codes have.

    One for all is a number, a power of two as such (`2**-4`); of one a channel it is the kind. A
    zero point stands behind it where that is not 0.
    """
    notes = document["metadata"].get("onnx", {}).get("scales", {})
    return {name: _scale(found) for name, found in notes.items()}


def _scale(found: dict[str, Any]) -> str:
    text = f"{found['scale']}, a channel" if found["value"] is None else _step(found)
    point = found.get("zero_point", 0)
    return f"{text}; zero {point:g}" if point else text


def _step(found: dict[str, Any]) -> str:
    if found["scale"] == "power of two":
        return f"2**{math.frexp(found['value'])[1] - 1}"
    return f"{found['value']:g}"


def _unused(name: str, found: dict[str, Any]) -> str | None:
    """Say which codes of their type no weight of a layer has."""
    unused = found.get("unused")
    if not unused:
        return None
    lo, hi = found["declared"]
    codes = ", ".join(map(str, unused)) if len(unused) <= MOST_CODES else f"{len(unused)} codes"
    return f"{name}: no weight is {codes} of {lo} to {hi}"


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
    unused = (_unused(name, found) for name, found in notes.get("scales", {}).items())
    lines += [line for line in unused if line is not None]
    for node in document["nodes"]:
        reached, all_of_them = node.get("reached"), node.get("thresholds")
        if reached is not None and reached < all_of_them:
            lines.append(
                f"{node['name']}: {all_of_them - reached} of {all_of_them} thresholds lie "
                "where no sum comes"
            )
    return lines[:MOST_LINES]

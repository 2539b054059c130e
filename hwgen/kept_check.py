"""Keeps the float check of another tool's file in the design folder that was built of the file."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from hwgen.digests import MADE_FROM, digests, sealed
from hwgen.errors import ModelError
from hwgen.files import write_beside
from hwgen.float_check import Check
from hwgen.ir import Graph
from hwgen.network_file import load_network, save_network

KEPT = "float_check.json"
NETWORK = "network.npz"


def check_is_of(graph: Graph, folder: Path) -> None:
    """Refuse a design folder whose network is not the one that a file was read as.

    Raises
    ------
    ModelError
        Where it is another one, or the folder is no design.
    """
    path = folder / NETWORK
    if not path.is_file():
        raise ModelError(
            f"{folder}: must be a design folder with {NETWORK}; write one with `hwgen build`"
        )
    built = load_network(path)
    with tempfile.TemporaryDirectory() as place:
        written = Path(place) / NETWORK
        save_network(replace(graph, samples=built.samples), written)
        if written.read_bytes() == path.read_bytes():
            return
    raise ModelError(
        f"{folder}: must be built of {graph.name}.onnx with the options given here, and its "
        "network is another one; give the options of its `hwgen build`, or build it again"
    )


def keep_check(check: Check, folder: Path) -> None:
    """Write what a check found beside the network that it is of; `hwgen report` shows it.

    Raises
    ------
    ToolError
        Where the folder cannot be written to.
    """
    document = sealed(check.to_json() | {MADE_FROM: digests(folder, (NETWORK,))})
    with write_beside(folder / KEPT) as partial:
        partial.write_text(json.dumps(document) + "\n")

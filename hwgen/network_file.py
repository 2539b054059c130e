"""network.npz: the integer network inside a design folder, readable without torch."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.document import from_document, to_document
from hwgen.frontend.matrix import UNREADABLE
from hwgen.ir import Graph
from hwgen.json_file import open_regular, why_unread

_STRUCTURE = "document"


def save_network(graph: Graph, path: Path) -> None:
    """Write the network as arrays and one JSON text that refers to them; same bytes every time."""
    arrays: dict[str, np.ndarray] = {}
    structure = json.dumps(_take_arrays(to_document(graph), arrays))
    arrays[_STRUCTURE] = np.frombuffer(structure.encode(), np.uint8)
    save_arrays(path, arrays)


def load_network(path: Path) -> Graph:
    """Read a network back.

    Raises
    ------
    ModelError
        Where the file is damaged.
    """
    arrays = load_arrays(path)
    try:
        document = _put_arrays(json.loads(arrays[_STRUCTURE].tobytes()), arrays)
    except UNREADABLE as error:
        raise _damaged(path, error) from None
    return from_document(document, str(path))


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a file that `save_arrays` wrote.

    Raises
    ------
    ModelError
        Where the file is damaged.
    """
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except UNREADABLE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"{path}: must be a whole {path.stem} file, and cannot be read ({why_unread(error)}); "
        "build the design again"
    )


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Give a compressed .npz without time stamps, so that equal arrays give equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def _take_arrays(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        return {key: _take_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_take_arrays(item, arrays) for item in value]
    if isinstance(value, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    return value


def _put_arrays(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays[value["array"]]
        return {key: _put_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_put_arrays(item, arrays) for item in value]
    return value

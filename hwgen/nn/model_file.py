"""model.pt: the integer network as a `torch.save` file of plain data.

It is read with `weights_only=True`, so a file that carries code is refused and nothing in it runs.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwgen.errors import ModelError
from hwgen.files import write_beside
from hwgen.frontend.document import from_document, to_document
from hwgen.ir import Graph
from hwgen.reference import check_samples


def save_model(graph: Graph, path: Path) -> None:
    """Write the graph to `path`; an interrupted write leaves the earlier file as it was."""
    check_samples(graph)
    document = _map_arrays(to_document(graph))
    with write_beside(path) as partial:
        torch.save(document, partial)


def load_model(path: Path) -> Graph:
    """Read a model file, check it whole, and re-run its golden samples.

    Raises
    ------
    ModelError
        Where the file cannot be read or does not hold together.
    VerifyError
        Where the reference no longer gives the stored outputs.
    """
    if not path.is_file():
        raise ModelError(f"{path}: must be a file; train one with `python -m training digits`")
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ModelError(
            f"{path}: must hold plain data only, and holds Python objects, which are never loaded; "
            "save it with hwgen.nn.save_model"
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"{path}: must be a whole model file written by torch.save, and cannot be read "
            f"({reason}); export the model again"
        ) from None
    graph = from_document(_map_tensors(document), str(path))
    check_samples(graph)
    return graph


def _map_arrays(value: Any) -> Any:
    """NumPy arrays as the smallest integer tensors that hold them, recursively."""
    if isinstance(value, dict):
        return {key: _map_arrays(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_arrays(item) for item in value]
    if isinstance(value, np.ndarray):
        return torch.from_numpy(_narrow(value))
    return value


def _narrow(array: np.ndarray) -> np.ndarray:
    lo, hi = (int(array.min()), int(array.max())) if array.size else (0, 0)
    for dtype in (np.int8, np.int16, np.int32):
        if np.iinfo(dtype).min <= lo and hi <= np.iinfo(dtype).max:
            return array.astype(dtype)
    return array.astype(np.int64)


def _map_tensors(value: Any) -> Any:
    """Tensors as NumPy arrays, recursively."""
    if isinstance(value, dict):
        return {key: _map_tensors(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_tensors(item) for item in value]
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu").numpy() if not value.is_sparse else None
    return value

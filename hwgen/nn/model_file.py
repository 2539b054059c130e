"""model.pt: the integer network as a `torch.save` file of plain data.

It is read with `weights_only=True`, so a file that carries code is refused and nothing in it runs.
"""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwgen.errors import ModelError
from hwgen.files import write_beside
from hwgen.frontend.document import from_document, to_document
from hwgen.ir import Graph
from hwgen.reference import check_samples

# what torch.load raises for damaged and for hostile files
_UNREADABLE = (
    *(pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError),
    *(AttributeError, ArithmeticError, AssertionError, MemoryError, struct.error),
)
_PLAIN_TYPES = (
    *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32),
    *(torch.bool, torch.float32, torch.float64),
)


def save_model(graph: Graph, path: Path | str) -> None:
    """Write the graph to `path`; an interrupted write leaves the earlier file as it was.

    What is written has been read back, so that every command can read it.

    Raises
    ------
    ModelError
        Where the graph could not be read back, or is none.
    VerifyError
        Where its golden samples are not the reference's.
    """
    if not isinstance(graph, Graph):
        raise ModelError(
            "save_model: graph must be the integer network of export_graph, "
            f"not {type(graph).__name__}; call save_model(export_graph(net, ...), path)"
        )
    path = _as_path(path, "save_model")
    buffer = io.BytesIO()  # given a path, torch writes the temporary name into the bytes
    torch.save(_map_arrays(to_document(graph)), buffer)
    buffer.seek(0)
    check_samples(from_document(_read(buffer, path), str(path)))
    with write_beside(path) as partial:
        partial.write_bytes(buffer.getbuffer())


def load_model(path: Path | str) -> Graph:
    """Read a model file, check it whole, and re-run its golden samples.

    Raises
    ------
    ModelError
        Where the file cannot be read or does not hold together.
    VerifyError
        Where the reference no longer gives the stored outputs.
    """
    path = _as_path(path, "load_model")
    if not path.is_file():
        raise ModelError(f"{path}: must be a file; train one with `python -m training digits`")
    graph = from_document(_read(path, path), str(path))
    check_samples(graph)
    return graph


def _as_path(path: object, where: str) -> Path:
    if isinstance(path, (str, Path)) and str(path):
        return Path(path)
    shown = repr(path) if isinstance(path, str) else type(path).__name__
    raise ModelError(f"{where}: path must be the name of a file, not {shown}; pass 'model.pt'")


def _read(file: Path | io.BytesIO, path: Path) -> Any:
    """Give the document of a file, whose place `path` messages name."""
    try:
        return _map_tensors(torch.load(file, map_location="cpu", weights_only=True))
    except _UNREADABLE as error:
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise ModelError(
                f"{path}: must hold plain data only, and holds Python objects, which are never "
                "loaded; save it with hwgen.nn.save_model"
            ) from None
        raise ModelError(
            f"{path}: must be a whole model file written by torch.save, and cannot be read "
            f"({_reason(error)}); export the model again"
        ) from None


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
    if isinstance(value, torch.Tensor) and _is_plain(value):
        return value.detach().numpy()
    return value


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether NumPy can hold the tensor, and all its elements lie in the file."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        return False
    if tensor.dtype not in _PLAIN_TYPES:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _reason(error: Exception) -> str:
    """Say what the file system says; torch's words for a damaged file are about its insides."""
    return (isinstance(error, OSError) and error.strerror) or "it is damaged or of another kind"

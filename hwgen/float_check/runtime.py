"""The float run of a file in onnxruntime, unfused and on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwgen.errors import ToolError
from hwgen.frontend.onnx.file.load import File
from hwgen.frontend.onnx.writing.lower import lowered

LATER_OPSET = 13  # for old files whose operators run by their later definitions only


def float_run(path: Path, file: File, x: np.ndarray, tensors: Mapping[str, int]) -> dict[str, Any]:
    """Run a file sample by sample, each as a whole batch where the file fixes its size.

    Parameters
    ----------
    x
        Inputs, (samples, *the file's shape without its batch).
    tensors
        What to give beside the outputs, and how many axes each has.

    Returns
    -------
    Arrays by tensor, a sample on axis 0 and behind it the file's shape with a batch of one.

    Raises
    ------
    ToolError
        Where onnxruntime is not installed or does not run the file.
    """
    session, errors = _session(path, tensors)
    port = file.inputs[0]
    names = [output.name for output in session.get_outputs()]
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    shape = [1 if size is None else size for size in port.shape or ()]
    batch = max(shape[0], 1) if len(shape) > 1 else 1
    for sample in x:
        given = sample.reshape([1, *shape[1:]] if len(shape) > 1 else sample.shape)
        given = np.repeat(given, batch, axis=0) if batch > 1 else given
        given = given.astype(port.dtype or np.float32)
        try:
            arrays = session.run(None, {port.name: given})
        except errors as error:
            raise _does_not_run(path, error) from None
        for name, array in zip(names, arrays, strict=True):
            found[name].append(_first(np.asarray(array), batch))
    return {name: np.stack(arrays) for name, arrays in found.items()}


def _first(array: np.ndarray, batch: int) -> np.ndarray:
    """Give the first of the equal samples of a batch, which lie behind one another."""
    if batch == 1 or array.size % batch:
        return array
    if array.shape[:1] == (batch,):
        return array[:1]
    return np.asarray(array.reshape(batch, -1)[0])


def _session(path: Path, tensors: Mapping[str, int]) -> tuple[Any, tuple[type[Exception], ...]]:
    """Give a session, and the errors that its runtime raises."""
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError:
        raise ToolError(
            "onnxruntime: must be installed for `hwgen check`, and is not; "
            "run pip install 'hwgen[check]'"
        ) from None
    errors = (
        *(state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf),
        *(state.NoModel, state.NotImplemented, state.RuntimeException),
        *(RuntimeError, ValueError),
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    first: Exception | None = None
    for opset in (None, LATER_OPSET):
        try:
            model = lowered(path, tensors, opset)
            session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except errors as error:
            first = first or error
        else:
            return session, errors
    assert first is not None
    raise _does_not_run(path, first)


def _does_not_run(path: Path, error: Exception) -> ToolError:
    text = (str(error).splitlines() or [""])[0][:200]
    return ToolError(
        f"{path.name}: must run in onnxruntime to be checked, and does not ({text}); "
        "`hwgen build` needs no float run"
    )

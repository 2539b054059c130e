"""What `export_graph` is given beside the model, as the integer network holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from hwgen.errors import ModelError
from hwgen.frontend.plain_data import is_unicode, plain
from hwgen.ir import Argmax, Graph
from hwgen.numeric import IntArray
from hwgen.reference import check_input

Integers = npt.ArrayLike | Tensor


def checked_name(name: object) -> str:
    """Give the network's name.

    Raises
    ------
    ModelError
        Where it is no text.
    """
    if isinstance(name, str) and name.strip():
        if not is_unicode(name):
            raise ModelError(
                f"export_graph: name must be text in Unicode, without half characters, not {name!a}"
            )
        return str(name)
    shown = repr(name) if isinstance(name, str) else type(name).__name__
    raise ModelError(f"export_graph: name must be text, not {shown}; pass name='mine'")


def checked_shape(shape: object, name: str) -> tuple[int, ...]:
    """Give the shape of one input in Python's integers.

    Raises
    ------
    ModelError
        Where it is no tuple of positive whole numbers.
    """
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else ()
    found = tuple(_size(size) for size in sizes)
    if not found or min(found) < 1:
        shown = shape if isinstance(shape, (tuple, list, int, float)) else type(shape).__name__
        raise ModelError(
            f"{name}: input_shape must be the sizes of one input, without samples, such as (64,) "
            f"or (1, 28, 28), not {shown}"
        )
    return found


def _size(size: object) -> int:
    """Give a whole number, 0 where it is none."""
    is_whole = isinstance(size, (int, np.integer)) and not isinstance(size, bool)
    return int(size) if is_whole else 0  # type: ignore[call-overload]


def checked_metadata(metadata: Mapping[str, object] | None, name: str) -> dict[str, Any]:
    """Give metadata as plain data.

    Raises
    ------
    ModelError
        Where a file could not hold it.
    """
    if metadata is not None and not isinstance(metadata, Mapping):
        raise ModelError(f"{name}: metadata must be a dict, not {type(metadata).__name__}")
    found: dict[str, Any] = plain(dict(metadata or {}), f"{name}: metadata", keep_arrays=False)
    return found


def checked_samples(graph: Graph, x: Integers) -> IntArray:
    """Give samples as int64, shape (samples, *input shape).

    Raises
    ------
    ModelError
        Where they are not integers of the input's type and shape.
    """
    samples = _array(x, graph.name, "x")
    if samples.dtype.kind == "f":
        raise ModelError(
            f"{graph.name}: x must be integers, the codes of the inputs, not {samples.dtype}; "
            "give QuantInput.codes of real inputs, as int64"
        )
    samples = check_input(graph, samples)
    if not len(samples):
        raise ModelError(f"{graph.name}: x must hold a sample at least; leave it out")
    return samples


def checked_labels(graph: Graph, labels: Integers | None, samples: int) -> IntArray | None:
    """Give labels as int64, shape (samples,).

    Raises
    ------
    ModelError
        Where they are not one class index a sample.
    """
    if labels is None:
        return None
    found = _array(labels, graph.name, "labels")
    if found.dtype.kind not in "iub":
        raise ModelError(f"{graph.name}: labels must be class indices, not {found.dtype}")
    if found.shape != (samples,):
        raise ModelError(
            f"{graph.name}: labels must have shape ({samples},), one for each of x, "
            f"not {found.shape}"
        )
    node = graph.node(graph.output)
    classes = graph.source(node).shape[0] if isinstance(node, Argmax) else None
    if classes is not None and not 0 <= int(found.min()) <= int(found.max()) < classes:
        raise ModelError(
            f"{graph.name}: labels must be 0 to {classes - 1}, as the output layer has {classes} "
            f"outputs, not {found.min()} to {found.max()}"
        )
    return found.astype(np.int64)


def _array(values: Integers, name: str, what: str) -> npt.NDArray[Any]:
    if isinstance(values, Tensor):
        try:
            return np.asarray(values.detach().cpu().numpy())
        except (RuntimeError, TypeError):  # sparse, quantized, bfloat16, without numbers
            raise ModelError(
                f"{name}: {what} must be a dense tensor of integers, "
                f"not {values.dtype}, {values.layout} on {values.device}"
            ) from None
    if np.ma.is_masked(values):
        raise ModelError(
            f"{name}: {what} must have no masked entries; leave those samples out, or fill them"
        )
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise ModelError(
            f"{name}: {what} must be an array, not rows of different lengths"
        ) from None
    if array.dtype.kind not in "iufb":
        raise ModelError(f"{name}: {what} must be an array of integers, not {array.dtype}")
    return array

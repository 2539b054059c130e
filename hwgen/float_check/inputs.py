"""What a check runs on: random codes of the input, the extreme ones among them, or given data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hwgen.errors import ModelError
from hwgen.frontend.matrix import UNREADABLE
from hwgen.frontend.onnx.host import least_floats
from hwgen.frontend.onnx.read import Imported
from hwgen.json_file import open_regular
from hwgen.numeric import IntArray

SEED = 7
MOST_BYTES = 1 << 30

Floats = npt.NDArray[np.float64]


def inputs_of(found: Imported, samples: int, data: Path | None) -> np.ndarray:
    """Give inputs of the file, (samples, *its shape without the batch).

    Raises
    ------
    ModelError
        Where the data cannot be read or have another shape.
    """
    shape = found.file.inputs[0].shape or ()
    own = tuple(size or 1 for size in (shape[1:] if len(shape) > 1 else shape))
    if data is None:
        codes = _codes(found, samples)
        flat = np.empty((samples, len(found.order)), np.float64)
        flat[:, found.order] = _reals(found, codes).reshape(samples, -1)
        return flat.reshape(samples, *own).astype(np.float32)
    x = load_array(data)
    if x.dtype.kind not in "fiub" or x.ndim < 1 or not len(x) or x[0].size != len(found.order):
        raise ModelError(
            f"{data}: must hold inputs of shape (samples, {', '.join(map(str, own))}), "
            f"not {x.shape}; write it with numpy.save"
        )
    x = x.reshape(len(x), *own)[:samples]
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise ModelError(f"{data}: every input must be finite; write it again")
    return x.astype(np.float32) if x.dtype.kind == "f" else x


def labels_of(path: Path | None, data: Path | None, samples: int) -> IntArray | None:
    """Give the class of each input.

    Raises
    ------
    ModelError
        Where they cannot be read or are too few.
    """
    if path is None:
        return None
    if data is None:
        raise ModelError(f"{path}: labels must stand beside --data; add the inputs")
    labels = load_array(path)
    if labels.dtype.kind not in "iu" or labels.ndim != 1 or len(labels) < samples:
        raise ModelError(f"{path}: must hold {samples} integers, not {labels.shape}")
    return labels[:samples].astype(np.int64)


def load_array(path: Path) -> np.ndarray:
    """Read an array.

    Raises
    ------
    ModelError
        Where the file is none.
    """
    try:
        with open_regular(path) as file:
            found = np.load(file, allow_pickle=False)
    except UNREADABLE as error:
        raise ModelError(
            f"{path}: must be a .npy file ({error}); write it with numpy.save"
        ) from None
    if not isinstance(found, np.ndarray):
        raise ModelError(f"{path}: must hold one array; write it with numpy.save")
    return found


def _codes(found: Imported, samples: int) -> IntArray:
    """Give random codes: a sample of the lowest, one of the highest, one of both, and others."""
    kind, shape = found.begin.type, found.graph.input.shape
    rng = np.random.default_rng(SEED)
    codes = rng.integers(kind.lo, kind.hi + 1, (samples, *shape))
    for index, choice in enumerate(([kind.lo], [kind.hi], [kind.lo, kind.hi])):
        if samples > index + 3:
            codes[index] = rng.choice(choice, shape)
    return codes.astype(np.int64)


def _reals(found: Imported, codes: IntArray) -> Floats:
    """Give inputs whose codes these are: multiples of the scale, or the middle between steps."""
    begin = found.begin
    if begin.bounds is None:
        return np.asarray(codes * float(begin.means[0].scale), np.float64)
    values = np.empty(codes.shape, np.float64)
    for channel in range(codes.shape[1] if len(begin.bounds) > 1 else 1):
        part = (slice(None), channel) if len(begin.bounds) > 1 else (slice(None),)
        bounds = begin.bounds[channel]
        steps = least_floats(bounds)
        if not len(steps):
            values[part] = 0.0
            continue
        wide = (steps[-1] - steps[0]) / max(len(steps) - 1, 1) or abs(steps[0]) or 1.0
        ends = np.concatenate([[steps[0] - wide], steps, [steps[-1] + wide]])
        middles = (ends[:-1] + ends[1:]) / 2
        place = np.clip(codes[part] - begin.lo - bounds.always, 0, len(middles) - 1)
        values[part] = bounds.sign * middles[place]
    return values

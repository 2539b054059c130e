"""What a check runs on: random codes of the input, the extreme ones among them, or given data."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hwgen.errors import ModelError
from hwgen.frontend.matrix import UNREADABLE
from hwgen.frontend.onnx.host import least_floats
from hwgen.frontend.onnx.read import Imported
from hwgen.ir import Argmax
from hwgen.json_file import open_regular
from hwgen.numeric import IntArray

SEED = 7
MOST_BYTES = 1 << 30

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Inputs of a file, (samples, *its shape without the batch), and the class of each.

    `of` is how many there are in the data, from which these are the first; None for random ones.
    """

    x: np.ndarray
    labels: IntArray | None
    of: int | None


def given_to(found: Imported, samples: int, data: Path | None, labels: Path | None) -> Given:
    """Give inputs of a file: so many random codes, or the first of `data`, with their labels.

    Raises
    ------
    ModelError
        Where data or labels cannot be read, or do not suit the file or one another.
    """
    x, of = _inputs(found, samples, data)
    if labels is None:
        return Given(x=x, labels=None, of=of)
    if data is None or of is None:
        raise ModelError(f"{labels}: labels must stand beside --data; add the inputs")
    return Given(x=x, labels=_labels(found, labels, data, of)[: len(x)], of=of)


def _inputs(found: Imported, samples: int, data: Path | None) -> tuple[np.ndarray, int | None]:
    """Give inputs, and how many the data hold."""
    shape = found.file.inputs[0].shape or ()
    own = tuple(size or 1 for size in (shape[1:] if len(shape) > 1 else shape))
    if data is None:
        codes = _codes(found, samples)
        flat = np.empty((samples, len(found.order)), np.float64)
        flat[:, found.order] = _reals(found, codes).reshape(samples, -1)
        return flat.reshape(samples, *own).astype(np.float32), None
    x = load_array(data)
    if x.dtype.kind not in "fiub" or x.ndim < 1 or not len(x) or x[0].size != len(found.order):
        raise ModelError(
            f"{data}: must hold inputs of shape (samples, {', '.join(map(str, own))}), "
            f"not {x.shape}; write it with numpy.save"
        )
    of, x = len(x), x.reshape(len(x), *own)[:samples]
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise ModelError(f"{data}: every input must be finite; write it again")
    return (x.astype(np.float32) if x.dtype.kind == "f" else x), of


def _labels(found: Imported, path: Path, data: Path, of: int) -> IntArray:
    """Give the class of every input of the data."""
    graph = found.graph
    last = graph.node(graph.output)
    scores = graph.source(last) if isinstance(last, Argmax) else graph.tensors[last.name]
    classes = scores.shape[0] if isinstance(last, Argmax) else prod(scores.shape)
    if classes < 2:
        raise ModelError(
            f"{path}: labels must go with a network that gives a class or a score for each class, "
            f"and {found.file.name} gives one number; leave --labels out"
        )
    labels = load_array(path)
    if labels.dtype.kind not in "iu":
        kind = "text" if labels.dtype.kind in "US" else labels.dtype
        raise ModelError(
            f"{path}: labels must be integers, the classes, not {kind}; number the classes from 0"
        )
    if labels.shape != (of,):
        raise ModelError(
            f"{path}: labels must be of shape ({of},), one for each input of {data}, not "
            f"{labels.shape}; give each input one"
        )
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most >= classes:
        raise ModelError(
            f"{path}: labels must be 0 to {classes - 1}, the classes of {found.file.name}, not "
            f"{least} to {most}; number the classes from 0"
        )
    return labels.astype(np.int64)


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
    except OSError as error:
        raise ModelError(
            f"{path}: must be a .npy file ({error.strerror or error}); write it with numpy.save"
        ) from None
    except UNREADABLE:
        raise ModelError(
            f"{path}: must be a .npy file of numbers, and holds something else; write it with "
            "numpy.save"
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

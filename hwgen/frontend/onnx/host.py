"""What the host computes: the stream's integers from the file's input, and values from results."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from hwgen.errors import ModelError
from hwgen.frontend.onnx.arithmetic.functions import Bounds
from hwgen.frontend.onnx.read import Imported
from hwgen.frontend.onnx.tensors.value import Value
from hwgen.numeric import IntArray

Floats = npt.NDArray[np.float64]


def stream_integers(found: Imported, x: np.ndarray) -> IntArray:
    """Give the integers of the stream, (samples, *input shape), for inputs of the file.

    Exact for every float: each bound is taken as the least float64 that reaches it.

    Raises
    ------
    ModelError
        Where an input has another size, or the stream carries integers and it is none of them.
    """
    size, spec = len(found.order), found.graph.input
    samples = x.size // size
    if samples * size != x.size or not samples:
        raise ModelError(f"{found.file.name}: inputs must have {size} elements each, not {x.shape}")
    ordered = x.reshape(samples, size)[:, found.order].reshape(samples, *spec.shape)
    begin = found.begin
    if begin.bounds is not None:
        return _by_bounds(ordered.astype(np.float64), begin.bounds, begin.lo)
    scale = begin.means[0].scale
    codes = np.rint(ordered.astype(np.float64) / float(scale)).astype(np.int64)
    flat, given = np.unique(codes), ordered.astype(np.float64)
    values = dict(zip(flat.tolist(), (float(scale * int(code)) for code in flat), strict=True))
    back = np.vectorize(values.__getitem__)(codes)
    if not np.allclose(back, given, rtol=1e-5, atol=float(scale) * 1e-3):
        raise ModelError(
            f"{found.file.name}: inputs must be whole multiples of --input-scale "
            f"{float(scale):.6g}; give such data"
        )
    return codes


def _by_bounds(x: Floats, bounds: tuple[Bounds, ...], lo: int) -> IntArray:
    codes = np.empty(x.shape, np.int64)
    for channel in range(x.shape[1] if len(bounds) > 1 else 1):
        part = (slice(None), channel) if len(bounds) > 1 else (slice(None),)
        own = bounds[channel]
        codes[part] = np.searchsorted(least_floats(own), own.sign * x[part], side="right")
        codes[part] += own.always
    return codes + lo


def least_floats(bounds: Bounds) -> Floats:
    """Give the least float64 that reaches each bound."""
    found = []
    for run in bounds.runs:
        for i in range(run.count):
            bound, strict = run.first + i * run.step, run.strict[i % 2]
            near = _nearest(bound)
            if Fraction(near) < bound or (strict and Fraction(near) == bound):
                near = float(np.nextafter(near, np.inf))
            found.append(near)
    return np.array(found, np.float64)


def _nearest(bound: Fraction) -> float:
    try:
        return float(bound)
    except OverflowError:
        return float(np.finfo(np.float64).max) * (1 if bound > 0 else -1)


def real_values(value: Value, integers: IntArray) -> Floats:
    """Give what integers of a value's node stand for, in the file's order: (samples, *shape)."""
    picked = integers.reshape(len(integers), -1)[:, value.where.ravel()]
    places = value.where.ravel() // value.plane
    found = np.empty(picked.shape, np.float64)
    known: dict[tuple[object, int], float] = {}
    for column, channel in enumerate(places.tolist()):
        means = value.channel(channel)
        for sample in range(len(picked)):
            pair = means, int(picked[sample, column])
            if pair not in known:
                known[pair] = float(means.real(pair[1]))
            found[sample, column] = known[pair]
    return found.reshape(len(picked), *value.where.shape)

"""Tensors that no input reaches: arrays, and of quantized ones the codes and their scale."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.frontend.onnx.arithmetic.rounding import Mode, close_to_step, round_array, rounded
from hwgen.numeric import IntArray, Range

FractionArray = npt.NDArray[np.object_]

MOST_FOLDED = 1 << 24  # elements of a tensor that is computed from constants
SURE = 2.0**-40  # float64 decides which side of a step a quotient is on, where it is not closer


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Codes, and the scale of each: the exact value is `scale * codes`.

    `scale` has as many axes as `codes`, of size 1 where it does not vary. `declared` is what the
    file's quantizer could give, its zero point taken off where that is one; None where none was.
    """

    codes: IntArray
    scale: FractionArray
    declared: Range | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A constant: its numbers in the file's own floats or integers, and its grid if it has one.

    `clipped` are whole bounds that a Clip has put to it, as QCDQ says types of fewer than 8 bits.
    """

    array: np.ndarray
    grid: Grid | None = None
    clipped: Range | None = None

    def rationals(self) -> FractionArray:
        """Give the exact values.

        Raises
        ------
        ValueError
            Where one is not finite.
        """
        if self.grid is not None:
            return np.asarray(self.grid.scale * self.grid.codes, object)
        return rationals(self.array)


def rationals(array: np.ndarray) -> FractionArray:
    """Give the rationals that numbers are.

    Raises
    ------
    ValueError
        Where one is not finite.
    """
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("not finite")
    found = np.empty(array.size, object)
    found[:] = [Fraction(value) for value in array.ravel().tolist()]
    return found.reshape(array.shape)


def aligned(scale: FractionArray, rank: int) -> FractionArray:
    """Give a scale with as many axes as its codes, sizes of 1 in front."""
    return scale.reshape((1,) * (rank - scale.ndim) + scale.shape)


def codes_of(
    array: np.ndarray, scale: FractionArray, zero: IntArray | int, mode: Mode, lo: int, hi: int
) -> IntArray:
    """Round `array / scale + zero` to codes in [lo, hi], exactly.

    float64 divides; where its quotient is so close to a step of the mode that its error may matter,
    rationals decide.
    """
    values = array.astype(np.float64)
    below = scale.astype(np.float64)
    quotient = np.clip(values / below + zero, lo, hi)
    codes = np.array(round_array(mode, quotient))
    slack = SURE * (1 + np.abs(values / below) + np.abs(zero))
    doubtful = np.argwhere(close_to_step(mode, quotient, np.minimum(slack, 1.0)))
    if len(doubtful):
        scales = np.broadcast_to(scale, array.shape)
        zeros = np.broadcast_to(zero, array.shape)
        for place in map(tuple, doubtful):
            exact = Fraction(float(values[place])) / scales[place] + int(zeros[place])
            codes[place] = min(max(rounded(mode, exact), lo), hi)
    return np.asarray(codes, np.int64)


def integers(array: np.ndarray) -> IntArray | None:
    """Give whole numbers as integers, None where they are not whole or too large."""
    if array.dtype.kind in "iub":
        if array.dtype == np.uint64 and array.size and int(array.max()) >= 1 << 63:
            return None
        return array.astype(np.int64)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(array).all() and (array == np.rint(array)).all()
    if not whole or (array.size and float(np.abs(array).max()) >= 2.0**53):
        return None
    return array.astype(np.int64)


def whole_number(constant: Constant) -> int | None:
    """Give the one number of a constant where it is one and whole."""
    found = integers(constant.array) if constant.array.size == 1 else None
    return None if found is None else int(found.reshape(()))


def moved(constant: Constant, move: Any) -> Constant:
    """Give a constant whose elements were moved by `move`, a function of an array's elements."""
    array = move(constant.array)
    if constant.grid is None:
        return Constant(array)
    grid = constant.grid
    codes = move(grid.codes)
    if grid.scale.size == 1:
        scale = grid.scale.reshape((1,) * codes.ndim)
        return Constant(array, Grid(codes, scale, grid.declared))
    places = np.arange(grid.scale.size).reshape(grid.scale.shape)
    places = collapsed(move(np.broadcast_to(places, grid.codes.shape)))
    return Constant(array, Grid(codes, grid.scale.ravel()[places], grid.declared))


def collapsed(places: IntArray) -> IntArray:
    """Give an array with size 1 along every axis on which it does not vary."""
    for axis in range(places.ndim):
        first = np.take(places, [0], axis=axis) if places.shape[axis] else places
        if (places == first).all():
            places = first
    return places

"""Rounding modes as conditions: when a value rounds to an integer k or more."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

import numpy as np
import numpy.typing as npt

HALF = Fraction(1, 2)


class Mode(StrEnum):
    """Rounding modes of QONNX; up is away from zero, down towards it."""

    half_even = "HALF_EVEN"
    half_up = "HALF_UP"
    half_down = "HALF_DOWN"
    floor = "FLOOR"
    ceil = "CEIL"
    up = "UP"
    down = "DOWN"


def parse_mode(text: str) -> Mode | None:
    """Give the mode of a name in the file, in any case; None where there is no such mode."""
    name = text.upper()
    if name in ("ROUND", "ROUND_HALF_EVEN"):
        return Mode.half_even
    return next((mode for mode in Mode if mode.value == name), None)


def least(mode: Mode, k: int) -> tuple[Fraction, bool]:
    """Give b and whether it is strict: v rounds to k or more where v >= b, or v > b."""
    whole = Fraction(k)
    match mode:
        case Mode.half_even:
            return whole - HALF, k % 2 == 1
        case Mode.half_up:
            return whole - HALF, k <= 0
        case Mode.half_down:
            return whole - HALF, k > 0
        case Mode.floor:
            return whole, False
        case Mode.ceil:
            return whole - 1, True
        case Mode.down:
            return (whole, False) if k > 0 else (whole - 1, True)
        case Mode.up:
            return (whole - 1, True) if k > 0 else (whole, False)


def rounded(mode: Mode, value: Fraction) -> int:
    """Round one number."""
    k = floor(value)
    for above in (k + 1, k + 2):
        bound, strict = least(mode, above)
        if value > bound or (value == bound and not strict):
            k = above
    return k


def round_array(mode: Mode, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round floats that are not close to where the mode steps."""
    match mode:
        case Mode.half_even | Mode.half_up | Mode.half_down:
            return np.rint(values)
        case Mode.floor:
            return np.floor(values)
        case Mode.ceil:
            return np.ceil(values)
        case Mode.down:
            return np.trunc(values)
        case Mode.up:
            return np.sign(values) * np.ceil(np.abs(values))


def close_to_step(
    mode: Mode, values: npt.NDArray[np.float64], slack: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Say which floats are within `slack` of where the mode steps."""
    halves = mode in (Mode.half_even, Mode.half_up, Mode.half_down)
    places = values + 0.5 if halves else values
    return np.asarray(np.abs(places - np.rint(places)) <= slack)


def first_at_least(bound: Fraction, strict: bool) -> int:
    """Give the least integer that is `bound` or more, or more than it where strict."""
    return floor(bound) + 1 if strict else ceil(bound)

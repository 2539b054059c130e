"""Requantization by multiplier and shift, read as the thresholds that it is.

`clip((multiplier * x + offset) >> shift)` reaches code c if and only if
`x >= ceil((c * 2**shift - offset) / multiplier)`, for every integer x: nothing is approximated, and
whether the hardware multiplies or compares is the planner's choice.
"""

from __future__ import annotations

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.fields import Fields
from hwgen.numeric import IntArray, IntType

MAX_SHIFT = 62
FARTHEST = 1 << 62  # no sum reaches this far, so that farther thresholds can stand here


def read_rescale(fields: Fields, output: IntType) -> IntArray:
    """Give the thresholds, (channels, 2**bits - 1), of the keys multiplier, shift and offset.

    Each is an integer tensor (channels,).

    Raises
    ------
    ModelError
        Where they have not one length, a multiplier is not positive, or a shift is out of range.
    """
    multiplier, shift, offset = (fields.array(key) for key in ("multiplier", "shift", "offset"))
    shapes = {multiplier.shape, shift.shape, offset.shape}
    if multiplier.ndim != 1 or len(shapes) > 1:
        raise ModelError(
            f"{fields.where}: multiplier, shift and offset must have one shape, (channels,), not "
            f"{multiplier.shape}, {shift.shape} and {offset.shape}; export the model again"
        )
    if (multiplier < 1).any():
        raise ModelError(
            f"{fields.where}: multiplier must be at least 1 in every channel, not "
            f"{int(multiplier.min())}; negate the channel's weights instead"
        )
    if (shift < 0).any() or (shift > MAX_SHIFT).any():
        wrong = int(shift.min()) if (shift < 0).any() else int(shift.max())
        raise ModelError(f"{fields.where}: shift must be 0 to {MAX_SHIFT}, not {wrong}")
    channels = zip(multiplier.tolist(), shift.tolist(), offset.tolist(), strict=True)
    rows = [thresholds(*channel, output) for channel in channels]
    return np.array(rows, np.int64).reshape(len(rows), output.hi - output.lo)


def thresholds(multiplier: int, shift: int, offset: int, output: IntType) -> list[int]:
    """Give the least x of every code but the lowest."""
    places = (
        -((offset - (code << shift)) // multiplier) for code in range(output.lo + 1, output.hi + 1)
    )
    return [min(max(place, -FARTHEST), FARTHEST) for place in places]

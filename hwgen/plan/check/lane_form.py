"""What a lane carries of a row's sum, and the row that must be behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import IntArray, Range
from hwgen.plan.layer import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneForm:
    """The sum is `unit * value + constant`, and `value` can be what lies in `reached`.

    The lane carries `value`, or its low `wrap_bits` bits where that is not 0.
    """

    unit: int
    constant: int
    reached: Range
    wrap_bits: int


def check_row(layer: Layer, row: int, weights: IntArray, where: str) -> None:
    """Refuse a row that is not the layer's.

    Raises
    ------
    PlanError
        With the first column that differs.
    """
    wrong = np.flatnonzero(weights != layer.weight[row])
    if len(wrong):
        column = int(wrong[0])
        raise PlanError(
            f"{where}: row {row} of {layer.name} must have weight "
            f"{layer.weight[row, column]} for column {column}, and the plan has "
            f"{weights[column]}; undo the edit"
        )

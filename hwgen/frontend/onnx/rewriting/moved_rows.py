"""Rows of a staircase in front of what moves elements, or compares them."""

from __future__ import annotations

from hwgen.ir import Flatten, MaxPool2d, PixelShuffle, Tensor, Threshold, UpsampleNearest
from hwgen.numeric import IntArray

Moving = MaxPool2d | UpsampleNearest | PixelShuffle | Flatten


def rows_before(source: Moving, node: Threshold, inner: Tensor) -> IntArray | None:
    """Give a threshold's rows for the channels in front of what moves them, None where unlike."""
    rows = node.thresholds
    if len(rows) == 1 or isinstance(source, MaxPool2d | UpsampleNearest):
        return rows
    if isinstance(source, PixelShuffle):
        return rows.repeat(source.factor * source.factor, axis=0)
    groups = rows.reshape(inner.shape[0], -1, rows.shape[1])
    return groups[:, 0] if (groups == groups[:, :1]).all() else None

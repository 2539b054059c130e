"""The rows of an operation over a whole frame: one for each channel at each position.

Elements of a frame are in the order of the network, (channel, row, column). A vector is a frame of
one position.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwgen.ir import Op, Threshold
from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form, linear_form
from hwgen.prove.views import OUTSIDE, view_of, weights_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is known of the elements of a map.

    Attributes
    ----------
    image
        Its rows and columns.
    limits
        Range of each element.
    alias
        For each, the first one that is always equal to it.
    """

    image: tuple[int, int]
    limits: tuple[Range, ...]
    alias: tuple[int, ...]

    @property
    def positions(self) -> int:
        """Elements of a channel."""
        return self.image[0] * self.image[1]

    @property
    def channels(self) -> int:
        """Elements of a position."""
        return len(self.limits) // self.positions

    def ranges(self) -> list[list[int]]:
        """Give the ends of each channel's range, over all positions."""
        size = self.positions
        parts = [self.limits[k : k + size] for k in range(0, len(self.limits), size)]
        return [[min(r.lo for r in part), max(r.hi for r in part)] for part in parts]


def frame_rows(node: Op | None, frame: Frame) -> tuple[tuple[int, int], list[Form]]:
    """Give the image of an operation's outputs, and each row's sum with its bias.

    Without an operation the rows are the elements themselves. Beside the image every tap is one
    value, whatever a channel can be.
    """
    view = view_of(node, frame.image)
    weight, bias = weights_of(node, frame.channels)
    pixels = view.pixels
    rows = []
    for channel, own in enumerate(weight):
        taps, sources = np.nonzero(own)
        factors = own[taps, sources].tolist()
        seen = pixels[:, taps]
        columns = np.where(seen == OUTSIDE, OUTSIDE, seen + sources * frame.positions)
        for position in columns.tolist():
            factor: dict[int, int] = defaultdict(int)
            constant = int(bias[channel])
            for column, weight_of in zip(position, factors, strict=True):
                if column != OUTSIDE:
                    factor[frame.alias[column]] += weight_of
                else:
                    constant += weight_of * view.beside
            rows.append(linear_form(factor, constant, frame.limits))
    return view.outputs, rows


def frame_thresholds(node: Threshold, positions: int) -> Threshold:
    """Give the thresholds of each row."""
    if len(node.thresholds) == 1:
        return node
    return replace(node, thresholds=node.thresholds.repeat(positions, axis=0))


def whole(image: tuple[int, int], limits: Sequence[Range]) -> Frame:
    """Give a frame of elements of which none tells of another."""
    return Frame(image=image, limits=tuple(limits), alias=tuple(range(len(limits))))

"""What was shown of a unit on feature maps, as data for the certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.numeric import Range
from hwgen.prove.units.dense import DenseProof


@dataclass(frozen=True, slots=True, kw_only=True)
class MapUnit:
    """A unit, the positions that it gives of a frame, and how much was looked at.

    Attributes
    ----------
    states
        Of control and contents, that were visited.
    queue_states
        Those of the queue in front.
    classes
        Sets of taps inside the image, of which each is that of some positions.
    cases
        How many of these were shown one by one, and cover the others.
    rows, adders, modulo
        Of a matrix.
    values
        Sums through thresholds.
    ranges
        Of each channel that leaves.
    """

    name: str
    op: str
    positions: int
    states: int = 0
    queue_states: int = 0
    classes: int = 0
    cases: int = 0
    rows: int = 0
    adders: int = 0
    modulo: int = 0
    values: int = 0
    ranges: tuple[Range, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the unit as JSON data, without what it has none of."""
        counts = {
            "states": self.states,
            "queue_states": self.queue_states,
            "classes": self.classes,
            "cases": self.cases,
            "rows": self.rows,
            "adders": self.adders,
            "modulo": self.modulo,
            "values": self.values,
        }
        return {
            "name": self.name,
            "op": self.op,
            "positions": self.positions,
            **{name: count for name, count in counts.items() if count},
            "ranges": [[limits.lo, limits.hi] for limits in self.ranges],
        }


def matrix_unit(name: str, positions: int, classes: int, proofs: Sequence[DenseProof]) -> MapUnit:
    """Give the record of a matrix that was shown for some cases."""
    lanes = zip(*(proof.lanes for proof in proofs), strict=True)
    ranges = [Range.covering([lane.row.limits for lane in row]) for row in lanes]
    return MapUnit(
        name=name,
        op="matrix",
        positions=positions,
        classes=classes,
        cases=len(proofs),
        rows=len(ranges),
        adders=max(len(proof.adders) for proof in proofs),
        modulo=max(proof.modulo for proof in proofs),
        ranges=tuple(ranges),
    )

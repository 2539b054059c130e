"""What a report says of one layer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hwgen.report.design_folder import BuiltLayer
from hwgen.report.finn_estimate import FinnUnit
from hwgen.report.weight_figures import WeightFigures
from hwgen.report.widths import Widths


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerLuts:
    """LUT sites of a layer on one target.

    `front` is what brings a matrix its inputs (windows, poolings), `tail` what follows it
    (thresholds, argmax).
    """

    front: int
    matrix: int
    tail: int
    share: float  # of all layers and glue

    @property
    def total(self) -> int:
        """All units of the layer."""
        return self.front + self.matrix + self.tail


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerReport:
    """One layer: as built, its widths, its weights, and its LUTs by target.

    `weights` is None where the network has none: the matrix of a pooling or a threshold alone,
    whose registers are counted nowhere. `classes` are the sets of taps that lie inside the map at
    some position, each with a range of its own.
    """

    built: BuiltLayer
    input_type: str
    widths: Widths
    weights: WeightFigures | None
    classes: int
    finn: FinnUnit | None  # None for an unrolled layer, which FINN's model does not cover
    luts: dict[str, LayerLuts]

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of the map that the matrix gives, (1, 1) for a vector."""
        own = len(self.built.front)
        return self.built.units[own].image

    @property
    def maps(self) -> bool:
        """Whether a map enters or leaves it."""
        seen = any(unit.kernel is not None for unit in self.built.front)
        return seen or self.positions != (1, 1)

    def to_json(self) -> dict[str, Any]:
        """Everything, for report.json."""
        shape = asdict(self.built)
        del shape["accumulator_bits"], shape["units"]
        luts = {target: asdict(item) | {"total": item.total} for target, item in self.luts.items()}
        return shape | {
            "units": list(self.built.unit_names),
            "positions": list(self.positions),
            "position_classes": self.classes,
            "maps": self.maps,
            "front": [asdict(unit) for unit in self.built.front],
            "input_type": self.input_type,
            "accumulator_bits": None if self.weights is None else self.widths.to_json(),
            "weights": None if self.weights is None else self.weights.to_json(),
            "luts": luts,
            "finn_luts_estimate": None if self.finn is None else self.finn.luts,
        }

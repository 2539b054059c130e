"""What a proof found, as text and as proof.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hwgen.digests import MADE_FROM, sealed
from hwgen.numeric import Range
from hwgen.prove.certificate.folded import FoldedLayer
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.certificate.statements import (
    BY_POSITION,
    FOLDED,
    MAPS,
    NOT_BRANCHES,
    NOT_FOLDED,
    NOT_MAPS,
    NOT_PROVED,
    NOT_QUEUES,
    PROVED,
    QUEUES,
)
from hwgen.prove.layers import Layer
from hwgen.prove.queues import QueueProof
from hwgen.prove.units.argmax import ArgmaxProof
from hwgen.prove.units.dense import DenseProof, Lane
from hwgen.prove.units.staircase import ThresholdProof


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerProof:
    """A layer, the ranges of its inputs, and what was shown of its units."""

    layer: Layer
    inputs: tuple[Range, ...]
    dense: DenseProof
    tail: ThresholdProof | ArgmaxProof | None

    def to_json(self) -> dict[str, Any]:
        """Give the layer as JSON data."""
        adders = self.dense.adders
        tail: dict[str, Any] | None = None
        if isinstance(self.tail, ThresholdProof):
            codes = [[c.lo, c.hi] for c in self.tail.codes]
            tail = {"op": "threshold", "values": self.tail.values, "codes": codes}
        elif self.tail is not None:
            tail = {"op": "argmax", "added": self.tail.added}
        return {
            "name": self.layer.dense.name,
            "latency_cycles": self.dense.latency,
            "register_bits": self.dense.registers,
            "adders": len(adders),
            "modulo": self.dense.modulo,
            "widest_adder_bits": max((width for _, width in adders), default=0),
            "inputs": [[limits.lo, limits.hi] for limits in self.inputs],
            "accumulators": [_accumulator(lane) for lane in self.dense.lanes],
            "tail": tail,
        }


def _accumulator(lane: Lane) -> dict[str, Any]:
    """Give a row and the inputs that reach its ends.

    `hi` with the inputs of `raised` at their highest and all others at their lowest, `lo` with the
    opposite.
    """
    row = lane.row
    return {
        "lo": row.limits.lo,
        "hi": row.limits.hi,
        "bits": len(lane.nets),
        "lane_factor": lane.factor,
        "lane_divisor": lane.divisor,
        "lane_constant": lane.carried.constant,
        "raised": sorted(column for column, weight in row.coefficients.items() if weight > 0),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """The verdict on a design: `problem` is None where all was shown, or names the place.

    `on_maps` is set where all units work on feature maps, position by position. `maps` are those
    that do; where others are folded they may stand between them. `branches` is set where units are
    no chain. `queues` is what was shown of their depths.
    `primitives` counts the kinds of adders of three operands, `latency` is None for folded designs
    and does not count the cycles in an output buffer. `made_from` has the digest of each file read.
    """

    name: str
    tool: str
    layers: tuple[LayerProof, ...]
    latency: int | None
    folded: tuple[FoldedLayer, ...] = ()
    maps: tuple[MapUnit, ...] = ()
    on_maps: bool = False
    branches: bool = False
    queues: QueueProof | None = None
    primitives: int = 0
    problem: str | None
    made_from: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def proved(self) -> bool:
        """Whether everything was shown."""
        return self.problem is None

    def __str__(self) -> str:
        return self.verdict()

    def verdict(self) -> str:
        """Give one line."""
        if self.problem is not None:
            return f"NOT PROVED: {self.problem}"
        return self._shown() + ("" if self.queues is None else f"; {self.queues}")

    def _shown(self) -> str:
        if self.folded:
            return self._folded_verdict()
        if self.maps:
            return self._map_verdict()
        rows = sum(len(item.dense.lanes) for item in self.layers)
        adders = sum(len(item.dense.adders) for item in self.layers)
        modulo = sum(item.dense.modulo for item in self.layers)
        exact = f"{modulo} of them modulo their width" if modulo else "none can overflow"
        values = sum(
            item.tail.values for item in self.layers if isinstance(item.tail, ThresholdProof)
        )
        buffered = any(item.dense.flow == "gate" for item in self.layers)
        return (
            f"PROVED: {self.name} equals its integer network on every input: {rows} rows, {adders} "
            f"adders ({exact}), {values} sums through thresholds, latency {self.latency} cycles"
            f"{' before the output buffer' if buffered else ''}"
        )

    def _folded_verdict(self) -> str:
        rows = sum(len(item.dense.rows) for item in self.folded)
        accumulators = sum(len(item.dense.accumulators) for item in self.folded)
        values = sum(item.tail.values for item in self.folded if item.tail is not None)
        interval = max(item.interval for item in self.folded)
        of_map = any(item.positions > 1 for item in self.folded) or self.maps
        return (
            f"PROVED: {self.name} equals its integer network on every input while no unit waits: "
            f"{rows} rows on {accumulators} accumulators (none can overflow), {values} sums "
            f"through thresholds, a {'frame' if of_map else 'vector'} every {interval:g} cycles"
        )

    def _map_verdict(self) -> str:
        rows, adders, modulo, values, states = (
            sum(counts)
            for counts in zip(
                *(
                    (unit.rows, unit.adders, unit.modulo, unit.values, unit.states)
                    for unit in self.maps
                ),
                strict=True,
            )
        )
        exact = f"{modulo} of them modulo their width" if modulo else "none can overflow"
        when = "whenever beats come and go" if self.on_maps else "while no unit waits"
        return (
            f"PROVED: {self.name} equals its integer network on every input, {when}: {rows} rows, "
            f"{adders} adders ({exact}), {values} sums through thresholds, {states} states of what "
            "moves them"
        )

    def to_json(self) -> dict[str, Any]:
        """Give the document of proof.json."""
        proved, left = (FOLDED, NOT_FOLDED) if self.latency is None else (PROVED, NOT_PROVED)
        proved, left = (MAPS, NOT_MAPS) if self.on_maps else (proved, left)
        if self.maps and not self.on_maps:
            proved, left = (*proved, *BY_POSITION), (*left, NOT_MAPS[1])
        if self.queues is not None:
            proved, left = (*proved, QUEUES), (*left, NOT_QUEUES)
        elif self.branches:
            left = (*left, NOT_BRANCHES)
        layers = [item.to_json() for item in self.layers] + [i.to_json() for i in self.folded]
        document = {
            "name": self.name,
            "proved": self.proved,
            "verdict": self.verdict(),
            "problem": self.problem,
            "tool": self.tool,
            "latency_cycles": self.latency,
            "kinds_of_primitive_adders": self.primitives,
            "proves": list(proved) if self.proved else [],
            "does_not_prove": list(left),
            "layers": layers,
            "queues": None if self.queues is None else self.queues.to_json(),
            "map_units": [unit.to_json() for unit in self.maps],
            MADE_FROM: dict(self.made_from),
        }
        return sealed(document)

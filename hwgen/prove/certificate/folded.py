"""What was shown of a layer over the cycles of a vector, as data for the certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwgen.prove.forms.forms import Form
from hwgen.prove.frames.passage import UnitRun
from hwgen.prove.frames.rows import Frame
from hwgen.prove.units.accumulators import Accumulator
from hwgen.prove.units.codes import CodesProof
from hwgen.prove.units.folded import FoldedProof


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldedLayer:
    """A layer, the elements that it reads and gives, and what was shown of its units."""

    name: str
    inputs: Frame
    outputs: Frame
    dense: FoldedProof
    tail: CodesProof | None
    is_argmax: bool
    runs: tuple[UnitRun, ...]

    @property
    def interval(self) -> float:
        """Cycles between vectors of the slowest unit."""
        return max((run.interval for run in self.runs), default=1)

    @property
    def positions(self) -> int:
        """Positions of the map of sums; 1 of a vector."""
        return 1 if self.is_argmax else self.outputs.positions

    def _rows(self) -> list[dict[str, Any]]:
        """Give each row's ends; of a map, for each channel those of all positions together."""
        rows, size = self.dense.rows, self.positions
        if size == 1:
            return [_ends(form) for form in rows]
        parts = [[form.limits for form in rows[k : k + size]] for k in range(0, len(rows), size)]
        return [{"lo": min(r.lo for r in part), "hi": max(r.hi for r in part)} for part in parts]

    def to_json(self) -> dict[str, Any]:
        """Give the layer as JSON data."""
        tail: dict[str, Any] | None = None
        if self.tail is not None:
            codes = self.outputs.ranges()
            tail = {"op": "threshold", "values": self.tail.values, "codes": codes}
        elif self.is_argmax:
            tail = {"op": "argmax"}
        return {
            "name": self.name,
            "units": [
                {"name": run.name, "interval_cycles": run.interval, "latency_cycles": run.latency}
                for run in self.runs
            ],
            "adders": self.dense.adders,
            "modulo": self.dense.modulo,
            "inputs": self.inputs.ranges(),
            "positions": self.positions,
            "accumulators": [_accumulator(item) for item in self.dense.accumulators],
            "rows": self._rows(),
            "tail": tail,
        }


def _ends(form: Form) -> dict[str, Any]:
    """Give a row's ends: `hi` with the inputs of `raised` highest and all others lowest.

    `lo` is reached by the opposite.
    """
    return {"lo": form.limits.lo, "hi": form.limits.hi, "raised": _positive(form)}


def _accumulator(item: Accumulator) -> dict[str, Any]:
    """Give an accumulator's ends over all steps of all its rows, and what reaches each.

    `hi` is reached with the inputs of `raised_for_hi` highest and all others lowest, `lo` with
    those of `raised_for_lo` highest.
    """
    return {
        "register": item.name,
        "bits": item.bits,
        "lo": item.lowest.limits.lo,
        "hi": item.highest.limits.hi,
        "raised_for_lo": _positive(item.lowest.times(-1)),
        "raised_for_hi": _positive(item.highest),
    }


def _positive(form: Form) -> list[int]:
    return sorted(column for column, factor in form.coefficients.items() if factor > 0)

"""What the file says of the steps of weights and activations: kind of scale, zero point, codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from hwgen.frontend.onnx.folding.constants import FractionArray
from hwgen.frontend.onnx.tensors.value import Channels
from hwgen.numeric import IntArray, Range

ScaleKind = Literal["1", "power of two", "float"]
MOST_CODES = 256  # of a type whose unused codes are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightGrid:
    """Of a layer's weights in the file: what their codes could be, which are used, their scales.

    `declared` is None where no quantizer says it.
    """

    used: tuple[int, ...]
    declared: Range | None
    scales: tuple[Fraction, ...]

    @classmethod
    def of(cls, codes: IntArray, scale: FractionArray, declared: Range | None) -> WeightGrid:
        """Look at weights."""
        used = tuple(np.unique(codes).tolist()[: MOST_CODES + 1])
        return cls(used=used, declared=declared, scales=tuple(dict.fromkeys(scale.ravel())))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data; `unused` has the declared codes that no weight has."""
        found: dict[str, Any] = _scales(self.scales)
        if self.declared is not None:
            lo, hi = self.declared.lo, self.declared.hi
            found["declared"] = [lo, hi]
            if hi - lo < MOST_CODES:
                own = set(self.used) | ({0} if (lo, hi) == (-1, 1) else set())
                found["unused"] = [code for code in range(lo, hi + 1) if code not in own]
        return found


def quantizer_json(channels: Channels) -> dict[str, Any]:
    """Give scale and zero point of a quantizer of activations, whose codes have these values."""
    found = _scales(channel.scale for channel in channels)
    points = {-channel.offset / channel.scale for channel in channels if channel.scale}
    if len(points) == 1:
        (point,) = points
        found["zero_point"] = int(point) if point.denominator == 1 else float(point)
    return found


def _scales(scales: Iterable[Fraction]) -> dict[str, Any]:
    known = list(dict.fromkeys(abs(scale) for scale in scales))
    one = float(known[0]) if len(known) == 1 else None
    return {"scale": scale_kind(known), "value": one, "scales": len(known)}


def scale_kind(scales: Iterable[Fraction]) -> ScaleKind:
    """Tell scales that shift, and one that does nothing, from others."""
    known = set(scales)
    if known <= {Fraction(1)}:
        return "1"
    return "power of two" if all(map(_is_power_of_two, known)) else "float"


def _is_power_of_two(scale: Fraction) -> bool:
    over, under = abs(scale.numerator), scale.denominator
    return over > 0 and over & (over - 1) == 0 and under & (under - 1) == 0

"""Accumulator widths of a layer by every rule, channel by channel, beside what was built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hwgen.bounds import (
    common_divisor,
    data_type_bits,
    exact_signed_bits,
    l1_norm_bits,
    offset_bits,
)
from hwgen.ir import Weighted
from hwgen.numeric import Range
from hwgen.plan.layer import Layer

STANDARD_BITS = 32  # the register that a design takes when nobody proves a narrower one safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """Bits of the register of every channel of one layer.

    Attributes
    ----------
    built
        In the design.
    needed
        The fewest that any register can have: the span of the sums that the channel can reach in
        this network; 0 for a constant channel. No built register may have fewer.
    offset, signed
        Exact for the layer's own input type: starting at an offset, and in two's complement.
    l1_norm, data_type
        By A2Q's norm bound, and by the types of weights and inputs alone.
    finn
        What FINN gives every channel: the exact width of the layer's worst channel.
    """

    built: tuple[int, ...]
    needed: tuple[int, ...]
    offset: tuple[int, ...]
    signed: tuple[int, ...]
    l1_norm: tuple[int, ...]
    data_type: int
    finn: int

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.built)

    @property
    def too_narrow(self) -> tuple[int, ...]:
        """Channels whose register has fewer bits than its sums need; there must be none."""
        pairs = zip(self.built, self.needed, strict=True)
        return tuple(row for row, (built, needed) in enumerate(pairs) if built < needed)

    @property
    def totals(self) -> dict[str, int]:
        """Bits summed over all channels, by rule, from the plainest to the tightest."""
        return {
            "standard": STANDARD_BITS * self.channels,
            "data_type": self.data_type * self.channels,
            "finn": self.finn * self.channels,
            "signed": sum(self.signed),
            "offset": sum(self.offset),
            "built": sum(self.built),
        }

    def to_json(self) -> dict[str, Any]:
        """Channel by channel, for report.json."""
        return {
            "built": list(self.built),
            "needed": list(self.needed),
            "offset": list(self.offset),
            "signed": list(self.signed),
            "l1_norm": list(self.l1_norm),
            "data_type": self.data_type,
            "finn": self.finn,
            "totals": self.totals,
        }


def widths_of(node: Weighted, source: Range, layer: Layer, built: tuple[int, ...]) -> Widths:
    """Compute every bound of a layer from its integer weights.

    Parameters
    ----------
    node, source
        The layer in the network, and the range of its inputs there.
    layer
        The same layer with the ranges that its inputs really reach.
    built
        Widths in the design.
    """
    totals = node.totals(source)
    norms = np.abs(node.rows).sum(axis=1)
    worst = Range.covering(totals)
    return Widths(
        built=built,
        needed=tuple(
            offset_bits(total, common_divisor(row)) if total.span else 0
            for total, row in zip(layer.totals, layer.weight, strict=True)
        ),
        offset=tuple(offset_bits(total, node.divisor(row)) for row, total in enumerate(totals)),
        signed=tuple(exact_signed_bits(total) for total in totals),
        l1_norm=tuple(l1_norm_bits(int(norm), source.type) for norm in norms),
        data_type=data_type_bits(layer.fan_in, source.type, node.weight_bits),
        finn=worst.bits,
    )

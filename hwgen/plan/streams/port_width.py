"""How wide the ports of a unit may be that takes a whole vector in one beat."""

from __future__ import annotations

from math import gcd

from hwgen.errors import PlanError
from hwgen.plan.layer import Layer

MOST_PORT_BITS = 1 << 16
"""Verilog promises no wider vectors (IEEE 1364-2005, 5.2.1), and Amaranth writes none."""


def input_bits(layer: Layer) -> int:
    """Count the bits of a vector of a layer's inputs."""
    return sum(limits.type.bits for limits in layer.inputs)


def sum_bits(layer: Layer) -> int:
    """Count the bits that a layer's sums take at the least."""
    if layer.thresholds is None:
        limits = [total.type for total in layer.totals]
        return layer.rows * max(max(kind.bits for kind in limits), 1)
    pairs = zip(layer.totals, layer.weight, strict=True)
    spans = [total.span // (gcd(*map(int, row)) or 1) for total, row in pairs]
    return sum(max(span.bit_length(), 1) for span in spans)


def fits_ports(layer: Layer) -> bool:
    """Whether a layer can be unrolled as far as its ports are concerned."""
    return max(input_bits(layer), sum_bits(layer)) <= MOST_PORT_BITS


def check_window(layer: Layer) -> None:
    """Refuse windows that no port can show at once, in whatever style they are read.

    Raises
    ------
    PlanError
        With how many taps fit.
    """
    bits = input_bits(layer)
    if bits > MOST_PORT_BITS:
        raise PlanError(
            f"{layer.name}: the {layer.columns:,} taps of a window must have at most "
            f"{MOST_PORT_BITS:,} bits together, as wide as a Verilog vector is sure to be, not "
            f"{bits:,}; use at most {layer.columns * MOST_PORT_BITS // bits:,} nonzero taps, or "
            "groups"
        )


def check_ports(layer: Layer) -> None:
    """Refuse an unrolled layer whose ports would be too wide.

    Raises
    ------
    PlanError
        With how many inputs or rows fit.
    """
    for count, bits, what in (
        (layer.columns, input_bits(layer), "inputs"),
        (layer.rows, sum_bits(layer), "sums"),
    ):
        if bits > MOST_PORT_BITS:
            raise PlanError(
                f"{layer.name}: the {count:,} {what} of an unrolled layer must have at most "
                f"{MOST_PORT_BITS:,} bits together, as wide as a Verilog vector is sure to be, not "
                f"{bits:,}; use at most {count * MOST_PORT_BITS // bits:,} {what} or --style folded"
            )

"""FINN's own formulas for a whole net at a number of cycles, as a column beside measured LUTs."""

from __future__ import annotations

from itertools import product
from math import ceil, prod

from hwgen.ir import Graph
from hwgen.numeric import signed_bits
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.report.finn_estimate import FinnUnit


def finn_luts(graph: Graph, cycles: int) -> int | None:
    """Sum FINN's estimates of the matrix-vector units of a net, folded for `cycles` a frame.

    Each layer has the fewest LUTs that FINN's foldings by divisors allow, all weights included,
    accumulators as the network declares them. Windows, queues and poolings, which FINN builds
    beside these units, are not in it. None where a layer takes longer with all weights at once.
    """
    units = [_unit(layer, cycles) for layer in layers_of(graph) if layer.accumulators]
    return None if None in units else sum(unit.luts for unit in units if unit is not None)


def _unit(layer: Layer, cycles: int) -> FinnUnit | None:
    """Give a layer's smallest unit that is fast enough."""
    least, most = min(source.lo for source in layer.inputs), max(r.hi for r in layer.inputs)
    thresholds = 0 if layer.thresholds is None else layer.thresholds.shape[1]
    units = (
        FinnUnit(
            rows=layer.rows,
            columns=layer.fan_in,
            pe=pe,
            simd=simd,
            weight_bits=signed_bits(int(layer.weight.min()), int(layer.weight.max())),
            input_bits=max(most.bit_length() if least >= 0 else signed_bits(least, most), 1),
            input_signed=least < 0,
            accumulator_bits=max(accumulator.bits for accumulator in layer.accumulators),
            threshold_bits=thresholds.bit_length(),
        )
        for pe, simd in product(_divisors(layer.rows), _divisors(layer.fan_in))
        if ceil(layer.rows / pe) * ceil(layer.fan_in / simd) * prod(layer.positions) <= cycles
    )
    return min(units, key=lambda unit: unit.luts, default=None)


def _divisors(count: int) -> list[int]:
    return [part for part in range(1, count + 1) if count % part == 0]

"""Which accumulators are wide enough for any weight at all."""

from __future__ import annotations

from itertools import count

from hwgen.bounds import a2q_cap, a2q_plus_cap, offset_cap
from hwgen.nn.weight_quant import Method, WeightQuant
from hwgen.numeric import IntType


def smallest_accumulator_bits(method: Method, inputs: IntType) -> int:
    """Give the smallest P whose cap on a channel of `method` lets one weight be 1 or -1.

    A2Q+ divides its cap between the two signs; `qat` has no cap, and any P is as good.
    """
    return next(bits for bits in count(2) if _largest_weight(method, bits, inputs) >= 1)


def room_problem(quant: WeightQuant, inputs: IntType) -> str | None:
    """Say why a layer could only have weights of zero, or give None where it has room for one."""
    if quant.accumulator_bits is None:
        return None
    least = smallest_accumulator_bits(quant.method, inputs)
    if quant.accumulator_bits >= least:
        return None
    return (
        f"P = {quant.accumulator_bits} leaves no room for a weight of 1 with "
        f"{inputs.bits}-bit inputs; the smallest useful P is {least}"
    )


def _largest_weight(method: Method, bits: int, inputs: IntType) -> int:
    match method:
        case "qat":
            return 1
        case "a2q":
            return int(a2q_cap(bits, inputs))
        case "a2q_plus":
            return int(a2q_plus_cap(bits, inputs) / 2)
        case "a2q_ip":
            return offset_cap(bits, inputs.range)  # units, too, are at least 1

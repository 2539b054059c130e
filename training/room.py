"""Whether an accumulator leaves room for any weight at all."""

from __future__ import annotations

from itertools import count
from math import floor

from hwgen.bounds import a2q_cap, a2q_plus_cap, offset_cap
from hwgen.errors import HwgenError
from hwgen.nn.weight_quant import Method
from hwgen.numeric import IntType


def largest_weight(method: Method, accumulator_bits: int, inputs: IntType) -> int:
    """Give the largest magnitude that a method can leave a single weight; `qat` has no bound."""
    match method:
        case "a2q":
            return floor(a2q_cap(accumulator_bits, inputs))
        case "a2q_plus":
            return floor(a2q_plus_cap(accumulator_bits, inputs) / 2)  # the other half is negative
        case "a2q_ip":
            return offset_cap(accumulator_bits, inputs.range)
        case "qat":
            raise ValueError("qat keeps no accumulator")


def check_room(where: str, method: Method, accumulator_bits: int, inputs: IntType) -> None:
    """Refuse an accumulator in which every weight would be zero.

    Raises
    ------
    HwgenError
        With the smallest useful width.
    """
    if accumulator_bits < 2 or largest_weight(method, accumulator_bits, inputs) < 1:
        least = next(bits for bits in count(2) if largest_weight(method, bits, inputs) >= 1)
        raise HwgenError(
            f"{where}: P = {accumulator_bits} leaves no room for a weight of 1 with "
            f"{inputs.bits}-bit inputs; the smallest useful P is {least} with {method}"
        )

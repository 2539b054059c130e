"""One weight quantizer a file; each turns float weights into codes and learns their scale."""

from __future__ import annotations

from typing import assert_never

from torch import Tensor

from hwgen.bounds import a2q_cap, a2q_plus_cap
from hwgen.nn.quantizers.a2q_ip import A2QIntegerProjection
from hwgen.nn.quantizers.bipolar import Bipolar
from hwgen.nn.quantizers.capped_norm import CappedNorm
from hwgen.nn.quantizers.codes import Codes
from hwgen.nn.quantizers.qat import Qat
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntType

__all__ = [
    "A2QIntegerProjection",
    "Bipolar",
    "CappedNorm",
    "Codes",
    "Qat",
    "WeightQuantizer",
    "quantizer",
]

WeightQuantizer = Qat | Bipolar | CappedNorm | A2QIntegerProjection


def quantizer(config: WeightQuant, weight: Tensor, inputs: IntType) -> WeightQuantizer:
    """Build the quantizer of weights (channels, K) that meet inputs of type `inputs`."""
    match config.method:
        case "qat":
            return Bipolar(config, weight) if config.bipolar else Qat(config, weight)
        case "a2q":
            cap = a2q_cap(config.accumulator_bits or 0, inputs)
            return CappedNorm(config, weight, cap=float(cap), centred=False)
        case "a2q_plus":
            cap = a2q_plus_cap(config.accumulator_bits or 0, inputs)
            return CappedNorm(config, weight, cap=float(cap), centred=True)
        case "a2q_ip":
            return A2QIntegerProjection(config, weight, inputs)
        case _:
            assert_never(config.method)

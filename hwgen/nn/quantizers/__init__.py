"""One weight quantizer a file; each turns float weights into codes and learns their scale."""

from __future__ import annotations

from typing import assert_never

from torch import Tensor

from hwgen.nn.quantizers.a2q import A2Q
from hwgen.nn.quantizers.a2q_ip import A2QIntegerProjection
from hwgen.nn.quantizers.a2q_plus import A2QPlus
from hwgen.nn.quantizers.codes import Codes
from hwgen.nn.quantizers.qat import Qat
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntType

__all__ = ["A2Q", "A2QIntegerProjection", "A2QPlus", "Codes", "Qat", "WeightQuantizer", "quantizer"]

WeightQuantizer = Qat | A2Q | A2QPlus | A2QIntegerProjection


def quantizer(config: WeightQuant, weight: Tensor, inputs: IntType) -> WeightQuantizer:
    """Build the quantizer of weights (channels, K) that meet inputs of type `inputs`."""
    match config.method:
        case "qat":
            return Qat(config, weight)
        case "a2q":
            return A2Q(config, weight, inputs)
        case "a2q_plus":
            return A2QPlus(config, weight, inputs)
        case "a2q_ip":
            return A2QIntegerProjection(config, weight, inputs)
        case _:
            assert_never(config.method)

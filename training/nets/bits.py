"""Bits and methods of a whole network, as the papers deal them out to its layers.

The first and the last layer have weights and inputs of eight bits and are not constrained; every
other layer is hidden and has `weight_bits`, `activation_bits` and `accumulator_bits` (A2Q+,
section 5). Centring takes one of the nine degrees of freedom of a depthwise kernel, so A2Q+ nets
have A2Q in their depthwise layers (A2Q+, appendix B.2); the other methods stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.nn import QuantActivation, WeightQuant
from hwgen.nn.weight_quant import Backward, Method


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBits:
    """What the layers of one network are told.

    Parameters
    ----------
    accumulator_bits
        What hidden layers keep; None with `qat`.
    depthwise_method
        Method of the depthwise layers; `a2q` where `method` is `a2q_plus`, else `method`.
    end_bits
        Weight bits of the first and the last layer, and activation bits in front of the last.
    """

    method: Method = "a2q_ip"
    weight_bits: int = 4
    activation_bits: int = 4
    accumulator_bits: int | None = 16
    depthwise_method: Method | None = None
    end_bits: int = 8
    backward: Backward = "soft"
    calibration_steps: int = 300

    def hidden(self) -> WeightQuant:
        """Weights of a hidden layer."""
        return self._constrained(self.method)

    def depthwise(self) -> WeightQuant:
        """Weights of a hidden depthwise layer."""
        by_default: Method = "a2q" if self.method == "a2q_plus" else self.method
        return self._constrained(self.depthwise_method or by_default)

    def end(self, scale: Literal["channel", "tensor"] = "channel") -> WeightQuant:
        """Weights of the first layer; of the last with one scale for the tensor."""
        return WeightQuant(bits=self.end_bits, scale=scale)

    def activation(self) -> QuantActivation:
        """Give the rectified activations that a hidden layer reads."""
        return QuantActivation(self.activation_bits, calibration_steps=self.calibration_steps)

    def end_activation(self) -> QuantActivation:
        """Give the rectified activations that the last layer reads."""
        return QuantActivation(self.end_bits, calibration_steps=self.calibration_steps)

    def _constrained(self, method: Method) -> WeightQuant:
        return WeightQuant(
            method=method,
            bits=self.weight_bits,
            accumulator_bits=None if method == "qat" else self.accumulator_bits,
            backward=self.backward,
        )


def scaled(channels: int, width: float) -> int:
    """Channels of a layer at a width multiplier, one at the least."""
    return max(1, round(channels * width))

"""What a layer is told about the quantization of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["qat", "a2q", "a2q_plus", "a2q_ip"]
Backward = Literal["soft", "identity"]

MIN_SCALE = 1e-10  # keeps log2 finite where a channel is all zero


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightQuant:
    """Quantization of one layer's weights.

    Parameters
    ----------
    method
        `qat` rounds to the nearest; `a2q`, `a2q_plus` and `a2q_ip` also keep every output channel
        within an accumulator of `accumulator_bits` (docs/training.md).
    bits
        Weight bits; codes are symmetric, from -(2**(bits-1) - 1) to 2**(bits-1) - 1. One bit, for
        `qat` alone, is bipolar: -1 and +1, no zero.
    accumulator_bits
        Width that the accumulators must keep; None for `qat`, which promises none.
    scale
        One learned scale for each output channel, or one for the tensor. An output layer needs
        `tensor`: the argmax of the sums is then the argmax of the logits.
    backward
        Gradient of `a2q_ip`: through the soft threshold of its projection, or the identity.
    """

    method: Method = "qat"
    bits: int = 4
    accumulator_bits: int | None = None
    scale: Literal["channel", "tensor"] = "channel"
    backward: Backward = "soft"

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise ValueError(f"weight quantizer: bits must be at least 1, not {self.bits}")
        if self.bipolar and self.method != "qat":
            raise ValueError(
                f"weight quantizer: bits must be at least 2 for {self.method}, which makes weights "
                "zero, not 1; use qat, whose one-bit weights are -1 and +1"
            )
        if self.method == "qat" and self.accumulator_bits is not None:
            raise ValueError(
                "weight quantizer: accumulator_bits must be None for qat, which cannot keep them, "
                f"not {self.accumulator_bits}; use a2q, a2q_plus or a2q_ip"
            )
        if self.method != "qat" and (self.accumulator_bits is None or self.accumulator_bits < 2):
            raise ValueError(
                f"weight quantizer: accumulator_bits must be at least 2 for {self.method}, "
                f"not {self.accumulator_bits}"
            )

    @property
    def bipolar(self) -> bool:
        """Whether the codes are -1 and +1."""
        return self.bits == 1

    @property
    def limit(self) -> int:
        """Largest magnitude of a weight code."""
        return 1 if self.bipolar else int((1 << (self.bits - 1)) - 1)

    @property
    def code_bits(self) -> int:
        """Bits of a code in two's complement."""
        return 2 if self.bipolar else self.bits

    @property
    def register(self) -> Literal["signed", "offset"]:
        """The kind of accumulator that the method's bound is about."""
        return "offset" if self.method == "a2q_ip" else "signed"

"""What a layer is told about the quantization of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from hwgen.bounds import offset_cap
from hwgen.errors import SettingError
from hwgen.nn.arguments import (
    MAX_ACCUMULATOR_BITS,
    MAX_UNITS,
    MAX_WEIGHT_BITS,
    one_of,
    whole,
)
from hwgen.numeric import Range

Method = Literal["qat", "a2q", "a2q_plus", "a2q_ip"]
Backward = Literal["soft", "identity"]
Sharing = Literal["channel", "tensor"]

MIN_SCALE = 1e-10  # keeps log2 finite where a channel is all zero


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightQuant:
    """Quantization of one layer's weights.

    Parameters
    ----------
    method
        `qat` rounds to the nearest; `a2q`, `a2q_plus` and `a2q_ip` also keep every output channel
        within an accumulator of `accumulator_bits` (docs/training.md); `a2q_ip` keeps it within
        `units`, too.
    bits
        Weight bits, 1 to 24; codes are symmetric, from -(2**(bits-1) - 1) to 2**(bits-1) - 1. One
        bit, for `qat` alone, is bipolar: -1 and +1, no zero.
    accumulator_bits
        Width that the accumulators must keep; None for `qat`, which promises none, and where
        `units` alone are the bound.
    units
        Largest l1 norm of the codes of an output channel, for `a2q_ip` alone: what an unrolled
        layer pays in adders. With `accumulator_bits` beside it, the smaller bound holds.
    scale
        One learned scale for each output channel, or one for the tensor. An output layer needs
        `tensor`: the argmax of the sums is then the argmax of the logits.
    backward
        Gradient of `a2q_ip`: through the soft threshold of its projection, or the identity.

    Raises
    ------
    SettingError
        Where the settings cannot be meant.
    """

    method: Method = "qat"
    bits: int = 4
    accumulator_bits: int | None = None
    units: int | None = None
    scale: Sharing = "channel"
    backward: Backward = "soft"

    def __post_init__(self) -> None:
        one_of("weight quantizer: method", self.method, get_args(Method))
        one_of("weight quantizer: scale", self.scale, get_args(Sharing))
        one_of("weight quantizer: backward", self.backward, get_args(Backward))
        bits = whole("weight quantizer: bits", self.bits, 1, MAX_WEIGHT_BITS)
        object.__setattr__(self, "bits", bits)  # Python's own, where NumPy's was given
        if self.bipolar and self.method != "qat":
            raise SettingError(
                f"weight quantizer: bits must be at least 2 for {self.method}, which makes weights "
                "zero, not 1; use qat, whose one-bit weights are -1 and +1"
            )
        object.__setattr__(self, "units", self._units())
        object.__setattr__(self, "accumulator_bits", self._accumulator_bits())

    def _units(self) -> int | None:
        if self.units is None:
            return None
        if self.method != "a2q_ip":
            raise SettingError(
                f"weight quantizer: units must be None for {self.method}, which has no budget of "
                "them; use a2q_ip"
            )
        return whole("weight quantizer: units", self.units, 1, MAX_UNITS)

    def _accumulator_bits(self) -> int | None:
        if self.method == "qat":
            if self.accumulator_bits is None:
                return None
            raise SettingError(
                "weight quantizer: accumulator_bits must be None for qat, which cannot keep them, "
                f"not {self.accumulator_bits}; use a2q, a2q_plus or a2q_ip"
            )
        if self.accumulator_bits is None:
            if self.units is not None:
                return None
            without = " without units" if self.method == "a2q_ip" else ""
            raise SettingError(
                f"weight quantizer: accumulator_bits must be at least 2 for {self.method}"
                f"{without}, not None"
            )
        where = "weight quantizer: accumulator_bits"
        return whole(where, self.accumulator_bits, 2, MAX_ACCUMULATOR_BITS)

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

    def budget(self, inputs: Range) -> int | None:
        """Largest l1 norm of a channel of `a2q_ip` over `inputs`; None for other methods."""
        if self.method != "a2q_ip":
            return None
        bits, units = self.accumulator_bits, self.units
        caps = [] if units is None else [units]
        return min(caps if bits is None else [*caps, offset_cap(bits, inputs)])

    @property
    def register(self) -> Literal["signed", "offset"]:
        """The kind of accumulator that the method's bound is about."""
        return "offset" if self.method == "a2q_ip" else "signed"

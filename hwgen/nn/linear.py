"""The quantized dense layer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from hwgen.nn.activation import QuantActivation, QuantInput
from hwgen.nn.certify import Certified, certify
from hwgen.nn.quantizers import Codes, quantizer
from hwgen.nn.rounding import round_half_up
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntType


class QuantLinear(nn.Linear):
    """`nn.Linear` whose weights are integers times a scale, and whose sums keep their accumulator.

    In training mode the layer computes with fake-quantized floats. In evaluation mode it sums the
    integers themselves, with the certified codes, and scales the sum: in float64 that is what the
    exported network computes, to the last bit.

    Parameters
    ----------
    in_features, out_features
        As in `nn.Linear`.
    quant
        Quantization of the weights.
    source
        The quantizer whose values reach this layer: its type sets the caps, its scale the unit of
        the sums. It is not a submodule here.
    bias
        Learn a bias; it is rounded to whole units of the sums, `weight scale * source.scale`.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        quant: WeightQuant,
        source: QuantInput | QuantActivation,
        bias: bool = False,
    ) -> None:
        super().__init__(in_features, out_features, bias=bias)
        self.quant = quant
        self._source = (source,)  # in a tuple, so that it does not become a submodule
        self.quantizer = quantizer(quant, self.weight.detach(), source.int_type)

    @property
    def source(self) -> QuantInput | QuantActivation:
        """The quantizer whose values reach this layer."""
        return self._source[0]

    @property
    def inputs(self) -> IntType:
        """Type of the integers that this layer sums."""
        return self.source.int_type

    @property
    def sum_scale(self) -> Tensor:
        """Value of one unit of the integer sums, shape (out_features,) or (1,)."""
        scale = self.quantizer.scale.flatten()
        return scale * self.source.scale.to(scale)

    def codes(self) -> Codes:
        """Quantized weights in units of their scale; never in half precision."""
        with torch.autocast(self.weight.device.type, enabled=False):
            half = self.weight.dtype in (torch.float16, torch.bfloat16)
            codes: Codes = self.quantizer(self.weight.float() if half else self.weight)
        return codes

    def certified(self) -> Certified:
        """Integer weights after the exact check, shape (out_features, in_features)."""
        values, reals = self.codes()
        integers = values.detach().cpu().numpy().astype(np.int64)
        return certify(integers, reals.double().cpu().numpy(), self.quant, self.inputs)

    def value_of_sum(self, sums: Tensor) -> Tensor:
        """Add the bias to integer sums, shape (samples, out_features), and scale the result."""
        if self.bias is None:
            return sums * self.sum_scale
        return (sums + self.bias_codes()) * self.sum_scale

    def bias_codes(self) -> Tensor:
        """Round the bias to whole units of the sums, shape (out_features,)."""
        return round_half_up(self.bias / self.sum_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums of `x`, shape (samples, in_features), as real numbers."""
        if self.training:
            weight = self.quantizer.scale * self.codes().values
            bias = None if self.bias is None else self.bias_codes() * self.sum_scale
            return nn.functional.linear(x, weight, bias)
        weight = torch.from_numpy(self.certified().weight).to(x)
        integers = round_half_up(x / self.source.scale.to(x))
        return self.value_of_sum(nn.functional.linear(integers, weight))

    def start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        """Take over trained float weights: derive the scales, and project where the method does."""
        with torch.no_grad():
            self.weight.copy_(self.quantizer.initial_weight(weight.detach()))
            if self.bias is not None and bias is not None:
                self.bias.copy_(bias)


def penalty(model: nn.Module) -> Tensor:
    """Sum of the norm penalties of all layers, to be added to the loss (A2Q+ takes 1e-3 of it)."""
    layers = [m for m in model.modules() if isinstance(m, QuantLinear)]
    return torch.stack([layer.quantizer.penalty() for layer in layers]).sum()


def repairs(model: nn.Module) -> int:
    """Codes that the exact check had to lower in the whole model."""
    return sum(m.certified().repairs for m in model.modules() if isinstance(m, QuantLinear))

"""What the quantized dense and convolutional layers share: codes, certificates, scaled sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hwgen.errors import SettingError
from hwgen.nn.activation import Quantizer, checked_source
from hwgen.nn.certify import Certified, certify
from hwgen.nn.quantizers import Codes, WeightQuantizer, quantizer
from hwgen.nn.room import room_problem
from hwgen.nn.rounding import round_half_up
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntType


class WeightedLayer:
    """Mixed into a torch layer: weights that are integers times a scale, sums that fit.

    The quantizers see the weights as rows, shape (channels, K): one row is what one accumulator
    sums, K = in_channels / groups * kh * kw for a convolution.
    """

    weight: Tensor
    bias: Any  # a parameter or None; torch declares it differently in its two layers
    quant: WeightQuant
    quantizer: WeightQuantizer
    _get_name: Any  # of the torch layer
    training: bool
    channel_axis: int  # of the sums, from the last: every axis before it is of samples
    _source: tuple[Quantizer]

    def _quantize(self, quant: WeightQuant, source: Quantizer) -> None:
        """Take over the settings, once the torch layer has its weights.

        Raises
        ------
        SettingError
            Where the layer could never have a weight, or is told something of another kind.
        """
        where = self._get_name()
        if not isinstance(quant, WeightQuant):
            raise SettingError(
                f"{where}: quant must be a WeightQuant, not {type(quant).__name__}; "
                "pass WeightQuant(bits=4)"
            )
        self._source = (checked_source(where, source),)  # a tuple, so that it is no submodule
        problem = room_problem(quant, source.int_type)
        if problem:
            raise SettingError(f"{where}: {problem}")
        self.quant = quant
        self.quantizer = quantizer(quant, self.weight.detach().flatten(1), source.int_type)

    def problem(self) -> str | None:
        """Say why the layer's settings are none, where they were replaced one by one."""
        known = isinstance(self.quant, WeightQuant) and isinstance(self.quantizer, WeightQuantizer)
        if not known:
            return "must keep its own quant and quantizer; give it others by requantize(quant)"
        return room_problem(self.quant, self.inputs)

    def requantize(self, quant: WeightQuant) -> None:
        """Replace the settings; scales and norms are derived from the present weights."""
        self._quantize(quant, self.source)

    @property
    def source(self) -> Quantizer:
        """The quantizer whose values reach this layer."""
        return self._source[0]

    @property
    def inputs(self) -> IntType:
        """Type of the integers that this layer sums."""
        return self.source.int_type

    @property
    def sum_scale(self) -> Tensor:
        """Value of one unit of the integer sums, shape (channels,) or (1,)."""
        scale = self.quantizer.scale.flatten()
        return scale * self.source.scale.to(scale)

    def codes(self) -> Codes:
        """Quantized weights in units of their scale, (channels, K); never in half precision."""
        return self.quantizer.codes(self._rows())

    def certified(self) -> Certified:
        """Integer weights after the exact check, shape (channels, K)."""
        values, reals = self.codes()
        integers = values.detach().cpu().numpy().astype(np.int64)
        return certify(integers, reals.double().cpu().numpy(), self.quant, self.inputs)

    def bias_codes(self) -> Tensor:
        """Round the bias to whole units of the sums, shape (channels,)."""
        return round_half_up(self.bias / self.sum_scale)

    @property
    def zero_sum(self) -> Tensor:
        """What the sums of the codes are where every input is zero, in float64, (channels,)."""
        if not self.source.zero_point:
            return torch.zeros(len(self.weight), dtype=torch.float64)
        rows = torch.from_numpy(self.certified().weight)
        return rows.sum(dim=1) * self.source.zero_point

    def value_of_sum(self, sums: Tensor) -> Tensor:
        """Add the bias to sums, channels on `channel_axis`, and scale the result.

        The sums are those of the codes less their zero point, which is `zero_sum` less than those
        of the codes.
        """
        shape = (-1,) + (1,) * (-1 - self.channel_axis)
        if self.bias is not None:
            sums = sums + self.bias_codes().reshape(shape)
        return sums * self.sum_scale.reshape(shape)

    def start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        """Take over trained float weights: derive the scales, and project where the method does."""
        with torch.no_grad():
            rows = self.quantizer.initial_weight(weight.detach().flatten(1))
            self.weight.copy_(rows.reshape(weight.shape))
            if self.bias is not None and bias is not None:
                self.bias.copy_(bias)

    def _rows(self) -> Tensor:
        """Give the weights as rows, in single precision at least."""
        rows = self.weight.flatten(1)
        return rows.float() if rows.dtype in (torch.float16, torch.bfloat16) else rows

    def _fake_weight(self) -> Tensor:
        """Weights of the training pass: codes times scale, with the gradient of training."""
        values: Tensor = self.quantizer(self._rows())
        return values.view(self.weight.shape)

    def _fake_bias(self) -> Tensor | None:
        return None if self.bias is None else self.bias_codes() * self.sum_scale

    def _exact_weight(self, x: Tensor) -> Tensor:
        """Weights of the evaluation pass: the certified integers, in the type of `x`."""
        return torch.from_numpy(self.certified().weight).to(x).reshape(self.weight.shape)

    def _integers(self, x: Tensor) -> Tensor:
        """Give the codes that the values `x` stand for, less their zero point."""
        zero_point = self.source.zero_point
        return round_half_up(x / self.source.scale.to(x) + zero_point) - zero_point

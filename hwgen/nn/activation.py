"""Quantizers of what flows between layers: the network's input, activations, and its output."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from hwgen.errors import SettingError
from hwgen.nn.arguments import code_type, positive, whole
from hwgen.nn.bipolar import on_signs, sign_codes, zero_point
from hwgen.nn.fake_quantize import on_fixed_grid, on_grid
from hwgen.nn.rounding import rounded_
from hwgen.nn.weight_quant import MIN_SCALE

PERCENTILE = 0.99999  # of |x| in a batch, the first range of an activation (A2Q+ appendix B)
MOMENTUM = 0.1  # of the running mean of that percentile


def rank_of_largest(count: int) -> int:
    """Tell which of `count` values in ascending order is the percentile, from 1."""
    return max(math.ceil(PERCENTILE * count), 1)


def percentile(magnitude: Tensor) -> Tensor:
    """Give the largest magnitude of a batch but for a few stragglers."""
    return magnitude.float().flatten().kthvalue(rank_of_largest(magnitude.numel())).values


class QuantInput(nn.Module):
    """Quantize the network's input with a fixed scale: `s * clip(round_half_up(x / s))`.

    Parameters
    ----------
    bits, signed
        Integer type of the input, of full range: 1 to 16 bits, 2 to 16 where signed.
    scale
        Value of one step; 1/255 for images whose pixels reach the net as 0 to 1.
    bipolar
        One bit, by the sign of the input: 0 stands for `-scale` and 1 for `scale`.
    """

    def __init__(
        self, bits: int, signed: bool = False, scale: float = 1.0, *, bipolar: bool = False
    ) -> None:
        super().__init__()
        self.int_type = code_type("input quantizer", bits, signed)
        self.fixed_scale = positive("input quantizer: scale", scale) * (2 if bipolar else 1)
        self.zero_point = zero_point("input quantizer", self.int_type, bipolar=bipolar)

    @property
    def scale(self) -> Tensor:
        """Value of one step, a scalar."""
        return torch.tensor(self.fixed_scale, dtype=torch.float64)

    def codes(self, x: Tensor) -> Tensor:
        """Round and clip `x` to the integers that stand for it, without gradient."""
        if self.zero_point:
            return sign_codes(x)
        return rounded_(x.detach() / self.fixed_scale, self.int_type.lo, self.int_type.hi)

    def forward(self, x: Tensor) -> Tensor:
        """Round `x` to the values that the input type can carry; no gradient where it clips."""
        if self.zero_point:
            return on_signs(x, self.fixed_scale)
        return on_fixed_grid(x, self.fixed_scale, self.int_type)


class QuantActivation(nn.Module):
    """Quantize activations with one learned scale: `s * clip(round_half_up(x / s))`, `s = 2**d`.

    Unsigned, its clip at zero is the ReLU. Bipolar, it is the sign: `-s / 2` or `s / 2`. During the
    first `calibration_steps` training batches the scale follows the range of the batches; then it
    is learned.

    Parameters
    ----------
    bits, signed
        Integer type, of full range: 1 to 16 bits, 2 to 16 where signed.
    calibration_steps
        Training batches before the scale is learned, at least 1 (A2Q+ takes 300).
    bipolar
        One bit, whose codes 0 and 1 stand for `-s / 2` and `s / 2`; s starts at twice the mean of
        `|x|`, where the two values are nearest to `x`.
    """

    log2_scale: nn.Parameter
    steps: Tensor
    percentile = staticmethod(percentile)  # another where a batch lies on several devices

    def __init__(
        self,
        bits: int,
        signed: bool = False,
        calibration_steps: int = 300,
        *,
        bipolar: bool = False,
    ) -> None:
        super().__init__()
        self.int_type = code_type("activation quantizer", bits, signed)
        where = "activation quantizer: calibration_steps"
        self.calibration_steps = whole(where, calibration_steps, 1)
        self.log2_scale = nn.Parameter(torch.zeros(()))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.calibrating = True  # what `steps` says without a look at a tensor: set both
        self.register_load_state_dict_post_hook(_count_steps)
        self.zero_point = zero_point("activation quantizer", self.int_type, bipolar=bipolar)

    @property
    def scale(self) -> Tensor:
        """Value of one step, a scalar."""
        return torch.exp2(self.log2_scale).clamp_min(MIN_SCALE)

    def codes(self, x: Tensor) -> Tensor:
        """Round and clip `x` to the integers that stand for it, without gradient."""
        if self.zero_point:
            return sign_codes(x)
        return rounded_(x.detach() / self.scale.detach(), self.int_type.lo, self.int_type.hi)

    def forward(self, x: Tensor) -> Tensor:
        """Round and clip `x`, following its range first where still calibrating.

        Gradients pass the rounding unchanged and stop where it clips.
        """
        log2_scale: Tensor = self.log2_scale
        if self.training and self.calibrating:
            _uncompiled(self, x.detach())
            log2_scale = log2_scale.detach()
        if self.zero_point:
            return on_signs(x, torch.exp2(log2_scale).clamp_min(MIN_SCALE))
        return on_grid(x, log2_scale, self.int_type)

    def calibrate(self, x: Tensor) -> None:
        """Let the scale follow the range of a batch `x`, and count it."""
        batch = self._step_for(x).clamp_min(MIN_SCALE)
        weight = 1.0 if self.steps == 0 else MOMENTUM
        mean = (1 - weight) * self.scale.detach() + weight * batch
        self.log2_scale.data.copy_(torch.log2(mean))
        self.steps += 1
        self.calibrating = bool(self.steps < self.calibration_steps)

    def _step_for(self, x: Tensor) -> Tensor:
        """Give the step that suits a batch."""
        if self.zero_point:
            return 2 * x.abs().float().mean()
        magnitude = x.abs() if self.int_type.signed else x.clamp_min(0)
        return self.percentile(magnitude) / self.int_type.hi


def _calibrate(activation: QuantActivation, x: Tensor) -> None:
    activation.calibrate(x)


_uncompiled: Callable[[QuantActivation, Tensor], None] = torch.compiler.disable(_calibrate)


def _count_steps(activation: nn.Module, _: Any) -> None:
    assert isinstance(activation, QuantActivation)
    activation.calibrating = bool(activation.steps < activation.calibration_steps)


class QuantOutput(nn.Module):
    """Quantize what leaves the network with a fixed scale, as an image of eight bits does.

    Parameters
    ----------
    bits, signed
        Integer type of the output, of full range: 1 to 16 bits, 2 to 16 where signed.
    scale
        Value of one step; 1/255 for images whose pixels are 0 to 1.
    """

    zero_point = 0.0

    def __init__(self, bits: int, signed: bool = False, *, scale: float) -> None:
        super().__init__()
        self.int_type = code_type("output quantizer", bits, signed)
        self.fixed_scale = positive("output quantizer: scale", scale)

    @property
    def scale(self) -> Tensor:
        """Value of one step, a scalar."""
        return torch.tensor(self.fixed_scale, dtype=torch.float64)

    def codes(self, x: Tensor) -> Tensor:
        """Round and clip `x` to the integers that stand for it, without gradient."""
        return rounded_(x.detach() / self.fixed_scale, self.int_type.lo, self.int_type.hi)

    def forward(self, x: Tensor) -> Tensor:
        """Round `x` to the values that the output type can carry; no gradient where it clips."""
        return on_fixed_grid(x, self.fixed_scale, self.int_type)


Quantizer = QuantInput | QuantActivation | QuantOutput


def checked_source(where: str, source: object) -> Quantizer:
    """Give what a layer was told that it reads.

    Raises
    ------
    SettingError
        Where it is no quantizer.
    """
    if isinstance(source, Quantizer):
        return source
    raise SettingError(
        f"{where}: source must be a QuantInput, a QuantActivation or a QuantOutput, "
        f"not {type(source).__name__}; pass the quantizer whose values reach the layer"
    )

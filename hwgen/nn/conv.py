"""The quantized convolution, depthwise among others."""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.errors import SettingError
from hwgen.nn.activation import Quantizer
from hwgen.nn.arguments import pair, truth, whole
from hwgen.nn.weight_quant import WeightQuant
from hwgen.nn.weighted import WeightedLayer

Size = int | tuple[int, int]


class QuantConv2d(WeightedLayer, nn.Conv2d):
    """`nn.Conv2d` with integer weights times a scale, whose sums keep their accumulator.

    It computes as `QuantLinear` does: fake-quantized floats in training mode, the certified
    integers in evaluation mode. Zeros are padded, and the integer zero stands for them.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, groups
        As in `nn.Conv2d`; `groups = in_channels` is a depthwise convolution.
    quant, source, bias
        As in `QuantLinear`; one accumulator sums `in_channels / groups * kh * kw` products.
    """

    channel_axis = -3

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        *,
        quant: WeightQuant,
        source: Quantizer,
        stride: Size = 1,
        padding: Size = 0,
        groups: int = 1,
        bias: bool = False,
    ) -> None:
        groups = whole("QuantConv2d: groups", groups, 1)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if whole(f"QuantConv2d: {name}", channels, 1) % groups:
                raise SettingError(
                    f"QuantConv2d: {name} must be a multiple of groups = {groups}, not {channels}"
                )
        nn.Conv2d.__init__(
            self,
            int(in_channels),
            int(out_channels),
            pair("QuantConv2d: kernel_size", kernel_size, 1),
            stride=pair("QuantConv2d: stride", stride, 1),
            padding=pair("QuantConv2d: padding", padding, 0),
            groups=groups,
            bias=truth("QuantConv2d: bias", bias),
        )
        self._quantize(quant, source)
        if source.zero_point and self.padding != (0, 0):
            raise SettingError(
                f"QuantConv2d: padding must be 0 behind a bipolar quantizer, whose values have no "
                f"zero, not {padding}; enlarge the image before it is quantized"
            )

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums of `x`, shape (samples, in_channels, H, W), as real numbers."""
        if self.training:
            return self._convolve(x, self._fake_weight(), self._fake_bias())
        return self.value_of_sum(self._convolve(self._integers(x), self._exact_weight(x), None))

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return nn.functional.conv2d(
            x, weight, bias, stride=self.stride, padding=self.padding, groups=self.groups
        )

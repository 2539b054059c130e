"""Average pooling as an exact integer sum, whose division the next thresholds take in."""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn.activation import Quantizer, checked_source
from hwgen.nn.arguments import pair
from hwgen.nn.rounding import round_half_up


class QuantAvgPool2d(nn.AvgPool2d):
    """`nn.AvgPool2d` of quantized values: the integer sum of each window, scaled at the end.

    The average is not rounded here; a `QuantActivation` must follow, which rounds it once, and
    becomes the thresholds of the integer sum. Windows lie inside the image.

    Parameters
    ----------
    kernel_size, stride
        As in `nn.AvgPool2d`.
    source
        The quantizer whose values reach this layer.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        *,
        source: Quantizer,
    ) -> None:
        kernel_size = pair("QuantAvgPool2d: kernel_size", kernel_size, 1)
        stride = kernel_size if stride is None else pair("QuantAvgPool2d: stride", stride, 1)
        super().__init__(kernel_size, stride)
        self._source = (checked_source("QuantAvgPool2d", source),)  # a tuple: no submodule

    @property
    def source(self) -> Quantizer:
        """The quantizer whose values reach this layer."""
        return self._source[0]

    @property
    def area(self) -> int:
        """Number of values in a window."""
        if isinstance(self.kernel_size, int):
            return self.kernel_size * self.kernel_size
        return int(self.kernel_size[0]) * int(self.kernel_size[1])

    @property
    def zero_sum(self) -> float:
        """The sum of the codes of a window of zeros."""
        return self.area * self.source.zero_point

    def value_of_sum(self, sums: Tensor) -> Tensor:
        """Turn sums of codes less their zero point into real averages."""
        return sums * (self.source.scale.to(sums) / self.area)

    def forward(self, x: Tensor) -> Tensor:
        """Average each window of `x`, shape (samples, channels, H, W)."""
        if self.training:
            return nn.functional.avg_pool2d(x, self.kernel_size, self.stride)
        codes = round_half_up(x / self.source.scale.to(x) + self.source.zero_point)
        sums = nn.functional.avg_pool2d(codes, self.kernel_size, self.stride, divisor_override=1)
        return self.value_of_sum(sums - self.zero_sum)

"""A small convolutional classifier that trains on a CPU: six convolutions and a linear layer.

At width 1 it has 32-32-64-64-128-128 channels of 3x3 kernels with a max pooling by two behind the
second and the fourth, and the average of what is left in front of the linear layer. It is this
project's, for images of 8x8 pixels and more.
"""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn import QuantActivation, QuantAvgPool2d, QuantInput, QuantLinear
from training.nets.bits import NetBits, scaled
from training.nets.conv_unit import ConvUnit

CHANNELS = (32, 32, 64, 64, 128, 128)
POOLED = (1, 3)  # units with a max pooling behind them


class SmallCnn(nn.Module):
    """Classify images (samples, channels, *size); both sizes must be multiples of four."""

    def __init__(
        self,
        bits: NetBits,
        *,
        width: float = 1.0,
        channels: int = 3,
        size: tuple[int, int] = (32, 32),
        classes: int = 10,
        pixels: QuantInput | None = None,
    ) -> None:
        super().__init__()
        self.pixels = pixels or QuantInput(8, scale=1 / 255)
        self.units = nn.Sequential()
        source: QuantInput | QuantActivation = self.pixels
        for index, base in enumerate(CHANNELS):
            quant = bits.hidden() if index else bits.end()
            act, out = bits.activation(), scaled(base, width)
            unit = ConvUnit(channels, out, 3, quant=quant, source=source, act=act)
            self.units.add_module(f"unit{index}", unit)
            if index in POOLED:
                self.units.add_module(f"pool{index}", nn.MaxPool2d(2))
            source, channels = act, out
        self.average = QuantAvgPool2d((size[0] // 4, size[1] // 4), source=source)
        self.average_act = bits.end_activation()
        self.flatten = nn.Flatten()
        self.classifier = QuantLinear(
            channels, classes, quant=bits.end("tensor"), source=self.average_act, bias=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give logits, shape (samples, classes)."""
        x = self.average_act(self.average(self.units(self.pixels(x))))
        return self.classifier(self.flatten(x))

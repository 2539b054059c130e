"""MobileNetV1 for 32x32 images (Howard et al. 2017), quantized as in the A2Q+ paper.

The papers reduce the down-sampling of the original and do not say where. Here the stem has stride
1 instead of 2 and the thirteen depthwise-separable blocks keep their strides, so that 2x2 pixels
are left for the average. The largest K of a hidden layer is 1024, as in the paper. Pixels enter as
they are, 0 to 1 in eight bits; the average is rounded to eight bits.
"""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn import QuantAvgPool2d, QuantInput, QuantLinear
from training.nets.bits import NetBits, scaled
from training.nets.conv_unit import ConvUnit

STEM = 32
BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)),
)  # channels, stride


class MobileNetV1(nn.Module):
    """Classify images (samples, channels, 32, 32)."""

    def __init__(
        self, bits: NetBits, *, width: float = 1.0, channels: int = 3, classes: int = 10
    ) -> None:
        super().__init__()
        self.pixels = QuantInput(8, scale=1 / 255)
        act, size = bits.activation(), scaled(STEM, width)
        self.stem = ConvUnit(channels, size, 3, quant=bits.end(), source=self.pixels, act=act)
        self.blocks = nn.Sequential()
        for index, (base, stride) in enumerate(BLOCKS):
            depthwise = ConvUnit(
                size,
                size,
                3,
                quant=bits.depthwise(),
                source=act,
                act=bits.activation(),
                stride=stride,
                depthwise=True,
            )
            act, out = bits.activation(), scaled(base, width)
            pointwise = ConvUnit(size, out, 1, quant=bits.hidden(), source=depthwise.act, act=act)
            self.blocks.add_module(f"depthwise{index}", depthwise)
            self.blocks.add_module(f"pointwise{index}", pointwise)
            size = out
        self.average = QuantAvgPool2d(2, source=act)
        self.average_act = bits.end_activation()
        self.flatten = nn.Flatten()
        self.classifier = QuantLinear(
            size, classes, quant=bits.end("tensor"), source=self.average_act, bias=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give logits, shape (samples, classes)."""
        x = self.average_act(self.average(self.blocks(self.stem(self.pixels(x)))))
        return self.classifier(self.flatten(x))

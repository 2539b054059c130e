"""ResNet18 for 32x32 images (He et al. 2015), quantized as in the A2Q and A2Q+ papers.

As in Brevitas' example: a 3x3 stem of stride 1 and no max pooling, four stages of two blocks with
64-128-256-512 channels, 1x1 convolutions where a shortcut changes its shape, an average pooling by
four, one linear layer. Both sides of an addition end in one activation, so both are rectified and
share its scale, and the sum is quantized again; where the shortcut is the identity, that
activation is the one that made the shortcut's values. The largest K of a hidden layer is 4608.

Left open by the papers and chosen here: pixels enter as they are, 0 to 1 in eight bits, since the
stem's batch normalization learns mean and deviation; the average is rounded to eight bits.
"""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn import QuantActivation, QuantAdd, QuantAvgPool2d, QuantInput, QuantLinear
from training.nets.bits import NetBits, scaled
from training.nets.conv_unit import ConvUnit

STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # channels, stride of the first block
BLOCKS = 2


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        *,
        bits: NetBits,
        source: QuantActivation,
    ) -> None:
        super().__init__()
        quant = bits.hidden()
        self.first = ConvUnit(
            in_channels,
            out_channels,
            3,
            quant=quant,
            source=source,
            act=bits.activation(),
            stride=stride,
        )
        shared = source
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            shared = bits.activation()
            self.shortcut = ConvUnit(
                in_channels, out_channels, 1, quant=quant, source=source, act=shared, stride=stride
            )
        self.second = ConvUnit(
            out_channels, out_channels, 3, quant=quant, source=self.first.act, act=shared
        )
        self.add = QuantAdd(source=shared)
        self.act = bits.activation()

    def forward(self, x: Tensor) -> Tensor:
        """Give values of `act`."""
        return self.act(self.add(self.second(self.first(x)), self.shortcut(x)))


class ResNet18(nn.Module):
    """Classify images (samples, channels, 32, 32)."""

    def __init__(
        self, bits: NetBits, *, width: float = 1.0, channels: int = 3, classes: int = 10
    ) -> None:
        super().__init__()
        self.pixels = QuantInput(8, scale=1 / 255)
        act, size = bits.activation(), scaled(STAGES[0][0], width)
        self.stem = ConvUnit(channels, size, 3, quant=bits.end(), source=self.pixels, act=act)
        self.blocks = nn.Sequential()
        for stage, (base, stride) in enumerate(STAGES):
            for index in range(BLOCKS):
                out = scaled(base, width)
                step = 1 if index else stride
                block = Block(size, out, step, bits=bits, source=act)
                self.blocks.add_module(f"block{stage}{index}", block)
                act, size = block.act, out
        self.average = QuantAvgPool2d(4, source=act)
        self.average_act = bits.end_activation()
        self.flatten = nn.Flatten()
        self.classifier = QuantLinear(
            size, classes, quant=bits.end("tensor"), source=self.average_act, bias=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give logits, shape (samples, classes)."""
        x = self.average_act(self.average(self.blocks(self.stem(self.pixels(x)))))
        return self.classifier(self.flatten(x))

"""ESPCN for super-resolution by three, in the papers' form with nearest-neighbour upsampling.

A 5x5 convolution to 64 channels, 3x3 to 64, 3x3 to 32, each with batch normalization and ReLU,
upsampling by repeating pixels, and a 3x3 convolution to the image (A2Q, A2Q+; Shi et al. 2016 with
the resize convolution of Aitken et al. 2017 in place of the sub-pixel one). The two 3x3
convolutions between are hidden, K = 576. The image leaves in eight bits with the fixed scale 1/255,
clipped at zero, as it enters. The ReLU that the reference puts on its input changes nothing in
pixels and is left out. Open, and chosen: the last convolution has a bias.
"""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn import QuantConv2d, QuantInput, QuantOutput
from training.nets.bits import NetBits, scaled
from training.nets.conv_unit import ConvUnit


class Espcn(nn.Module):
    """Enlarge images (samples, channels, H, W), pixels 0 to 1, by `factor`."""

    def __init__(
        self, bits: NetBits, *, width: float = 1.0, channels: int = 1, factor: int = 3
    ) -> None:
        super().__init__()
        wide, narrow = scaled(64, width), scaled(32, width)
        self.pixels = QuantInput(8, scale=1 / 255)
        acts = (bits.activation(), bits.activation(), bits.end_activation())
        self.features = nn.Sequential(
            ConvUnit(channels, wide, 5, quant=bits.end(), source=self.pixels, act=acts[0]),
            ConvUnit(wide, wide, 3, quant=bits.hidden(), source=acts[0], act=acts[1]),
            ConvUnit(wide, narrow, 3, quant=bits.hidden(), source=acts[1], act=acts[2]),
        )
        self.up = nn.Upsample(scale_factor=factor, mode="nearest")
        self.last = QuantConv2d(
            narrow, channels, 3, quant=bits.end("tensor"), source=acts[2], padding=1, bias=True
        )
        self.image = QuantOutput(8, scale=1 / 255)

    def forward(self, x: Tensor) -> Tensor:
        """Give images (samples, channels, factor * H, factor * W), pixels 0 to 1."""
        return self.image(self.last(self.up(self.features(self.pixels(x)))))

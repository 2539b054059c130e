"""A small U-Net for super-resolution by three (Ronneberger et al. 2015, as the A2Q papers cut it).

The papers say: upsampling by repeating pixels, skip connections that are additions quantized to N
bits, fewer levels than the original. All else is open, and chosen here: 64 channels of 3x3 kernels
everywhere (K = 576, within what the published widths imply); an unconstrained stem; three encoders,
each followed by a max pooling by two; one convolution at the bottom; three decoders, each of which
doubles the image, convolves it, adds what the encoder of its level made, and quantizes the sum; at
the end, upsampling by three and a convolution to the image, in eight bits with the scale 1/255.
Each decoder's convolution ends in its encoder's activation, so that both sides of the addition
share one scale.
"""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn import QuantActivation, QuantAdd, QuantConv2d, QuantInput, QuantOutput
from training.nets.bits import NetBits, scaled
from training.nets.conv_unit import ConvUnit

LEVELS = 3


class Decoder(nn.Module):
    """Double the image, convolve it, and add the encoder's values."""

    def __init__(
        self,
        size: int,
        *,
        bits: NetBits,
        source: QuantActivation,
        skip: QuantActivation,
        act: QuantActivation,
    ) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.unit = ConvUnit(size, size, 3, quant=bits.hidden(), source=source, act=skip)
        self.add = QuantAdd(source=skip)
        self.act = act

    def forward(self, x: Tensor, encoded: Tensor) -> Tensor:
        """Give values of `act` at the size of `encoded`."""
        return self.act(self.add(self.unit(self.up(x)), encoded))


class UNet(nn.Module):
    """Enlarge images (samples, channels, H, W), pixels 0 to 1; H and W are multiples of eight."""

    def __init__(
        self, bits: NetBits, *, width: float = 1.0, channels: int = 1, factor: int = 3
    ) -> None:
        super().__init__()
        size = scaled(64, width)
        self.pixels = QuantInput(8, scale=1 / 255)
        act = bits.activation()
        self.stem = ConvUnit(channels, size, 3, quant=bits.end(), source=self.pixels, act=act)
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        self.pool = nn.MaxPool2d(2)
        skips: list[QuantActivation] = []
        for _ in range(LEVELS):
            skips.append(bits.activation())
            unit = ConvUnit(size, size, 3, quant=bits.hidden(), source=act, act=skips[-1])
            self.encoders.append(unit)
            act = skips[-1]
        bottom = bits.activation()
        self.bottom = ConvUnit(size, size, 3, quant=bits.hidden(), source=act, act=bottom)
        act = bottom
        for level in reversed(range(LEVELS)):
            after = bits.activation() if level else bits.end_activation()
            decoder = Decoder(size, bits=bits, source=act, skip=skips[level], act=after)
            self.decoders.append(decoder)
            act = after
        self.up = nn.Upsample(scale_factor=factor, mode="nearest")
        self.last = QuantConv2d(
            size, channels, 3, quant=bits.end("tensor"), source=act, padding=1, bias=True
        )
        self.image = QuantOutput(8, scale=1 / 255)

    def forward(self, x: Tensor) -> Tensor:
        """Give images (samples, channels, factor * H, factor * W), pixels 0 to 1."""
        x = self.stem(self.pixels(x))
        encoded: list[Tensor] = []
        for encoder in self.encoders:
            encoded.append(encoder(x))
            x = self.pool(encoded[-1])
        x = self.bottom(x)
        for decoder, skip in zip(self.decoders, reversed(encoded), strict=True):
            x = decoder(x, skip)
        return self.image(self.last(self.up(x)))

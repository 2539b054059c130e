"""Convolution, batch normalization and activation: what all the convolutional nets are made of."""

from __future__ import annotations

from torch import nn

from hwgen.nn import QuantActivation, QuantConv2d, QuantInput, WeightQuant


class ConvUnit(nn.Sequential):
    """`conv`, `norm`, `act`; the padding keeps the size of an image at stride 1.

    Parameters
    ----------
    act
        May be the activation of another branch, whose scale this unit then shares.
    depthwise
        One group a channel.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        quant: WeightQuant,
        source: QuantInput | QuantActivation,
        act: QuantActivation,
        stride: int = 1,
        depthwise: bool = False,
    ) -> None:
        super().__init__()
        self.conv = QuantConv2d(
            in_channels,
            out_channels,
            kernel_size,
            quant=quant,
            source=source,
            stride=stride,
            padding=kernel_size // 2,
            groups=in_channels if depthwise else 1,
        )
        self.norm = nn.BatchNorm2d(out_channels)
        self.act = act

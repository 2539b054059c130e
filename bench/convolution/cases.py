"""Layers of `bench/convolution/layers.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bench.shared.map_networks import Conv, map_network
from hwgen.ir import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A layer of `channels` inputs and outputs; `bits` are those of weights and codes."""

    channels: int
    kernel: tuple[int, int] = (3, 3)
    depthwise: bool = False
    bits: int
    zeros: float

    @property
    def name(self) -> str:
        """Name on the command line."""
        kind = "dw" if self.depthwise else f"{self.kernel[0]}x{self.kernel[1]}"
        return f"c{self.channels}_{kind}_w{self.bits}a{self.bits}_z{round(100 * self.zeros)}"

    @property
    def title(self) -> str:
        """Name in a document."""
        kind = "depthwise" if self.depthwise else ""
        kernel = f"{kind} {self.kernel[0]}x{self.kernel[1]}".strip()
        bits = f"W{self.bits}A{self.bits}"
        return (
            f"{self.channels} to {self.channels}, {kernel}, {bits}, {100 * self.zeros:.0f} % zeros"
        )

    def graph(self, size: int) -> Graph:
        """Give the network of the layer on a map of `size` rows and columns."""
        layer = Conv(channels=self.channels, kernel=self.kernel, depthwise=self.depthwise)
        return map_network(
            seed=0,
            shape=(self.channels, size, size),
            layers=(layer,),
            inputs=self.bits,
            codes=self.bits,
            weight_bits=self.bits,
            density=1 - self.zeros,
        )


_SHARES = {16: (0.5, 0.75, 0.9, 0.98), 32: (0.9, 0.98), 64: (0.98,), 128: (0.98,)}
SUITE = {
    case.name: case
    for bits in (4, 2)
    for case in (
        *(Case(channels=c, bits=bits, zeros=z) for c, zeros in _SHARES.items() for z in zeros),
        *(Case(channels=32, kernel=(1, 1), bits=bits, zeros=z) for z in (0.5, 0.9)),
        *(Case(channels=64, kernel=(1, 1), bits=bits, zeros=z) for z in (0.9, 0.98)),
        Case(channels=128, kernel=(1, 1), bits=bits, zeros=0.98),
        *(Case(channels=64, depthwise=True, bits=bits, zeros=z) for z in (0.5, 0.75)),
        Case(channels=128, depthwise=True, bits=bits, zeros=0.75),
    )
}

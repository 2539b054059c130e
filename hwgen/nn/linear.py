"""The quantized dense layer."""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.nn.activation import Quantizer
from hwgen.nn.arguments import truth, whole
from hwgen.nn.weight_quant import WeightQuant
from hwgen.nn.weighted import WeightedLayer


class QuantLinear(WeightedLayer, nn.Linear):
    """`nn.Linear` whose weights are integers times a scale, and whose sums keep their accumulator.

    In training mode the layer computes with fake-quantized floats. In evaluation mode it sums the
    integers themselves, with the certified codes, and scales the sum: in float64 that is what the
    exported network computes, to the last bit.

    Parameters
    ----------
    in_features, out_features
        As in `nn.Linear`.
    quant
        Quantization of the weights.
    source
        The quantizer whose values reach this layer: its type sets the caps, its scale the unit of
        the sums. It is not a submodule here.
    bias
        Learn a bias; it is rounded to whole units of the sums, `weight scale * source.scale`.
    """

    channel_axis = -1

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        quant: WeightQuant,
        source: Quantizer,
        bias: bool = False,
    ) -> None:
        in_features = whole("QuantLinear: in_features", in_features, 1)
        out_features = whole("QuantLinear: out_features", out_features, 1)
        has_bias = truth("QuantLinear: bias", bias)
        nn.Linear.__init__(self, in_features, out_features, bias=has_bias)
        self._quantize(quant, source)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums of `x`, shape (samples, ..., in_features), as real numbers."""
        if self.training:
            return nn.functional.linear(x, self._fake_weight(), self._fake_bias())
        return self.value_of_sum(nn.functional.linear(self._integers(x), self._exact_weight(x)))

"""Empirical bias correction: means of a quantized network brought back to the float network's.

Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction"
(arXiv 1906.04721), section 4.2 and appendix D: rounded weights shift the mean of every channel's
sums; what a few batches show of the shift is taken out where the network adds a constant anyway.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.conv import QuantConv2d
from hwgen.nn.linear import QuantLinear
from hwgen.nn.lockstep import float_module, lockstep, run
from hwgen.nn.trace import Call


def correct_biases(net: nn.Module, trained: nn.Module, x: Tensor) -> None:
    """Shift running means and biases until every channel's sums have the float network's mean.

    Layers are corrected in order, each behind the corrected ones. `net` has its scales, of
    activations too, and `trained` is its float form with modules of the same names; `x` are real
    inputs, shape (samples, ...).
    """

    def visit(call: Call, quantized: list[Tensor], original: list[Tensor]) -> None:
        correct(call, trained, quantized, original)

    lockstep(net, trained, x, visit)


def correct(
    call: Call, trained: nn.Module, quantized: list[Tensor], original: list[Tensor]
) -> None:
    """Correct one module, given its inputs in both networks; one without a constant is left."""
    module = call.module
    with torch.no_grad():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            assert module.running_mean is not None
            module.running_mean += _shift(quantized[0], original[0], 1)
        elif isinstance(module, (QuantLinear, QuantConv2d)) and module.bias is not None:
            wanted = run(float_module(trained, call), original)
            module.bias -= _shift(run(module, quantized), wanted, module.channel_axis)


def _shift(values: Tensor, wanted: Tensor, axis: int) -> Tensor:
    """Give the difference of the means of every channel along `axis`, shape (channels,)."""
    return (values - wanted).movedim(axis, 0).flatten(1).mean(1)

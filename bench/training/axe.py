"""The peer of post_training.py: accumulator-aware OPTQ and GPFQ with greedy bounds (AXE).

Source: Colbert et al., "Accumulator-Aware Post-Training Quantization" (arXiv 2409.17092), and the
code released with it, restated here on the same moments as our fit. Weights are quantized one after
the other, each rounding error is handed to those still free, and every weight is clipped to what a
two's complement accumulator of P bits still has room for; each sign has a budget of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hwgen.nn import QuantConv2d, QuantLinear
from hwgen.nn.post_training.layer_fit import Integers, fit_layer
from hwgen.nn.post_training.wanted import Wanted
from hwgen.nn.projection import project_l1
from hwgen.numeric import Range

SCALES = 8  # trial scales a factor 2**(1/2) apart, for the variant that tries them


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What the paper and the code leave open.

    Parameters
    ----------
    corrected
        Start from the weights that give the float sums from the quantized inputs, as GPFQ aims at;
        else from the float weights, as OPTQ does.
    threshold
        Shrink weights by the threshold of their projection onto the l1 ball first.
    feedback
        Hand on what clipping takes off a weight, not its rounding error alone.
    scales
        Try several scales for each channel; as published it is `max|w| / limit`.
    """

    corrected: bool
    threshold: bool
    feedback: bool
    scales: bool = False

    @property
    def name(self) -> str:
        """Short name for tables."""
        parts = ["gpfq" if self.corrected else "optq"]
        parts += [word for word in ("threshold", "feedback", "scales") if getattr(self, word)]
        return "+".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A two's complement accumulator that sums products of codes and inputs."""

    bits: int
    inputs: Range
    limit: int  # largest magnitude of a code

    def room(self, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        """Largest and smallest real that may still be rounded, by the sums of either sign."""
        c, d = self.inputs.lo, self.inputs.hi
        most = 2 ** (self.bits - 1) - 1
        highest, lowest = d * positive + c * negative, c * positive + d * negative
        up, down = (most - highest) / d - 0.5, (-most - lowest) / d + 0.5
        if c < 0:
            up = torch.minimum(up, (-most - lowest) / c - 0.5)
            down = torch.maximum(down, (most - highest) / c + 0.5)
        edge = self.limit + 0.499  # a code beyond the limit is none
        return up.clamp(0, edge), down.clamp(-edge, 0)


def axe_layer(layer: QuantLinear | QuantConv2d, wanted: Wanted, variant: Variant) -> Integers:
    """Quantize a constrained layer the greedy way, any other one as our own method does."""
    bits = layer.quant.accumulator_bits
    if bits is None:
        return fit_layer(layer, wanted)
    register = Register(bits=bits, inputs=layer.inputs.range, limit=layer.quant.limit)
    shared = layer.quant.scale == "tensor"
    largest = wanted.weight.abs().amax(None if shared else 1, keepdim=True) / layer.quant.limit
    exponents = torch.arange(-2, SCALES - 2) / 2 if variant.scales else torch.zeros(1)
    trials = largest.clamp_min(1e-30).expand(len(wanted.weight), 1) * 2**exponents
    codes = _at_scales(wanted, register, trials, variant)  # (trials, channels, K)
    errors = torch.stack(
        [
            (unit * (unit * wanted.energy(q) - 2 * wanted.aligned(q))).flatten()
            for q, unit in zip(codes, trials.T[:, :, None], strict=True)
        ]
    )
    if shared:
        errors = errors.sum(1, keepdim=True).expand_as(errors)
    best = errors.argmin(0)
    channels = torch.arange(len(best))
    unit = trials[channels, best][:, None]
    return Integers(codes[best, channels], unit[:1] if shared else unit)


def _at_scales(wanted: Wanted, register: Register, trials: Tensor, variant: Variant) -> Tensor:
    """Codes at every trial scale (channels, trials), shape (trials, channels, K)."""
    count = trials.shape[1]
    codes = torch.zeros(count, *wanted.weight.shape, dtype=wanted.weight.dtype)
    for group, gram in enumerate(wanted.gram):
        rows = wanted.group == group
        weight = wanted.weight[rows]
        if variant.corrected:
            weight = torch.linalg.solve(gram, wanted.cross[rows].T).T
        steps = trials[rows].T.reshape(-1, 1)  # all channels at the first scale, then at the next
        found = _sequential(weight.repeat(count, 1), gram, steps, register, variant)
        codes[:, rows] = found.reshape(count, -1, weight.shape[1])
    return codes


def _sequential(
    weight: Tensor, gram: Tensor, step: Tensor, register: Register, variant: Variant
) -> Tensor:
    """Quantize the weights of a group, those of the liveliest inputs first."""
    order = gram.diagonal().argsort(descending=True)
    inverse = torch.linalg.inv(gram[order][:, order])
    factor = torch.linalg.cholesky(inverse, upper=True)
    free = weight[:, order] / step
    shrink = _threshold(free, register) if variant.threshold else torch.zeros_like(step)
    codes = torch.zeros_like(free)
    positive, negative = torch.zeros_like(step), torch.zeros_like(step)
    for i in range(free.shape[1]):
        real = free[:, i : i + 1]
        up, down = register.room(positive, negative)
        clipped = real.sign() * (real.abs() - shrink).clamp_min(0)
        clipped = torch.minimum(torch.maximum(clipped, down), up)
        code = torch.floor(clipped + 0.5)
        positive, negative = positive + code.clamp_min(0), negative + code.clamp_max(0)
        error = ((real if variant.feedback else clipped) - code) / factor[i, i]
        free[:, i + 1 :] -= error * factor[i, i + 1 :]
        codes[:, i : i + 1] = code
    return codes[:, order.argsort()]


def _threshold(free: Tensor, register: Register) -> Tensor:
    """Soft threshold of the projection of the centred weights, shape (channels, 1)."""
    centred = free - free.mean(1, keepdim=True)
    radius = (2**register.bits - 2) / register.inputs.span
    projected = project_l1(centred, torch.full_like(free[:, :1], radius))
    return (centred.abs().amax(1) - projected.abs().amax(1))[:, None].clamp_min(0)

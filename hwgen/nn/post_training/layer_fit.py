"""The integers and the scale of one layer, chosen without training it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hwgen.nn.conv import QuantConv2d
from hwgen.nn.linear import QuantLinear
from hwgen.nn.post_training.integer_fit import descend
from hwgen.nn.post_training.wanted import Limits, Wanted, cost
from hwgen.nn.projection import project_integer
from hwgen.nn.quantizers import A2QIntegerProjection, Qat
from hwgen.nn.weight_quant import MIN_SCALE

STEPS_PER_OCTAVE = 4  # of trial scales


class Integers(NamedTuple):
    """Integer weights, shape (channels, K), and the value of a unit of their sums.

    The value has shape (channels, 1), or (1, 1) where the channels share it; zero for a channel
    without any weight.
    """

    codes: Tensor
    unit: Tensor


LayerFit = Callable[[QuantLinear | QuantConv2d, Wanted], Integers]


def fit_layer(layer: QuantLinear | QuantConv2d, wanted: Wanted) -> Integers:
    """Choose integers whose sums come nearest to the wanted ones.

    Layers that must keep an accumulator are fitted (`integer_fit`) from the best projection of
    their weights; a layer that need not is rounded at the scale that errs least.
    """
    return _choose(layer, wanted, fitted=layer.quant.method != "qat")


def project_layer(layer: QuantLinear | QuantConv2d, wanted: Wanted) -> Integers:
    """Choose the integer projection of the weights, at the scale whose sums err least."""
    return _choose(layer, wanted, fitted=False)


def limits_of(layer: QuantLinear | QuantConv2d) -> Limits:
    """Give the bounds on a layer's integers.

    Raises
    ------
    ValueError
        Where the layer's method has no integer budget.
    """
    match layer.quantizer:
        case A2QIntegerProjection(budget=budget):
            return Limits(budget=budget, limit=layer.quant.limit)
        case Qat():
            return Limits(
                budget=layer.quant.limit * layer.weight[0].numel(), limit=layer.quant.limit
            )
        case _:
            raise ValueError(
                "layer: method must be qat or a2q_ip to be quantized after training, "
                f"not {layer.quant.method}"
            )


def set_integers(layer: QuantLinear | QuantConv2d, integers: Integers) -> None:
    """Make a layer compute with given integers, which must be within its bounds."""
    scale = (integers.unit / float(layer.source.scale.detach())).clamp_min(MIN_SCALE)
    with torch.no_grad():
        layer.quantizer.log2_scale.copy_(torch.log2(scale))
        rows = integers.codes.to(layer.weight) * layer.quantizer.scale
        layer.weight.copy_(rows.reshape(layer.weight.shape))
    assert (layer.certified().weight == integers.codes.numpy()).all()


def _choose(layer: QuantLinear | QuantConv2d, wanted: Wanted, *, fitted: bool) -> Integers:
    limits = limits_of(layer)
    if layer.quant.scale == "tensor":
        return _shared_scale(wanted, limits, fitted=fitted)
    codes = _best_projection(wanted, limits)
    if fitted:
        codes = descend(wanted, codes, limits)
    energy = wanted.energy(codes)
    unit = torch.where(energy > 0, wanted.aligned(codes).clamp_min(0) / energy, 0.0)
    return Integers(codes, unit)


def _best_projection(wanted: Wanted, limits: Limits) -> Tensor:
    """Take for every channel the trial scale whose projection errs least."""
    best = torch.zeros_like(wanted.weight)
    least = best.new_zeros(len(best), 1)
    for trial in _trial_scales(wanted, limits, shared=False):
        codes, _ = project_integer(wanted.weight / trial, limits.budget, limits.limit)
        error = cost(wanted.aligned(codes), wanted.energy(codes), None)
        best = torch.where(error < least, codes, best)
        least = torch.minimum(error, least)
    return best


def _shared_scale(wanted: Wanted, limits: Limits, *, fitted: bool) -> Integers:
    """Take the trial scale that errs least over all channels together."""
    best = Integers(torch.zeros_like(wanted.weight), wanted.weight.new_zeros(1, 1))
    least = 0.0
    for trial in _trial_scales(wanted, limits, shared=True):
        codes, _ = project_integer(wanted.weight / trial, limits.budget, limits.limit)
        if fitted:
            codes = descend(wanted, codes, limits, float(trial))
        aligned, energy = wanted.aligned(codes).sum(), wanted.energy(codes).sum()
        error = float(cost(aligned, energy, None))
        if error < least:
            best, least = Integers(codes, (aligned / energy).reshape(1, 1)), error
    return best


def _trial_scales(wanted: Wanted, limits: Limits, *, shared: bool) -> Tensor:
    """Scales to try, shape (trials, channels, 1), or (trials, 1, 1) where the channels share one.

    Down to where the largest weight is twice the limit and is clipped; from where it is the limit,
    or, where a budget may leave room for few units only, from where it is 1.
    """
    weight = wanted.weight.abs()
    largest = weight.amax(0 if shared else 1, keepdim=True).amax(1, keepdim=True)
    tight = limits.budget < limits.limit * weight.shape[1]
    first = 0.0 if tight else math.log2(limits.limit)
    steps = round(STEPS_PER_OCTAVE * (math.log2(limits.limit) + 1 - first))
    octaves = first + torch.arange(steps + 1, dtype=weight.dtype) / STEPS_PER_OCTAVE
    return largest.clamp_min(MIN_SCALE) * torch.exp2(-octaves).reshape(-1, 1, 1)

"""Scales of activations without training: the step that errs least on the float network's values."""

from __future__ import annotations

import torch
from torch import Tensor

from hwgen.nn.activation import QuantActivation
from hwgen.nn.weight_quant import MIN_SCALE

STEPS_PER_OCTAVE = 8
OCTAVES = 6  # of trial steps, from the one that clips nothing downwards
MOST_VALUES = 1 << 16  # that a scale is found from


def set_scale(activation: QuantActivation, values: Tensor) -> None:
    """Choose the step whose rounding and clipping of `values` has the least squared error.

    The activation counts as calibrated from now on. `values` are any real numbers of the float
    network in its place, before or after its ReLU.
    """
    sample = evenly(values.flatten(), MOST_VALUES).double()
    kind = activation.int_type
    wanted = sample if kind.signed else sample.clamp_min(0)
    largest = (wanted.abs().amax() / kind.hi).clamp_min(MIN_SCALE)
    trials = largest * torch.exp2(-torch.arange(STEPS_PER_OCTAVE * OCTAVES) / STEPS_PER_OCTAVE)
    errors = [
        ((torch.floor(wanted / s + 0.5).clamp(kind.lo, kind.hi) * s - wanted) ** 2).mean()
        for s in trials
    ]
    best = trials[int(torch.stack(errors).argmin())]
    activation.log2_scale.data.copy_(torch.log2(best))
    activation.steps.fill_(activation.calibration_steps)


def evenly(values: Tensor, most: int) -> Tensor:
    """Give every n-th of `values`, at most `most` of them."""
    return values[:: -(-len(values) // most)]

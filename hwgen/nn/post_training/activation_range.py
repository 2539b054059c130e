"""Scales of activations without training: the step that errs least on the float network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.nn.activation import QuantActivation
from hwgen.nn.lockstep import lockstep
from hwgen.nn.trace import Call
from hwgen.nn.weight_quant import MIN_SCALE

STEPS_PER_OCTAVE = 8
OCTAVES = 6  # of trial steps, from the one that clips nothing downwards
MOST_VALUES = 1 << 16  # that a scale is found from


def set_scales(net: nn.Module, trained: nn.Module, x: Tensor) -> None:
    """Set the scale of every activation of `net` by what the float network `trained` has there.

    An activation that is called more than once gets one scale for all of its places. `x` are real
    inputs, shape (samples, ...).
    """
    found: dict[QuantActivation, list[Tensor]] = {}

    def visit(call: Call, quantized: list[Tensor], original: list[Tensor]) -> None:
        if isinstance(call.module, QuantActivation):
            places = found.setdefault(call.module, [])
            places.append(_evenly(original[0].flatten(), MOST_VALUES))

    lockstep(net, trained, x, visit)
    for activation, places in found.items():
        set_scale(activation, torch.cat(places))


def set_scale(activation: QuantActivation, values: Tensor) -> None:
    """Choose the step whose rounding and clipping of `values` has the least squared error.

    The activation counts as calibrated from now on. `values` are any real numbers of the float
    network in its place, before or after its ReLU.
    """
    sample = _evenly(values.flatten(), MOST_VALUES).double()
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
    activation.calibrating = False


def _evenly(values: Tensor, most: int) -> Tensor:
    """Give every n-th of `values`, at most `most` of them."""
    return values[:: -(-len(values) // most)]

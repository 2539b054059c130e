"""Calibration inputs for those who have no data: what the batch norms of a network remember.

Source: Cai et al., "ZeroQ: A Novel Zero Shot Quantization Framework" (CVPR 2020), section 3.1:
random inputs are optimized until every batch norm of the float network sees the means and the
deviations that it saw in training.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.nn.activation import QuantInput
from hwgen.nn.exact_copy import unwrapped
from hwgen.nn.float_form import FLOAT_KINDS
from hwgen.nn.whole_model import check_modules

STEPS = 200
RATE = 0.05  # Adam's first step, in units of the input's range


def distilled_inputs(
    trained: nn.Module, source: QuantInput, shape: tuple[int, ...], *, samples: int, seed: int = 0
) -> Tensor:
    """Make real inputs, shape (samples, *shape), that a float network takes for its data.

    Parameters
    ----------
    trained
        Float network with batch norms; it is not changed.
    source
        Quantizer of the network's input, whose range the inputs keep.
    seed
        Of the random inputs that are started from.

    Raises
    ------
    ModelError
        Where the network has no batch norm, or one without running statistics, or numbers that are
        none.
    """
    trained = unwrapped(trained, "float network")
    check_modules(trained, FLOAT_KINDS, "float network")
    net = copy.deepcopy(trained).eval().requires_grad_(False)
    norms = [m for m in net.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))]
    if not norms:
        raise ModelError(
            "float network: must have batch norms to be quantized without data, and has none; "
            "calibrate it with some inputs"
        )
    losses: list[Tensor] = []
    for norm in norms:
        norm.register_forward_hook(lambda norm, args, _: losses.append(_distance(norm, args[0])))
    lo, hi = (limit * source.fixed_scale for limit in (source.int_type.lo, source.int_type.hi))
    x = torch.rand(samples, *shape, generator=torch.Generator().manual_seed(seed))
    x = (lo + x * (hi - lo)).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=RATE * (hi - lo))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        losses.clear()
        net(x)
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack(losses).sum())
        optimizer.step()
        schedule.step()
        x.data.clamp_(lo, hi)
    return x.detach()


def _distance(norm: nn.BatchNorm1d | nn.BatchNorm2d, values: Tensor) -> Tensor:
    """Mean squared difference of means and deviations, in deviations of the batch norm."""
    rows = values.transpose(0, 1).flatten(1)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    variance = norm.running_var + norm.eps
    mean = (rows.mean(1) - norm.running_mean) ** 2 / variance
    deviation = ((rows.var(1) + norm.eps) / variance).sqrt() - 1
    return mean.mean() + (deviation**2).mean()

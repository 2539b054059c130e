"""Quantization after training: every layer's integers fitted in turn, within its accumulator."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from hwgen.nn.activation import QuantActivation, QuantInput
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.linear import QuantLinear
from hwgen.nn.post_training.activation_range import set_scale
from hwgen.nn.post_training.integer_fit import (
    Limits, Wanted, best_projection, cost, descend, trial_scales,
)
from hwgen.nn.post_training.lockstep import lockstep, run, float_module
from hwgen.nn.post_training.moments import by_samples, by_weights
from hwgen.nn.rounding import round_half_up
from hwgen.nn.quantizers import A2QIntegerProjection
from hwgen.nn.trace import Call

def limits_of(layer):
    q = layer.quantizer
    limit = layer.quant.limit
    if isinstance(q, A2QIntegerProjection):
        return Limits(budget=q.budget, limit=limit)
    return Limits(budget=limit * layer.weight[0].numel(), limit=limit)

def fit_layer(layer, wanted, method):
    limits = limits_of(layer)
    constrained = layer.quant.accumulator_bits is not None
    if layer.quant.scale == "channel":
        codes = best_projection(wanted, limits, trial_scales(wanted.weight, limits.limit))
        if constrained and method == "fit":
            codes = descend(wanted, codes, limits, None)
        a = (codes*wanted.cross).sum(1, keepdim=True); h = (codes*wanted.times_gram(codes)).sum(1, keepdim=True)
        scale = a/h.clamp_min(1e-30)
    else:
        least = None
        for t in trial_scales(wanted.weight.flatten()[None], limits.limit).flatten().tolist():
            from hwgen.nn.projection import project_integer
            codes,_ = project_integer(wanted.weight/t, limits.budget, limits.limit)
            if constrained and method == "fit":
                codes = descend(wanted, codes, limits, t)
            a = (codes*wanted.cross).sum(); h = (codes*wanted.times_gram(codes)).sum()
            if h <= 0: continue
            c = float(cost(a, h, None))
            if least is None or c < least[0]:
                least = (c, codes, (a/h).reshape(1,1))
        _, codes, scale = least
    set_codes(layer, codes, scale)

def set_codes(layer, codes, scale):
    unit = scale / float(layer.source.scale)
    layer.quantizer.log2_scale.data.copy_(torch.log2(unit.clamp_min(1e-9)))
    layer.weight.data.copy_((codes.to(layer.weight)*layer.quantizer.scale).reshape(layer.weight.shape))
    assert (torch.from_numpy(layer.certified().weight).double()==codes).all()

def quantize_after_training(net, trained, x, method="fit"):
    seen = {}
    def ranges(call, q, f):
        if isinstance(call.module, QuantActivation):
            seen.setdefault(id(call.module), (call.module, []))[1].append(f[0].flatten())
    def fit(call, q, f):
        m = call.module
        if isinstance(m, (QuantLinear, QuantConv2d)):
            floats = float_module(trained, call)
            codes = round_half_up(q[0]/m.source.scale.to(q[0]))
            y = run(floats, f)
            wanted = by_weights(m, floats.weight) if method=="projection" else by_samples(m, codes, y, floats.weight)
            if m.bias is not None and floats.bias is not None: m.bias.data.copy_(floats.bias)
            fit_layer(m, wanted, method)
            if m.bias is not None:
                err = (run(m, q)-y).transpose(0,1).flatten(1).mean(1)
                m.bias.data -= err
        elif isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
            m.load_state_dict(float_module(trained, call).state_dict())
            m.running_mean += (q[0]-f[0]).transpose(0,1).flatten(1).mean(1)
    lockstep(net, trained, x, ranges)
    for a, v in seen.values(): set_scale(a, torch.cat(v))
    lockstep(net, trained, x, fit)

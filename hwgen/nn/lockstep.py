"""A quantized network and its float original, run side by side, module by module.

Methods that need no retraining set one layer after the other, each from what really reaches it:
the values of the layers already quantized, beside those of the float network.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.nn.activation import QuantInput
from hwgen.nn.exact_copy import unwrapped
from hwgen.nn.float_form import check_float_form
from hwgen.nn.float_function import check_function, check_order
from hwgen.nn.trace import SUPPORTED, Call, trace
from hwgen.nn.whole_model import check_modules

CHUNK = 256  # samples that run through a module at once

Visit = Callable[[Call, list[Tensor], list[Tensor]], None]


def lockstep(net: nn.Module, trained: nn.Module, x: Tensor, visit: Visit) -> None:
    """Run both networks on `x` and call `visit(call, quantized, original)` before each module.

    Parameters
    ----------
    net
        Quantized network; `visit` may change the module that it is called for.
    trained
        Float network whose modules have the same names; its input needs no quantizer.
    x
        Real inputs, shape (samples, ...).
    visit
        Gets the module's inputs in the quantized and in the float network.

    Raises
    ------
    ModelError
        Where `net` cannot be traced, `trained` is not its float form, or `x` are no inputs.
    """
    net, trained = unwrapped(net, "network"), unwrapped(trained, "float network")
    net.eval()
    trained.eval()
    _check_inputs(x)
    check_modules(net, SUPPORTED, "network")
    calls = trace(net, "network")
    check_float_form(calls, trained)
    last_use = {source: index for index, call in enumerate(calls) for source in call.sources}
    ours: dict[str | None, Tensor] = {None: x}
    theirs: dict[str | None, Tensor] = {None: x}
    with torch.no_grad():
        for index, call in enumerate(calls):
            quantized = [ours[source] for source in call.sources]
            original = [theirs[source] for source in call.sources]
            visit(call, quantized, original)
            ours[call.key] = run(call.module, quantized)
            theirs[call.key] = run(float_module(trained, call), original)
            check_function(call, original, theirs[call.key])
            for source in call.sources:
                if last_use[source] == index:
                    ours.pop(source, None)
                    theirs.pop(source, None)
    check_order(trained, x[:CHUNK], theirs[calls[-1].key][:CHUNK])


def _check_inputs(x: object) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        given = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise ModelError(f"inputs: must be a tensor of real numbers, not {given}; pass x.float()")
    if x.dim() < 2 or not len(x):
        raise ModelError(
            f"inputs: must have shape (samples, ...), with a sample at least, not {tuple(x.shape)}"
        )
    if not bool(x.isfinite().all()):
        raise ModelError("inputs: must be finite everywhere; leave out samples that are not")


def float_module(trained: nn.Module, call: Call) -> nn.Module:
    """Find what the float network has in the place of a quantized module."""
    if isinstance(call.module, QuantInput):
        return nn.Identity()
    try:
        return unwrapped(trained, "float network").get_submodule(call.path)
    except AttributeError:
        raise ModelError(
            f"float network: must have a module {call.path}, as the quantized one has, and has "
            "none; give the float form of the same network"
        ) from None


def run(module: nn.Module, inputs: list[Tensor]) -> Tensor:
    """Give the results of `module`, computed in chunks of samples."""
    parts = zip(*(torch.split(values, CHUNK) for values in inputs), strict=True)
    return torch.cat([module(*part) for part in parts])

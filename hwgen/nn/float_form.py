"""Whether a float network is the float form of a quantized one, module by module.

What the quantized network sets from its float form goes by the names of the modules, so a part that
only one of the two has would be lost without a word. Layers and norms are therefore compared here
before anything is set; `float_function.py` compares what has no weights by what it computes.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.nn.activation import QuantInput
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.linear import QuantLinear
from hwgen.nn.trace import Call
from hwgen.nn.whole_model import not_numbers, replaced

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
FLOAT_KINDS = (  # of float modules that are read by their kind
    *(nn.Linear, nn.Conv2d, *NORMS, nn.ReLU, nn.Identity, nn.Dropout, nn.MaxPool2d, nn.AvgPool2d),
    *(nn.Upsample, nn.PixelShuffle, nn.Flatten),
)
WINDOW = ("kernel_size", "stride", "padding", "groups")


def check_float_form(calls: list[Call], trained: nn.Module) -> None:
    """Refuse a float network that is not the float form of a quantized one.

    Parameters
    ----------
    calls
        Of the quantized network.
    trained
        Float network whose modules have the same names.

    Raises
    ------
    ModelError
        Where one of the two has a part that the other lacks, or a number is none: a line for each.
    """
    problems: list[str] = []
    paths = {call.path for call in calls}
    for call in {call.path: call for call in calls}.values():
        if not isinstance(call.module, QuantInput):
            problems += _module_problems(call, trained)
    for path, module in trained.named_modules():
        problems += [f"{path or 'model'}: {text}" for text in replaced(module, FLOAT_KINDS)]
        problems += [f"{path or 'model'}: {text}" for text in not_numbers(module)]
        own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        if own and path not in paths:
            problems.append(
                f"{path}: must have a place in the quantized network, which has no {path}; "
                "quantize the whole network"
            )
    if problems:
        raise ModelError.collect([f"float network: {problem}" for problem in problems])


def check_biases(net: nn.Module, trained: nn.Module) -> None:
    """Refuse a float network with biases that the quantized one lacks, or the other way.

    A training may start without the bias that A2Q's cap leaves no room for; where nothing is
    trained afterwards, it would be lost.

    Parameters
    ----------
    net, trained
        Quantized network and its float form, with modules of the same names.

    Raises
    ------
    ModelError
        Where there are some: a line for each.
    """
    problems: list[str] = []
    real = dict(trained.named_modules())
    for path, layer in net.named_modules():
        module = real.get(path)
        if not isinstance(layer, (QuantLinear, QuantConv2d)):
            continue
        if not isinstance(module, (nn.Linear, nn.Conv2d)):
            continue  # refused as a module of another kind
        has_bias = module.bias is not None
        if (layer.bias is not None) != has_bias:
            wanted, found = ("no bias", "one") if has_bias else ("a bias", "none")
            problems.append(
                f"float network: {path}: must have {wanted}, as the quantized layer, and has "
                f"{found}; make the {type(layer).__name__} with bias={has_bias}"
            )
    if problems:
        raise ModelError.collect(problems)


def _module_problems(call: Call, trained: nn.Module) -> Iterator[str]:
    try:
        module = trained.get_submodule(call.path)
    except AttributeError:
        yield (
            f"must have a module {call.path}, as the quantized one has, and has none; "
            "give the float form of the same network"
        )
        return
    for text in _differences(call.module, module):
        yield f"{call.path}: {text}"


def _differences(quantized: nn.Module, module: nn.Module) -> Iterator[str]:
    """Say where a float module is not the float form of a quantized one."""
    match quantized:
        case QuantLinear() | QuantConv2d():
            yield from _layer_differences(quantized, module)
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            yield from _norm_differences(quantized, module)


def _layer_differences(layer: QuantLinear | QuantConv2d, module: nn.Module) -> Iterator[str]:
    kind = nn.Linear if isinstance(layer, QuantLinear) else nn.Conv2d
    if not isinstance(module, kind):
        yield f"must be a {kind.__name__}, not {type(module).__name__}; give the float form"
        return
    weight = module.weight
    if not isinstance(weight, Tensor) or weight.shape != layer.weight.shape:
        yield f"weight must have shape {tuple(layer.weight.shape)}, not {tuple(weight.shape)}"
    if isinstance(layer, QuantConv2d) and isinstance(module, nn.Conv2d):
        for name in WINDOW:
            if getattr(module, name) != getattr(layer, name):
                yield f"{name} must be {getattr(layer, name)}, not {getattr(module, name)}"
        if module.dilation != (1, 1) or module.padding_mode != "zeros":
            yield "must have no dilation, and zeros as its padding"


def _norm_differences(norm: nn.BatchNorm1d | nn.BatchNorm2d, module: nn.Module) -> Iterator[str]:
    if not isinstance(module, NORMS):
        yield f"must be a {type(norm).__name__}, not {type(module).__name__}; give the float form"
        return
    for name in ("num_features", "eps", "affine"):
        if getattr(module, name) != getattr(norm, name):
            yield (
                f"{name} must be {getattr(norm, name)}, as in the quantized network, "
                f"not {getattr(module, name)}"
            )

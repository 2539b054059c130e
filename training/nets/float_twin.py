"""The same network in floats: what a quantized one starts from and is compared with.

Every module keeps its place and its name, so that weights and batch norms can be taken over.
"""

from __future__ import annotations

import copy

from torch import Tensor, nn

from hwgen.errors import HwgenError
from hwgen.nn import (
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    QuantOutput,
)


class Addition(nn.Module):
    """Add two tensors."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Add two tensors of one shape."""
        return left + right


def float_twin(net: nn.Module) -> nn.Module:
    """Copy a quantized network without its quantizers; unsigned activations become ReLUs."""
    twin = copy.deepcopy(net)
    for name, module in list(net.named_modules(remove_duplicate=False)):
        replacement = _float_module(module)
        if replacement is not None:
            place, _, last = name.rpartition(".")
            setattr(twin.get_submodule(place), last, replacement)
    return twin


def _float_module(module: nn.Module) -> nn.Module | None:
    """Give the float form of a module; None where it has no quantizer."""
    has_bias = getattr(module, "bias", None) is not None
    match module:
        case QuantConv2d():
            return nn.Conv2d(
                module.in_channels,
                module.out_channels,
                module.kernel_size,
                stride=module.stride,
                padding=module.padding,
                groups=module.groups,
                bias=has_bias,
            )
        case QuantLinear():
            return nn.Linear(module.in_features, module.out_features, bias=has_bias)
        case QuantActivation() | QuantOutput():
            return nn.Identity() if module.int_type.signed else nn.ReLU()
        case QuantInput():
            return nn.Identity()
        case QuantAvgPool2d():
            return nn.AvgPool2d(module.kernel_size, module.stride)
        case QuantAdd():
            return Addition()
    return None


def start_from(net: nn.Module, trained: nn.Module) -> None:
    """Take over a trained float network's weights and batch norms, by the names of its modules.

    Raises
    ------
    HwgenError
        Where it is another network; `net` is then as it was.
    """
    mine, theirs = _weights(net), _weights(trained)
    for name in (*mine, *theirs):
        shapes = [str(tuple(w[name].shape)) if name in w else "none" for w in (mine, theirs)]
        if shapes[0] != shapes[1]:
            raise HwgenError(
                f"float start: {name}: the weight must have shape {shapes[0]}, not {shapes[1]}; "
                "take a float network of the same recipe and width"
            )
    for name, module in trained.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            layer = net.get_submodule(name)
            assert isinstance(layer, QuantConv2d | QuantLinear)
            layer.start_from(module.weight, module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            net.get_submodule(name).load_state_dict(module.state_dict())


def _weights(net: nn.Module) -> dict[str, Tensor]:
    """Weights of all layers and norms, by module name."""
    kinds = (nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)
    return {name: m.weight for name, m in net.named_modules() if isinstance(m, kinds)}

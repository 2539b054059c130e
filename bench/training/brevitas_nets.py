"""The same network made of the peer Brevitas' modules (`pip install hwgen[dev]`)."""

from __future__ import annotations

import copy
import warnings

from torch import Tensor, nn

from hwgen.nn import (
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    WeightQuant,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import brevitas.nn as peer
    from brevitas import quant

WEIGHTS = {
    "qat": quant.Int8WeightPerChannelFloat,
    "a2q": quant.Int8AccumulatorAwareWeightQuant,
    "a2q_plus": quant.Int8AccumulatorAwareZeroCenterWeightQuant,
}


class Addition(nn.Module):
    """Add two quantized tensors."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right


class AveragePool(nn.AvgPool2d):
    """Average the values of a quantized tensor."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(getattr(x, "value", x))


def brevitas_twin(net: nn.Module) -> nn.Module:
    """Copy a network of ours with the peer's modules, equal bits and methods, in every place."""
    twin = copy.deepcopy(net)
    made: dict[nn.Module, nn.Module | None] = {}  # a module that stands twice stays one
    for name, module in list(net.named_modules(remove_duplicate=False)):
        if module not in made:
            made[module] = _peer_module(module)
        if made[module] is not None:
            place, _, last = name.rpartition(".")
            setattr(twin.get_submodule(place), last, made[module])
    return twin


def _peer_module(module: nn.Module) -> nn.Module | None:
    """Give the peer's form of a module; None where it has no quantizer."""
    match module:
        case QuantConv2d():
            return peer.QuantConv2d(
                module.in_channels,
                module.out_channels,
                module.kernel_size,
                stride=module.stride,
                padding=module.padding,
                groups=module.groups,
                bias=module.bias is not None,
                **_weights(module.quant),
            )
        case QuantLinear():
            has_bias = module.bias is not None
            return peer.QuantLinear(
                module.in_features, module.out_features, bias=has_bias, **_weights(module.quant)
            )
        case QuantInput():
            act, bits = quant.Uint8ActPerTensorFloat, module.int_type.bits
            return peer.QuantIdentity(act_quant=act, bit_width=bits, return_quant_tensor=True)
        case QuantActivation():
            return peer.QuantReLU(bit_width=module.int_type.bits, return_quant_tensor=True)
        case QuantAvgPool2d():
            return AveragePool(module.kernel_size, module.stride)
        case QuantAdd():
            return Addition()
    return None


def _weights(config: WeightQuant) -> dict[str, object]:
    options: dict[str, object] = {
        "weight_quant": WEIGHTS[config.method],
        "weight_bit_width": config.bits,
    }
    if config.accumulator_bits is not None:
        options["weight_accumulator_bit_width"] = config.accumulator_bits
    return options

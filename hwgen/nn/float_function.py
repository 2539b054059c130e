"""Whether a float network computes what stands for it in a quantized one.

Modules without weights are compared by what they make of the inputs at hand, whatever their kind.
At last the float network itself is run: it must compute what its modules compute in the order of
the quantized network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.nn.activation import QuantActivation, QuantOutput
from hwgen.nn.joining import Concat, QuantAdd
from hwgen.nn.pooling import QuantAvgPool2d
from hwgen.nn.trace import Call

NEAR = 1e-4  # of the largest value: float32 sums in another order


def check_function(call: Call, inputs: list[Tensor], result: Tensor) -> None:
    """Refuse a float module without weights that computes something else than the quantized one.

    Parameters
    ----------
    inputs, result
        Of the float module.

    Raises
    ------
    ModelError
        Where it does.
    """
    wanted = _float_result(call.module, inputs)
    if wanted is not None and not _near(result, wanted[0]):
        raise ModelError(
            f"float network: {call.path}: must compute {wanted[1]}, as it stands for the "
            f"{type(call.module).__name__} of the quantized network; train the network so"
        )


def check_order(trained: nn.Module, x: Tensor, expected: Tensor) -> None:
    """Refuse a float network that computes something else than its modules in the known order.

    Parameters
    ----------
    x
        Some inputs, shape (samples, ...).
    expected
        What its modules make of them in the order of the quantized network.

    Raises
    ------
    ModelError
        Where it does.
    """
    with torch.no_grad():
        found = trained(x)
    if not isinstance(found, Tensor) or not _near(found, expected):
        raise ModelError(
            "float network: must compute what its modules compute in the order of the quantized "
            "network, and does not; give the float form of the same network"
        )


def _float_result(module: nn.Module, inputs: list[Tensor]) -> tuple[Tensor, str] | None:
    """Give what a module computes on floats, in words too; None for one with weights."""
    match module:
        case QuantActivation() | QuantOutput():
            if module.int_type.signed:
                return inputs[0], "the identity"
            return inputs[0].relu(), "a ReLU"
        case QuantAdd():
            return inputs[0] + inputs[1], "the sum"
        case Concat():
            return torch.cat(inputs, dim=1), "the channels side by side"
        case QuantAvgPool2d():
            pooled = nn.functional.avg_pool2d(inputs[0], module.kernel_size, module.stride)
            return pooled, "the same averages"
        case nn.Identity() | nn.Dropout():
            return inputs[0], "the identity"
        case nn.MaxPool2d() | nn.Upsample() | nn.PixelShuffle() | nn.Flatten():
            return module(inputs[0]), "the same"
        case _:
            return None


def _near(found: Tensor, wanted: Tensor) -> bool:
    """Tell whether two results are the same but for the noise of float32."""
    if found.shape != wanted.shape:
        return False
    return bool((found - wanted).abs().max() <= NEAR * wanted.abs().max())

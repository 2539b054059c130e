"""The model that is read: out of its wrappers, checked, and copied to float64."""

from __future__ import annotations

import copy

import torch
from torch import nn

from hwgen.errors import ModelError
from hwgen.nn.trace import SUPPORTED
from hwgen.nn.whole_model import check_modules, wrapped


def unwrapped(model: nn.Module, name: str) -> nn.Module:
    """Give the model inside `torch.compile` and data parallel wrappers.

    Raises
    ------
    ModelError
        Where `model` is no module, or one that has lost its Python code.
    """
    while isinstance(model, nn.Module):
        inner = wrapped(model)
        if inner is None:
            break
        model = inner
    if not isinstance(model, nn.Module):
        raise ModelError(
            f"{name}: must be a torch.nn.Module, not {type(model).__name__}; pass the model itself"
        )
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise ModelError(
            f"{name}: must be made of Python modules, not of TorchScript; pass the model that was "
            "scripted"
        )
    return model


def exact_copy(model: nn.Module, name: str) -> nn.Module:
    """Copy a model to the CPU, to float64 and to evaluation mode; `model` stays as it is.

    Raises
    ------
    ModelError
        Where a module computes something else than its kind, or a number is none.
    """
    model = unwrapped(model, name)
    check_modules(model, SUPPORTED, name)
    try:
        return copy.deepcopy(model).cpu().double().eval()
    except (RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"{name}: must be a model that can be copied, and cannot be ({reason}); "
            "let its modules keep no tensors of a forward pass"
        ) from None

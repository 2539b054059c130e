"""One look at a whole model before it is read: that its modules compute what their kinds say.

A model is read by the kinds of its modules and never by their code, so whatever makes a module
compute something else is refused here by the module's place: hooks, replaced methods, weights that
a hook or a parametrization makes anew at each call, numbers that are none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Real

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize

from hwgen.errors import ModelError

Kinds = tuple[type[nn.Module], ...]

HARMLESS = {  # what a subclass may have of its own and still compute the same
    *("__init__", "__doc__", "__module__", "__qualname__", "__annotations__", "__repr__"),
    *("__firstlineno__", "__static_attributes__", "__annotate_func__", "__annotations_cache__"),
    *("__abstractmethods__", "_abc_impl", "__parameters__", "__constants__", "extra_repr"),
    *("reset_parameters", "_get_name", "__str__"),
}
RENEWED = {  # hooks of torch that make a weight anew at each call, and what ends that
    "BasePruningMethod": "torch.nn.utils.prune.remove",
    "WeightNorm": "torch.nn.utils.remove_weight_norm",
    "SpectralNorm": "torch.nn.utils.remove_spectral_norm",
}


def check_modules(model: nn.Module, kinds: Kinds, name: str) -> None:
    """Refuse a model in which a module computes something else than its kind.

    Parameters
    ----------
    kinds
        Modules that are read by their kind.
    name
        Of the model, with which every sentence begins.

    Raises
    ------
    ModelError
        Where there is such a module: a line for every problem.
    """
    problems = list(_global_hooks())
    for path, module in model.named_modules():
        where = path or type(model).__name__
        found = (*replaced(module, kinds), *not_numbers(module))
        problems += [f"{where}: {text}" for text in found]
    if problems:
        raise ModelError.collect([f"{name}: {problem}" for problem in problems])


def replaced(module: nn.Module, kinds: Kinds) -> Iterator[str]:
    """Say what makes a module compute something else than its kind, if anything does."""
    inner = wrapped(module)
    if inner is not None:
        yield (
            f"must be the {type(inner).__name__} itself, not wrapped in {type(module).__name__}; "
            "wrap the whole model, or nothing"
        )
        return
    if parametrize.is_parametrized(module):
        assert isinstance(module.parametrizations, nn.ModuleDict)
        made = ", ".join(module.parametrizations)
        yield (
            f"{made} must be a plain parameter, not parametrized; "
            "call torch.nn.utils.parametrize.remove_parametrizations first"
        )
        return
    if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params():
        return  # its hook goes with the first call; its tensors are refused
    for hook in (*module._forward_pre_hooks.values(), *module._forward_hooks.values()):
        yield _hook_problem(hook)
    for method in _own_methods(module):
        yield (
            f"{method} must be that of {type(module).__name__}, not replaced on this object; "
            "write a module for it"
        )
    kind = next((kind for kind in kinds if isinstance(module, kind)), None)
    if kind is not None and type(module) is not kind:
        for method in _overridden(type(module), kind):
            yield (
                f"must compute what {kind.__name__} computes, and {type(module).__name__} has "
                f"its own {method}; use {kind.__name__} itself"
            )


def wrapped(module: nn.Module) -> nn.Module | None:
    """Give what `torch.compile` or a data parallel wrapper holds, None for any other module."""
    parallel = isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel))
    # torch.compile's class is slow to import
    inner = getattr(module, "module" if parallel else "_orig_mod", None)
    return inner if isinstance(inner, nn.Module) else None


def not_numbers(module: nn.Module) -> Iterator[str]:
    """Say which tensors of a module are not finite real numbers, or have no numbers."""
    tensors = {**module._parameters, **module._buffers}
    for name, tensor in tensors.items():
        if tensor is not None:
            problem = tensor_problem(tensor)
            if problem:
                yield f"{name} {problem}"
            elif name.startswith("log2_") and not bool(
                torch.exp2(tensor.detach()).isfinite().all()
            ):
                yield f"{name} must be the logarithm of a finite number; train the network again"
    if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        yield from _norm_problems(module)


def tensor_problem(tensor: Tensor) -> str | None:
    """Say why a tensor holds no finite real numbers, or give None where it does."""
    if nn.parameter.is_lazy(tensor):
        return "must know its shape; run the model once"
    if tensor.layout != torch.strided or tensor.is_complex() or tensor.is_quantized:
        return f"must be a dense tensor of real numbers, not {tensor.dtype}, {tensor.layout}"
    if tensor.is_meta:
        return "must hold numbers, not be on the device meta; load a trained model"
    if not bool(torch.isfinite(tensor.detach()).all()):
        return "must be finite everywhere; train the network again"
    return None


def _norm_problems(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Iterator[str]:
    if getattr(norm, "running_mean", None) is None or getattr(norm, "running_var", None) is None:
        yield (
            "must have running statistics, or it computes with those of each batch; "
            "use track_running_stats=True"
        )
        return
    variances = norm.running_var
    assert variances is not None
    if tensor_problem(variances) is None and bool((variances < 0).any()):
        yield "running_var must not be negative; train the network again"
    elif norm.eps == 0 and bool((variances == 0).any()):
        yield "running_var must not be 0 where eps is 0; set eps"
    if not (isinstance(norm.eps, Real) and 0 <= norm.eps < math.inf):
        yield f"eps must be a finite number, 0 or more, not {norm.eps!r}; set eps = 1e-5"


def _global_hooks() -> Iterator[str]:
    hooks = (
        *torch_module._global_forward_pre_hooks.values(),
        *torch_module._global_forward_hooks.values(),
    )
    for hook in hooks:
        yield f"every module has the global forward hook {_name_of(hook)}; remove it by its handle"


def _hook_problem(hook: object) -> str:
    for kind in type(hook).__mro__:
        if kind.__name__ in RENEWED:
            name = getattr(hook, "_tensor_name", getattr(hook, "name", "weight"))
            return (
                f"{name} must be a plain parameter, not made anew at each call by "
                f"{type(hook).__name__}; call {RENEWED[kind.__name__]} first"
            )
    return (
        f"must have no forward hook, and has {_name_of(hook)}; remove it by its handle, or make it "
        "a module"
    )


def _name_of(hook: object) -> str:
    return str(getattr(hook, "__name__", type(hook).__name__))


def _own_methods(module: nn.Module) -> Iterator[str]:
    """Methods that an object has in place of those of its class."""
    for name in vars(module):
        if callable(getattr(type(module), name, None)):
            yield name


def _overridden(own: type, kind: type[nn.Module]) -> Iterator[str]:
    """Give what the classes between a subclass and its kind have in place of the kind's."""
    for between in own.__mro__[: own.__mro__.index(kind)]:
        yield from (name for name in vars(between) if name not in HARMLESS and hasattr(kind, name))

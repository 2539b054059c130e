"""Reads the structure of a torch model: which module follows which, by `torch.fx`.

The model may be nested as its author likes; what counts are the modules that are called. A module
or function that hwgen cannot turn into integers is refused by its place in the model.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import fx, nn

from hwgen.errors import HwgenError, ModelError
from hwgen.nn.activation import QuantActivation, QuantInput, QuantOutput
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.joining import Concat, QuantAdd
from hwgen.nn.linear import QuantLinear
from hwgen.nn.pooling import QuantAvgPool2d

SUPPORTED = (
    QuantInput,
    QuantActivation,
    QuantLinear,
    QuantConv2d,
    QuantAvgPool2d,
    QuantAdd,
    QuantOutput,
    Concat,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.MaxPool2d,
    nn.Upsample,
    nn.PixelShuffle,
    nn.Flatten,
    nn.Dropout,
    nn.Identity,
)


class Call(NamedTuple):
    """A module applied to the results of other calls; a source None is the model's input."""

    path: str
    module: nn.Module
    sources: tuple[str | None, ...]
    key: str  # unique even where one module is called twice


FAILURES = (Exception,)  # what a forward, which is its user's own code, may raise
ROOT = "model"


class Whole(nn.Module):
    """Calls the model as its users do, so that nothing of the call itself is missed."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Any) -> Any:
        """Call it."""
        return self.model(x)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, SUPPORTED) or super().is_leaf_module(m, module_qualified_name)


def trace(model: nn.Module, name: str) -> list[Call]:
    """List the module calls of `model` in order; the last one's result is the model's.

    Raises
    ------
    ModelError
        Where the model does anything but call supported modules on tensors: a line for
        every problem.
    """
    whole = Whole(model)
    try:
        graph = _Tracer().trace(whole)
    except HwgenError:
        raise
    except FAILURES as error:
        raise ModelError(
            f"{name}: forward must call the same modules for every input, without branches on "
            f"values ({first_line(error)}); move what depends on values out of the model"
        ) from None
    problems: list[str] = []
    calls: list[Call] = []
    for node in graph.nodes:
        problem = _problem(node, whole)
        if problem:
            problems.append(f"{name}: {problem}")
        elif node.op == "call_module":
            calls.append(_call(node, whole))
    if problems:
        raise ModelError.collect(problems)
    if not calls or _result_key(graph) != calls[-1].key:
        raise ModelError(f"{name}: must return the result of its last module, and one tensor only")
    return calls


def first_line(error: Exception) -> str:
    """Give the part of a message that fits a sentence, or else the kind of the error."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _path(node: fx.Node) -> str:
    """Give the module's place in the model, `model` for the model itself."""
    return str(node.target).removeprefix(f"{ROOT}.")


def _call(node: fx.Node, whole: nn.Module) -> Call:
    sources = tuple(
        None if source.op == "placeholder" else source.name
        for source in node.args
        if isinstance(source, fx.Node)
    )
    return Call(_path(node), whole.get_submodule(str(node.target)), sources, node.name)


def _result_key(graph: fx.Graph) -> str | None:
    result: Any = next(node for node in graph.nodes if node.op == "output").args[0]
    return result.name if isinstance(result, fx.Node) else None


def _problem(node: fx.Node, whole: nn.Module) -> str | None:
    if node.op in ("placeholder", "output"):
        return None
    if node.op != "call_module":
        what = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        if node.op == "get_attr":
            kind = f"tensor {what.removeprefix(f'{ROOT}.')}"
        else:
            kind = f"function {what}"
        return f"forward must only call modules, not the {kind}; use a module of hwgen.nn"
    path, module = _path(node), whole.get_submodule(str(node.target))
    if not isinstance(module, SUPPORTED):
        kinds = ", ".join(kind.__name__ for kind in SUPPORTED)
        return f"{path}: must be one of {kinds}, not {type(module).__name__}"
    tensors = len(node.args)
    if node.kwargs or not all(isinstance(argument, fx.Node) for argument in node.args):
        return f"{path}: must be called with tensors alone"
    if isinstance(module, Concat):
        return None if tensors > 1 else f"{path}: must be called with two tensors or more"
    if isinstance(module, QuantAdd):
        return None if tensors == 2 else f"{path}: must be called with two tensors"
    return None if tensors == 1 else f"{path}: must be called with one tensor"

"""Where a factor may move between two layers of a float network, and where it may not.

A positive factor passes a module that is positively homogeneous, `f(s x) = s f(x)`, as a rectifier
is, and Tanh, GELU and ReLU6 are not. The float network's own forward is traced, so that functions,
other readers and another order are seen as well as modules.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch import fx, nn

from hwgen.errors import HwgenError, ModelError
from hwgen.nn.trace import FAILURES, ROOT, Whole, first_line
from hwgen.nn.whole_model import not_numbers, replaced

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
LAYERS = (nn.Linear, nn.Conv2d)
MODULES = (
    *(nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.Identity, nn.Dropout, nn.Dropout2d),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Upsample, nn.Flatten),
)
FUNCTIONS = (torch.relu, nn.functional.relu, torch.flatten)
METHODS = ("relu", "flatten")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A layer whose channels only the next layer reads, by the paths of their modules."""

    first: str
    norm: str | None  # batch norm between them
    second: str


def check_pairs(trained: nn.Module, neighbours: list[Pair]) -> None:
    """Refuse pairs between which a factor would change what the network computes.

    Raises
    ------
    ModelError
        Where there is such a pair: a line for each problem.
    """
    problems = [
        f"{path or 'model'}: {text}"
        for path, module in trained.named_modules()
        for text in (*replaced(module, (*LAYERS, *NORMS, *MODULES)), *not_numbers(module))
    ]
    if not problems:
        calls = _calls(trained)
        for pair in neighbours:
            problem = _parts_problem(trained, pair) or _path_problem(trained, pair, calls)
            problems += [problem] if problem else []
    if problems:
        raise ModelError.collect([f"float network: {problem}" for problem in problems])


def _calls(trained: nn.Module) -> dict[str, list[fx.Node]]:
    """Trace the network and give the calls of every module by its path."""
    try:
        graph = fx.Tracer().trace(Whole(trained))
    except HwgenError:
        raise
    except FAILURES as error:
        raise ModelError(
            "float network: forward must call the same modules for every input to be equalized "
            f"({first_line(error)}); leave the equalization out"
        ) from None
    calls: dict[str, list[fx.Node]] = {}
    for node in graph.nodes:
        if node.op == "call_module":
            calls.setdefault(_path(node), []).append(node)
    return calls


def _parts_problem(trained: nn.Module, pair: Pair) -> str | None:
    """Say why the modules of a pair cannot carry factors."""
    modules = dict(trained.named_modules())
    uses = Counter(id(p) for _, p in trained.named_parameters(remove_duplicate=False))
    for path in (pair.first, pair.second):
        if not isinstance(modules.get(path), LAYERS):
            return f"{path}: must be a Linear or a Conv2d, as the quantized network has there"
        if any(uses[id(p)] > 1 for p in modules[path].parameters(recurse=False)):
            return f"{path}: must not share its weights with another module to be equalized"
    if pair.norm is None:
        return None
    norm = modules.get(pair.norm)
    if not isinstance(norm, NORMS):
        return f"{pair.norm}: must be a batch norm, as the quantized network has there"
    if not norm.affine:
        return f"{pair.norm}: must be affine, since its gain takes the factors; use affine=True"
    return None


def _path_problem(trained: nn.Module, pair: Pair, calls: dict[str, list[fx.Node]]) -> str | None:
    """Follow the values from the first layer to the second, and say what is in the way."""
    for path in (pair.first, pair.second):
        if len(calls.get(path, [])) != 1:
            return f"{path}: must be called once to be equalized, not {len(calls.get(path, []))}"
    node = calls[pair.first][0]
    has_passed_norm = pair.norm is None
    while True:
        if len(node.users) != 1:
            return f"{_name(node)}: must be read once to be equalized, not {len(node.users)} times"
        node = next(iter(node.users))
        if node.op == "output":
            return f"{pair.first}: must be read by {pair.second}, as in the quantized network"
        if node.op == "call_module" and _path(node) == pair.second:
            return None if has_passed_norm else f"{pair.norm}: must be called before {pair.second}"
        if node.op == "call_module" and _path(node) == pair.norm and not has_passed_norm:
            has_passed_norm = True
        elif not _is_homogeneous(trained, node):
            return (
                f"{_name(node)}: must let positive factors through to be equalized, as a ReLU "
                f"does, and {_kind(trained, node)} does not; leave the equalization out"
            )


def _is_homogeneous(trained: nn.Module, node: fx.Node) -> bool:
    if node.op == "call_module":
        return isinstance(trained.get_submodule(_path(node)), MODULES)
    return node.target in FUNCTIONS or (node.op == "call_method" and node.target in METHODS)


def _path(node: fx.Node) -> str:
    return str(node.target).removeprefix(f"{ROOT}.")


def _name(node: fx.Node) -> str:
    return _path(node) if node.op == "call_module" else node.name


def _kind(trained: nn.Module, node: fx.Node) -> str:
    if node.op == "call_module":
        return type(trained.get_submodule(_path(node))).__name__
    return str(getattr(node.target, "__name__", node.target))

"""The last line of defence: the integer network beside the model that it was read from.

Whatever a model may do that its reading has not seen shows here: the float64 model itself runs on
random inputs over its whole range, on the corners of that range and on given samples, in batches
of several sizes, and every code of every activation, and the result, must be those of the integer
network.

In float64 the model's sums are exact and all else is evaluated by the operations that made the
thresholds, so codes are equal, but for one thing: batch norms compute some elements of a tensor
with a fused multiplication and addition and others without, which may differ in the last bit. So
behind a batch norm a code counts as equal, too, where a value within `NEAR` of the model's own has
it; what follows from such a sample may differ by more, and is left out. Everywhere else nothing may
differ, halves least of all.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.ir import Conv2d, Dense, Graph, Threshold
from hwgen.nn.activation import QuantActivation, Quantizer, QuantOutput
from hwgen.numeric import IntArray
from hwgen.reference import run

NEAR = 1e-9  # of a step and of the value: a million times what float64 rounds off
WORK = 1 << 25  # products and values of the random samples, a half second ...
LEAST, MOST = 4, 256  # ... and how many there are, whatever the network's size

StandsFor = Callable[[Tensor], IntArray]
Bools = npt.NDArray[np.bool_]


class _Call(NamedTuple):
    """One call of an activation in the float64 model."""

    quantizer: QuantActivation | QuantOutput
    value: Tensor  # that reached it
    output: Tensor
    is_normed: bool  # the value comes from a batch norm


def check_equal(
    graph: Graph, exact: nn.Module, x: IntArray | None, activations: int, stands_for: StandsFor
) -> None:
    """Run both on the same inputs and compare.

    Parameters
    ----------
    exact
        The model in float64 and evaluation mode; hooks are put on it.
    x
        Samples to compare beside random inputs, shape (samples, *input shape).
    activations
        Calls of activations in the model, which the first thresholds of the graph are.
    stands_for
        The integers that the network must give where the model gives these numbers.

    Raises
    ------
    ModelError
        Where codes differ; the sentence names the first layer.
    """
    thresholds = [node for node in graph.nodes if isinstance(node, Threshold)][:activations]
    before = {name: tensor.clone() for name, tensor in exact.state_dict().items()}
    calls = _watch(exact)
    random = _inputs(graph)
    given = [] if x is None else np.split(x, range(len(random), len(x), len(random)))
    fewer = (random[: len(random) // 2], random[-1:])  # each sample must stand for itself
    for samples in (random, *fewer, *given):
        calls.clear()
        with torch.no_grad():
            spec = graph.input
            result = exact(torch.from_numpy(samples).double() * spec.scale + spec.offset)
        integers = run(graph, samples)
        same = _compare(graph, thresholds, integers, calls)
        wrong = _by_sample(integers[graph.output], stands_for(result.detach())) & same
        if wrong.any():
            raise _difference(graph, graph.output, "results", wrong, same)
    for name, tensor in exact.state_dict().items():
        if not torch.equal(tensor, before[name]):
            raise ModelError(
                f"{graph.name}: {name}: must be the same after a run in evaluation mode, and "
                "forward changes it; let it remember nothing"
            )


def _watch(exact: nn.Module) -> list[_Call]:
    """Give a list that every run of the model appends its calls to."""
    calls: list[_Call] = []
    normed: set[int] = set()

    def keep(module: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        calls.append(_Call(module, inputs[0], output, inputs[0].data_ptr() in normed))
        normed.clear()

    def keep_norm(module: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        normed.add(output.data_ptr())

    for module in exact.modules():
        if isinstance(module, (QuantActivation, QuantOutput)):
            module.register_forward_hook(keep)
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.register_forward_hook(keep_norm)
    return calls


def _compare(
    graph: Graph, thresholds: list[Threshold], integers: dict[str, IntArray], calls: list[_Call]
) -> Bools:
    """Compare all activations, and give the samples that are the same in every code."""
    if len(thresholds) != len(calls):
        raise ModelError(
            f"{graph.name}: forward must call the same activations in every run, "
            f"{len(thresholds)} in all, not {len(calls)}; let it remember nothing"
        )
    same = np.ones(len(integers[graph.output]), bool)
    for node, call in zip(thresholds, calls, strict=True):
        same &= ~_near_misses(graph, node, integers[node.name], call, same)
    return same


def _inputs(graph: Graph) -> IntArray:
    """Give corners of the input's range and random inputs, half of them from a part of it each."""
    limits, shape = graph.input.type, graph.input.shape
    count = min(max(WORK // _work(graph), LEAST), MOST)
    random = np.random.default_rng(0)
    ends = np.sort(random.integers(limits.lo, limits.hi, (2, count), endpoint=True), axis=0)
    ends[:, ::2] = [[limits.lo], [limits.hi]]
    low, high = ends.reshape(2, count, *(1,) * len(shape))
    drawn = random.integers(low, high, (count, *shape), endpoint=True)
    drawn[0], drawn[1] = limits.lo, limits.hi
    return drawn


def _work(graph: Graph) -> int:
    """Products and values of one sample."""
    values = sum(prod(tensor.shape) for tensor in graph.tensors.values())
    layers = (node for node in graph.nodes if isinstance(node, (Dense, Conv2d)))
    return values + sum(
        node.weight.size * prod(graph.tensors[node.name].shape[1:]) for node in layers
    )


def _near_misses(graph: Graph, node: Threshold, found: IntArray, call: _Call, same: Bools) -> Bools:
    """Compare the codes of an activation, and give the samples in which some are near misses."""
    differs = _by_sample(found, codes_of(call.quantizer, call.output)) & same
    if not differs.any():
        return differs
    scale = float(call.quantizer.scale.detach())
    reach = NEAR * (call.value.abs() + scale)
    low, high = (codes_of(call.quantizer, call.value + side * reach) for side in (-1, 1))
    far = _by_sample(found, np.clip(found, low, high)) & same if call.is_normed else differs
    if far.any():
        source = next((n for n in graph.nodes if n.name == node.inputs[0]), node)
        raise _difference(graph, source.name, f"codes of {node.name}", far, same)
    return differs


def first_largest(logits: Tensor) -> IntArray:
    """Give the class of logits, (samples, 1): of equal ones, whose sums are equal, the first."""
    return np.asarray(logits.numpy().argmax(axis=1, keepdims=True), np.int64)


def codes_of(quantizer: Quantizer, values: Tensor) -> IntArray:
    """Give the integers that stand for values; a value that is none has a code that nothing has."""
    with torch.no_grad():
        codes = quantizer.codes(values.detach())
    missing = quantizer.int_type.lo - 1.0
    return np.asarray(codes.nan_to_num(nan=missing).numpy(), np.int64)


def _by_sample(found: IntArray, given: IntArray) -> Bools:
    """Tell which samples differ; all do where the shapes differ."""
    if found.shape != given.shape:
        return np.ones(len(found), bool)
    return np.asarray((found != given).reshape(len(found), -1).any(axis=1))


def _difference(graph: Graph, first: str, what: str, wrong: Bools, same: Bools) -> ModelError:
    return ModelError(
        f"{graph.name}: {first}: the integers must give what the model gives, and the {what} "
        f"differ in {int(wrong.sum())} of {int(same.sum())} samples; remove what changes the "
        "module's function"
    )

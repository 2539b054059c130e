"""A whole training: float network, quantized network, integer network, measured figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import nn

from hwgen.ir import Conv2d, Dense, Graph, Weighted
from hwgen.nn import export_graph, repairs
from hwgen.nn.result import Result
from training.build import float_net, quant_net
from training.data.dataset import TrainingData
from training.descent import float_descent, quantized_descent
from training.loop import Report, calibration_steps, train
from training.measure import measure
from training.recipe import Recipe
from training.score import Metric, metric_of, scores
from training.start import start


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFigures:
    """One layer with weights of the integer network."""

    name: str
    shape: tuple[int, ...]
    weight_bits: int
    zeros_percent: float
    l1_norm: int
    method: str
    accumulator_bits: int  # of the widest channel, as certified
    target_bits: int | None
    units: int  # the largest l1 norm of a channel
    target_units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a training came to; scores are in units of `metric`, on the whole test set."""

    recipe: Recipe
    metric: Metric
    score_float: float
    score_integer: float
    parts_float: dict[str, float]  # by part of the test set; a score is the mean over the parts
    parts_integer: dict[str, float]
    zeros_percent: float  # over the hidden layers; over all where all are constrained
    l1_norm: int  # sum of all weight magnitudes, to which unrolled logic is about proportional
    repairs: int
    layers: tuple[LayerFigures, ...]

    def to_json(self) -> dict[str, object]:
        """Plain data for machines."""
        return asdict(self)


def train_float(recipe: Recipe, dataset: TrainingData, report: Report) -> nn.Module:
    """Train the float network that the quantized one starts from and is compared with.

    Raises
    ------
    HwgenError
        Where the quantized network could not be built, or the loss is no number any more.
    """
    quant_net(recipe, dataset, 1)  # refused before the time is spent
    torch.manual_seed(recipe.seed)
    net = float_net(recipe, dataset)
    return train(net, dataset, recipe, float_descent(recipe), report)


def train_quantized(
    recipe: Recipe, dataset: TrainingData, trained: nn.Module, report: Report
) -> tuple[Graph, Figures]:
    """Train the quantized network, export it, and measure the integers on the whole test set.

    Raises
    ------
    HwgenError
        Where an accumulator leaves no room for a weight, `trained` is another network, or the
        loss is no number any more.
    """
    net = quantized_net(recipe, dataset, trained, report)
    return measured(recipe, dataset, net, trained)


def quantized_net(
    recipe: Recipe, dataset: TrainingData, trained: nn.Module, report: Report
) -> nn.Module:
    """Train the quantized network; `train_quantized` says what is refused."""
    torch.manual_seed(recipe.seed)
    net = quant_net(recipe, dataset, calibration_steps(dataset, recipe))
    if recipe.float_start:
        start(net, trained, recipe, dataset)
    return train(net, dataset, recipe, quantized_descent(recipe), report)


def measured(
    recipe: Recipe, dataset: TrainingData, net: nn.Module, trained: nn.Module
) -> tuple[Graph, Figures]:
    """Export a quantized network, and measure its integers beside the float network."""
    result: Result | None = "sign" if recipe.result == "sign" else None
    graph = export_graph(net, name=recipe.name, input_shape=dataset.shape, result=result)
    parts, samples = measure(graph, net, dataset)
    figures = _figures(
        recipe,
        graph,
        metric=metric_of(dataset),
        parts_float=scores(trained, dataset),
        parts_integer=parts,
        lowered=repairs(net),
    )
    return replace(graph, metadata=_metadata(recipe, figures), samples=samples), figures


def _metadata(recipe: Recipe, figures: Figures) -> dict[str, object]:
    return {
        "recipe": recipe.name,
        "dataset": recipe.name,
        "method": recipe.method,
        f"{figures.metric}_float": figures.score_float,
        f"{figures.metric}_integer": figures.score_integer,
        "accumulator_bits": recipe.accumulator_bits,
        **({} if recipe.units is None else {"units": list(recipe.units)}),
        "layers": recipe.layers,
        "constrain": recipe.constrain,
        "weight_bits": recipe.weight_bits,
        "first_last_bits": recipe.first_last_bits,
        "activation_bits": recipe.activation_bits,
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "repairs": figures.repairs,
    }


def _figures(
    recipe: Recipe,
    graph: Graph,
    *,
    metric: Metric,
    parts_float: dict[str, float],
    parts_integer: dict[str, float],
    lowered: int,
) -> Figures:
    dense = [node for node in graph.nodes if isinstance(node, Dense | Conv2d)]
    counted = dense if recipe.constrain == "all" else dense[1:-1]
    weights = np.concatenate([node.weight.ravel() for node in counted or dense])
    return Figures(
        recipe=recipe,
        metric=metric,
        score_float=float(np.mean(list(parts_float.values()))),
        score_integer=float(np.mean(list(parts_integer.values()))),
        parts_float=parts_float,
        parts_integer=parts_integer,
        zeros_percent=100 * float((weights == 0).mean()),
        l1_norm=sum(int(np.abs(node.weight).sum()) for node in dense),
        repairs=lowered,
        layers=tuple(_layer_figures(node) for node in dense),
    )


def _layer_figures(node: Weighted) -> LayerFigures:
    return LayerFigures(
        name=node.name,
        shape=node.weight.shape,
        weight_bits=node.weight_bits,
        zeros_percent=100 * float((node.weight == 0).mean()),
        l1_norm=int(np.abs(node.weight).sum()),
        method=node.accumulators[0].method,
        accumulator_bits=max(a.bits for a in node.accumulators),
        target_bits=node.accumulators[0].target_bits,
        units=int(np.abs(node.rows).sum(axis=1).max()),
        target_units=node.accumulators[0].target_units,
    )

"""A whole training: float network, quantized network, integer network, measured figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import nn

from hwgen.ir import Conv2d, Dense, Graph, Samples, Weighted
from hwgen.nn import export_graph, repairs
from hwgen.reference import outputs
from training.build import float_net, quant_net
from training.data.dataset import Dataset
from training.loop import Report, accuracy, calibration_steps, train
from training.nets.float_twin import start_from
from training.recipes import Recipe

Metric = Literal["accuracy", "psnr"]  # percent of the samples, or dB

MAX_SAMPLES = 512  # golden samples in the model file, fewer where they are large ...
MAX_SAMPLE_VALUES = 1 << 19  # ... in all


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a training came to; scores are in units of `metric`, on the whole test set."""

    recipe: Recipe
    metric: Metric
    score_float: float
    score_integer: float
    zeros_percent: float  # over the hidden layers; over all where all are constrained
    l1_norm: int  # sum of all weight magnitudes, to which unrolled logic is about proportional
    repairs: int
    layers: tuple[LayerFigures, ...]

    def to_json(self) -> dict[str, object]:
        """Plain data for machines."""
        return asdict(self)


def train_float(recipe: Recipe, dataset: Dataset, report: Report) -> nn.Module:
    """Train the float network that the quantized one starts from and is compared with."""
    torch.manual_seed(recipe.seed)
    net = float_net(recipe, dataset)
    train(net, dataset, recipe, recipe.float_epochs, report)
    return net


def train_quantized(
    recipe: Recipe, dataset: Dataset, trained: nn.Module, report: Report
) -> tuple[Graph, Figures]:
    """Train the quantized network, export it, and measure the integers on the whole test set."""
    torch.manual_seed(recipe.seed)
    net = quant_net(recipe, dataset, calibration_steps(dataset, recipe))
    if recipe.float_start:
        start_from(net, trained)
    train(net, dataset, recipe, recipe.epochs, report)
    graph = export_graph(net, name=recipe.name, input_shape=dataset.shape)
    guesses = outputs(graph, dataset.test_x)[:, 0]
    figures = _figures(
        recipe,
        graph,
        score_float=accuracy(trained, dataset),
        score_integer=100 * float((guesses == dataset.test_y).mean()),
        lowered=repairs(net),
    )
    kept = min(MAX_SAMPLES, MAX_SAMPLE_VALUES // dataset.features)
    samples = Samples(
        x=dataset.test_x[:kept],
        y=guesses[:kept, np.newaxis],
        labels=dataset.test_y[:kept],
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
    score_float: float,
    score_integer: float,
    lowered: int,
) -> Figures:
    dense = [node for node in graph.nodes if isinstance(node, Dense | Conv2d)]
    counted = dense if recipe.constrain == "all" else dense[1:-1]
    weights = np.concatenate([node.weight.ravel() for node in counted or dense])
    return Figures(
        recipe=recipe,
        metric="accuracy",
        score_float=score_float,
        score_integer=score_integer,
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
    )

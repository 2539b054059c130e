"""Measures the integer network on the whole test set, and picks its golden samples.

Small networks run on the integer reference itself. Of the others, the float64 form of the torch
model is scored, which computes the same integers: the reference has to give the same outputs on
golden samples, and on a whole image of its own size.
"""

from __future__ import annotations

import copy
from math import prod

import numpy as np
from torch import nn

from hwgen.errors import VerifyError
from hwgen.ir import Graph, Samples
from hwgen.nn import export_graph
from hwgen.numeric import IntArray
from hwgen.reference import outputs
from training.data.dataset import Dataset, ImagePairs, TrainingData
from training.score import accuracy, enlarged, filled, guesses, scores

MAX_SAMPLES = 512  # golden samples in the model file, fewer where they are large ...
MAX_SAMPLE_VALUES = 1 << 19  # ... in all
REFERENCE_ELEMENTS = 1 << 14  # values of one sample up to which all samples run on the reference


def measure(
    graph: Graph, net: nn.Module, dataset: TrainingData
) -> tuple[dict[str, float], Samples]:
    """Score of the integers on each part of the test set, and golden samples.

    Raises
    ------
    VerifyError
        Where the reference and the float64 model differ.
    """
    match dataset:
        case Dataset():
            return _measure_classes(graph, net, dataset)
        case ImagePairs():
            return _measure_images(graph, net, dataset)


def _measure_classes(
    graph: Graph, net: nn.Module, dataset: Dataset
) -> tuple[dict[str, float], Samples]:
    kept = _count(graph)
    if sum(prod(tensor.shape) for tensor in graph.tensors.values()) <= REFERENCE_ELEMENTS:
        classes = outputs(graph, dataset.test_x)[:, 0]
    else:
        classes = guesses(_exact(net), dataset)
        _check(graph, outputs(graph, dataset.test_x[:kept])[:, 0], classes[:kept])
    samples = Samples(
        x=dataset.test_x[:kept], y=classes[:kept, np.newaxis], labels=dataset.test_y[:kept]
    )
    return {"test": accuracy(classes, dataset)}, samples


def _measure_images(
    graph: Graph, net: nn.Module, dataset: ImagePairs
) -> tuple[dict[str, float], Samples]:
    exact = _exact(net)
    smallest = min(dataset.tests, key=lambda pair: pair.small.size)
    image = filled(smallest)
    whole = export_graph(net, name=graph.name, input_shape=image.shape[1:])
    height, width = smallest.large.shape
    _check(graph, outputs(whole, image)[0, 0, :height, :width], enlarged(exact, smallest, dataset))
    x = _patches(dataset, _count(graph))
    return scores(exact, dataset), Samples(x=x, y=outputs(graph, x))


def _patches(dataset: ImagePairs, count: int) -> IntArray:
    """Corner patches of test images, of the size of a training input."""
    _, height, width = dataset.shape
    corners = [pair.small[:height, :width] for pair in dataset.tests[:count]]
    return np.stack(corners)[:, np.newaxis]


def _count(graph: Graph) -> int:
    size = prod(graph.input.shape) + prod(graph.tensors[graph.output].shape)
    return min(MAX_SAMPLES, MAX_SAMPLE_VALUES // size)


def _exact(net: nn.Module) -> nn.Module:
    return copy.deepcopy(net).double().eval()


def _check(graph: Graph, reference: IntArray, model: IntArray) -> None:
    if not np.array_equal(reference, model):
        raise VerifyError(
            f"{graph.name}: the integer network must give what the float64 model gives, and "
            f"differs in {int((reference != model).sum())} of {model.size} values; report a fault"
        )

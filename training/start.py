"""How a quantized network starts from a trained float one."""

from __future__ import annotations

import copy

import numpy as np
from torch import Tensor, nn

from hwgen.nn import QuantActivation
from hwgen.nn.bias_correction import correct_biases
from hwgen.nn.equalize import equalize, pairs
from hwgen.nn.post_training import start_fitted
from hwgen.nn.post_training.activation_range import set_scales
from training.data.dataset import TrainingData
from training.nets.float_twin import start_from
from training.recipe import Recipe

CALIBRATION = 1000  # inputs, as the A2Q+ paper takes for CIFAR-10


def start(net: nn.Module, trained: nn.Module, recipe: Recipe, dataset: TrainingData) -> None:
    """Take over a trained float network, which stays as it is, the way the recipe says.

    Weights go through the projection of each layer's method. A fitted start also takes the scales
    of weights and activations and the corrected means of a post-training fit (docs/training.md).
    """
    if recipe.equalization:
        trained = copy.deepcopy(trained)
        equalize(trained, pairs(net))
    if recipe.fitted_start:
        start_fitted(net, trained, calibration_inputs(dataset, CALIBRATION, recipe.seed))
        return
    start_from(net, trained)
    if recipe.bias_correction:
        inputs = calibration_inputs(dataset, CALIBRATION, recipe.seed)
        set_scales(net, trained, inputs)
        correct_biases(net, trained, inputs)
        for module in net.modules():
            if isinstance(module, QuantActivation):
                module.steps.zero_()  # the first batches of the training tell the scale better
                module.calibrating = True


def calibration_inputs(dataset: TrainingData, samples: int, seed: int) -> Tensor:
    """Real training inputs drawn without labels, all of them where there are not so many."""
    order = np.random.default_rng(seed).permutation(len(dataset.train_x))
    return dataset.real(dataset.train_x[order[:samples]])
